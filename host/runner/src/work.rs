//! `sandcheck work`: a worker of `mod_gearman`. The monitoring system puts jobs into queues of
//! gearmand; this takes them, runs those that name one of its plugins in this process, and puts the
//! results into the queue where they are wanted. No shell, no other program.
//!
//! Distribution, order and repetition are the server's. Here is a bound for what runs at a time, and
//! a connection for each server.

mod connection;
mod jobs;
mod log;
mod settings;

use std::sync::Arc;

use anyhow::Result;
use sandcheck_system as system;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::jobs::Jobs;
use self::log::Seldom;
pub(crate) use self::settings::Settings;
use crate::arguments::Options;
use crate::many::{self, Interruptions};
use crate::plugins::Plugins;

/// It ended before its checks did.
const CUT_SHORT: u8 = 1;

/// What the connections share.
struct Worker {
    /// Its name in the server's list.
    name: String,
    queues: Vec<String>,
    jobs: Jobs,
    /// One for each check that may run.
    places: Arc<Semaphore>,
    /// Jobs that cannot be answered.
    bad_jobs: Seldom,
}

/// Works until it is told to end; returns the exit code.
pub(crate) fn work(options: Options) -> Result<u8> {
    options.work.folder()?;
    let (runtime, interruptions) = many::prepare()?;
    let code = runtime.block_on(run(options, interruptions));
    // A name may still be being looked up.
    std::mem::forget(runtime);
    code
}

async fn run(options: Options, mut interruptions: Interruptions) -> Result<u8> {
    let plugins = Plugins::new(&options)?;
    system::advance_epochs(plugins.engines());
    let servers = options.work.servers.clone();
    let worker = Arc::new(worker(options, &plugins).await?);
    let queues = worker.queues.join(", ");
    log::say(&format!(
        "runs {} for the queues {queues}",
        worker.jobs.names()
    ));
    let (drain, drained) = watch::channel(false);
    let mut connections = JoinSet::new();
    for server in servers {
        connections.spawn(connection::serve(
            Arc::clone(&worker),
            server,
            drained.clone(),
        ));
    }
    interruptions.next().await;
    log::say("takes no more jobs, and ends when its checks have ended");
    let _ = drain.send(true);
    tokio::select! {
        () = async { while connections.join_next().await.is_some() {} } => Ok(0),
        () = interruptions.next() => {
            log::say("ends at once; gearmand hands its jobs to other workers");
            Ok(CUT_SHORT)
        }
    }
}

async fn worker(options: Options, plugins: &Plugins) -> Result<Worker> {
    let queues = options
        .work
        .queues()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let places = Arc::new(Semaphore::new(options.concurrency));
    let jobs = Jobs::prepare(options, plugins).await?;
    Ok(Worker {
        name: format!("sandcheck_{}", std::process::id()),
        queues,
        jobs,
        places,
        bad_jobs: Seldom::default(),
    })
}
