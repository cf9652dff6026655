//! A line for a person who watches: how far the batch is.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Batch;
use super::order::Record;

/// How often it is shown.
const PERIOD: Duration = Duration::from_millis(200);

/// What is counted.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) running: AtomicU64,
    ended: AtomicU64,
    /// Those that are not OK.
    problems: AtomicU64,
    /// Some line was not run.
    pub(super) is_incomplete: AtomicBool,
}

impl Progress {
    /// A check has come to its end.
    pub(super) fn count(&self, record: &Record) {
        self.running.fetch_sub(1, Relaxed);
        self.ended.fetch_add(1, Relaxed);
        if record.exit_code() != Some(0) {
            self.problems.fetch_add(1, Relaxed);
        }
        if record.exit_code().is_none() {
            self.is_incomplete.store(true, Relaxed);
        }
    }

    fn show(&self) {
        let count = |number: &AtomicU64| number.load(Relaxed);
        let (ended, running) = (count(&self.ended), count(&self.running));
        let problems = count(&self.problems);
        let _ = write!(
            io::stderr(),
            "\r{ended} done, {problems} of them not OK, {running} running\x1b[K"
        );
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if io::stderr().is_terminal() {
            self.show();
            let _ = writeln!(io::stderr());
        }
    }
}

/// Shows it again and again, if standard error is a terminal.
pub(super) fn show(batch: Arc<Batch>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while io::stderr().is_terminal() {
            tokio::time::sleep(PERIOD).await;
            batch.progress.show();
        }
    })
}
