//! What the commands share that run many checks in one process.

use std::path::Path;

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sandcheck::cli::{Output, Request};
use sandcheck::grants::Rules;
use sandcheck_system::{self as system, Signal};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::plugins::Ready;

/// SIGINT and SIGTERM, one after the other.
pub struct Interruptions(mpsc::UnboundedReceiver<()>);

/// Requests to read the configuration anew: SIGHUP.
pub struct Reloads(mpsc::UnboundedReceiver<()>);

/// To be called before any other thread is started. All checks share the runtime's one thread.
pub(crate) fn prepare() -> Result<(Runtime, Interruptions)> {
    let (interrupted, interruptions) = mpsc::unbounded_channel();
    system::on_interruption(move || {
        let _ = interrupted.send(());
    })?;
    Ok((runtime()?, Interruptions(interruptions)))
}

/// The same for a program that can read its configuration anew.
pub fn prepare_to_reload() -> Result<(Runtime, Interruptions, Reloads)> {
    let (interrupted, interruptions) = mpsc::unbounded_channel();
    let (asked, reloads) = mpsc::unbounded_channel();
    system::on_requests(move |signal| {
        let _ = match signal {
            Signal::End => interrupted.send(()),
            Signal::Reload => asked.send(()),
        };
    })?;
    Ok((runtime()?, Interruptions(interruptions), Reloads(reloads)))
}

fn runtime() -> Result<Runtime> {
    allow_files();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// As many files, so connections, as this user may have.
fn allow_files() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Without it there are fewer, and connecting fails with what the system says.
    let _ = setrlimit(Resource::Nofile, all);
}

impl Interruptions {
    /// Waits for the next one.
    pub async fn next(&mut self) {
        next(&mut self.0).await;
    }
}

impl Reloads {
    /// Waits for the next one.
    pub async fn next(&mut self) {
        next(&mut self.0).await;
    }
}

async fn next(signals: &mut mpsc::UnboundedReceiver<()>) {
    if signals.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

/// One check by a fresh instance, as the plugin's own command line would do it. Words of a stranger are
/// not to name files of this machine: `from` says where they come from.
pub(crate) async fn check(
    ready: &Ready,
    rules: Rules,
    program: &Path,
    words: Vec<std::ffi::OsString>,
    from: Option<&str>,
) -> Output {
    let program = program.to_string_lossy();
    let request = Request::read(&ready.manifest, rules, &program, words);
    let request = request.and_then(|request| match from {
        Some(from) => request.of_stranger(from),
        None => Ok(request),
    });
    match request {
        Ok(request) => request.carry_out(&ready.plugin).await,
        Err(output) => output,
    }
}
