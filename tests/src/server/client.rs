//! Stopping the client, so that several things happen at once from its point of view.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How long the program may take from its first connection to our knowing its process.
const PATIENCE: Duration = Duration::from_secs(2);
/// What the server has sent reaches a stopped client's socket well within this time.
const DELIVERY: Duration = Duration::from_millis(20);

/// The client's process group, once it is known.
#[derive(Default)]
pub(super) struct Client {
    process: Mutex<Option<Pid>>,
    known: Condvar,
}

impl Client {
    pub(super) fn is(&self, process: Pid) {
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        self.known.notify_all();
    }

    /// Stops the client and waits until it has stopped (or ended).  Nothing if it is unknown.
    pub(super) fn freeze(&self) -> Option<Frozen> {
        let process = self.process()?;
        kill_process_group(process, Signal::STOP).ok()?;
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(process), stopped).ok()?;
        Some(Frozen(process))
    }

    fn process(&self) -> Option<Pid> {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        *self
            .known
            .wait_timeout_while(process, PATIENCE, |process| process.is_none())
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// A stopped client; it goes on when this is dropped.
pub(super) struct Frozen(Pid);

impl Drop for Frozen {
    fn drop(&mut self) {
        thread::sleep(DELIVERY);
        // It may have been killed meanwhile.
        let _ = kill_process_group(self.0, Signal::CONT);
    }
}
