//! `sandcheck batch`: many checks in one process. Orders come as lines of JSON, and results go as
//! lines of JSON, in the order in which the checks end.
//!
//! One thread reads, one writes, one does all the checks; each check has an instance of its own. What
//! is in flight is bounded, and nothing is read that there is no room for: a reader of the results
//! that is slow slows the batch down.

mod lines;
mod order;
mod pace;
mod progress;

use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sandcheck::escape;
use sandcheck_system as system;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::timeout;

use self::lines::{Line, Lines};
use self::order::{Order, Record};
use self::pace::Pace;
use self::progress::Progress;
use crate::arguments::Options;
use crate::many::{self, Interruptions};
use crate::plugins::Plugins;

/// Results that wait for being written.
const UNWRITTEN: usize = 64;

/// How long a result waits for others that are to be written with it.
const GATHER: Duration = Duration::from_millis(5);

/// Some line was not run.
const NOT_ALL: u8 = 1;

/// Runs all of them; returns the exit code.
pub(crate) fn batch(options: Options) -> Result<u8> {
    let (runtime, interruptions) = many::prepare()?;
    let all_ran = runtime.block_on(run(options, interruptions));
    // A thread may be waiting for input that nobody wants any more.
    std::mem::forget(runtime);
    Ok(match all_ran {
        Ok(true) => 0,
        Ok(false) => NOT_ALL,
        Err(error) => {
            // Standard output is for results.
            let text = escape::line(&format!("sandcheck: {error:#}"));
            let _ = writeln!(io::stderr(), "{text}");
            crate::UNKNOWN
        }
    })
}

/// What all checks of a batch share.
struct Batch {
    options: Options,
    plugins: Plugins,
    progress: Progress,
}

/// Says whether all lines were run.
async fn run(options: Options, mut interruptions: Interruptions) -> Result<bool> {
    let plugins = Plugins::new(&options)?;
    system::advance_epochs(plugins.engines());
    let batch = Arc::new(Batch {
        options,
        plugins,
        progress: Progress::default(),
    });
    let (results, writer) = writer();
    let shown = progress::show(Arc::clone(&batch));
    let mut lines = Lines::read();
    let mut checks = JoinSet::new();
    let stop = async {
        tokio::select! {
            () = interruptions.next() => {}
            () = results.closed() => {}
        }
    };
    let is_stopped = start_all(&batch, &mut lines, &mut checks, &results, stop).await;
    if is_stopped {
        batch.progress.is_incomplete.store(true, Relaxed);
        for line in lines.left() {
            let record = Record::failed(&line, "not run: the batch was interrupted");
            let _ = results.send(record).await;
        }
    }
    tokio::select! {
        () = async { while checks.join_next().await.is_some() {} } => {}
        // Nobody wants the results any more.
        () = interruptions.next() => return Ok(false),
        () = results.closed() => {}
    }
    drop((checks, results));
    writer.await??;
    shown.abort();
    batch.progress.clear();
    Ok(!batch.progress.is_incomplete.load(Relaxed))
}

/// Starts a check for each line, as soon as there is room and time for it. Says whether it was stopped.
async fn start_all(
    batch: &Arc<Batch>,
    lines: &mut Lines,
    checks: &mut JoinSet<()>,
    results: &mpsc::Sender<Record>,
    stop: impl Future<Output = ()>,
) -> bool {
    let slots = Arc::new(Semaphore::new(batch.options.concurrency));
    let mut pace = Pace::default();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            // No line is taken before: it would be lost when this is stopped.
            pace.lull().await;
            (slot, lines.next().await)
        };
        let (slot, line) = tokio::select! {
            biased;
            () = &mut stop => return true,
            next = next => next,
        };
        let Some(line) = line else { return false };
        while checks.try_join_next().is_some() {}
        let (batch, results) = (Arc::clone(batch), results.clone());
        checks.spawn(pace.follow(async move {
            let record = batch.answer(line).await;
            // There is room for the next check when this one's result is on its way.
            let _ = results.send(record).await;
            drop(slot);
        }));
    }
}

/// Writes results. It ends with the last of them, or when they cannot be written.
///
/// A thread does it, since writing may have to wait; it is not woken for each result, but for all
/// that have come in a moment, or while others were being written.
fn writer() -> (mpsc::Sender<Record>, JoinHandle<Result<()>>) {
    let (results, mut unwritten) = mpsc::channel::<Record>(UNWRITTEN);
    let write = async move {
        let mut records = Vec::with_capacity(UNWRITTEN);
        while unwritten.recv_many(&mut records, UNWRITTEN).await > 0 {
            let more = async {
                while records.len() < UNWRITTEN {
                    let room = UNWRITTEN - records.len();
                    if unwritten.recv_many(&mut records, room).await == 0 {
                        break;
                    }
                }
            };
            let _ = timeout(GATHER, more).await;
            let text: String = records.drain(..).map(|record| record.json()).collect();
            spawn_blocking(move || write_all(&text))
                .await?
                .context("results cannot be written")?;
        }
        Ok(())
    };
    (results, tokio::spawn(write))
}

fn write_all(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

impl Batch {
    /// What comes of a line, whatever it is.
    async fn answer(&self, line: Line) -> Record {
        self.progress.running.fetch_add(1, Relaxed);
        let record = match Order::parse(&line) {
            Ok(order) => self.check(&line, order).await,
            Err(why) => Record::failed(&line, &why),
        };
        self.progress.count(&record);
        record
    }

    async fn check(&self, line: &Line, order: Order) -> Record {
        let ready = match self.plugins.get(&order.plugin, &self.options).await {
            Ok(ready) => ready,
            Err(error) => return order.failed(line, error),
        };
        let began = Instant::now();
        let words = order.arguments.iter().map(Into::into).collect();
        let rules = self.options.policy.rules.clone();
        let output = many::check(&ready, rules, &order.plugin, words, None).await;
        order.ran(line, output, began.elapsed())
    }
}
