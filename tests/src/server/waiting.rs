//! Waiting for a socket, for a while, and for the end of the client's process.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Why the script is not played any further.
#[derive(Debug)]
pub(super) struct Stop;

/// What ended a wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Woken {
    /// The socket is ready, which counts before anything else.
    Ready,
    /// The client's process is over.
    Over,
    /// Neither happened in time.
    TimedOut,
}

/// Waits until something happens.
pub(super) struct Waiting {
    over: PipeReader,
}

impl Waiting {
    /// The second value is closed when the client's process is over.
    pub(super) fn new() -> io::Result<(Self, PipeWriter)> {
        let (over, client) = io::pipe()?;
        Ok((Self { over }, client))
    }

    pub(super) fn is_over(&self) -> bool {
        self.pause_until(Instant::now()).is_err()
    }

    /// Waits until the socket is ready, or the client's process is over, or it is late.
    pub(super) fn wait_for(&self, socket: impl AsFd, flags: PollFlags, until: Instant) -> Woken {
        let mut both = [
            PollFd::new(&socket, flags),
            PollFd::new(&self.over, PollFlags::IN),
        ];
        wait(&mut both, until);
        match both.each_ref().map(|one| one.revents().is_empty()) {
            [false, _] => Woken::Ready,
            [true, false] => Woken::Over,
            [true, true] => Woken::TimedOut,
        }
    }

    /// Lets the time pass, unless the client's process is over before.
    pub(super) fn pause(&self, how_long: Duration) -> Result<(), Stop> {
        if how_long.is_zero() {
            return Ok(());
        }
        self.pause_until(Instant::now() + how_long)
    }

    fn pause_until(&self, until: Instant) -> Result<(), Stop> {
        let mut over = [PollFd::new(&self.over, PollFlags::IN)];
        wait(&mut over, until);
        if over[0].revents().is_empty() {
            Ok(())
        } else {
            Err(Stop)
        }
    }
}

/// Whether the socket gets ready in time.
pub(super) fn gets_ready(socket: impl AsFd, flags: PollFlags, how_long: Duration) -> bool {
    let mut one = [PollFd::new(&socket, flags)];
    wait(&mut one, Instant::now() + how_long);
    !one[0].revents().is_empty()
}

/// Whether this error says no more than that nothing is there yet.
pub(super) fn may_be_tried_again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Longer than any scenario.
pub(super) fn far_away(now: Instant) -> Instant {
    now + Duration::from_hours(24)
}

/// poll(2), begun again after a signal.
fn wait(what: &mut [PollFd<'_>], until: Instant) {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).ok();
        if poll(what, left.as_ref()) != Err(rustix::io::Errno::INTR) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_socket_counts_before_the_end_of_the_client() {
        let (waiting, over) = Waiting::new().unwrap();
        let (readable, mut writer) = io::pipe().unwrap();
        let soon = || Instant::now() + Duration::from_millis(5);
        assert_eq!(
            waiting.wait_for(&readable, PollFlags::IN, soon()),
            Woken::TimedOut
        );
        assert!(!waiting.is_over());
        drop(over);
        assert_eq!(
            waiting.wait_for(&readable, PollFlags::IN, soon()),
            Woken::Over
        );
        assert!(waiting.is_over() && waiting.pause(Duration::from_mins(1)).is_err());
        io::Write::write_all(&mut writer, b"x").unwrap();
        assert_eq!(
            waiting.wait_for(&readable, PollFlags::IN, soon()),
            Woken::Ready
        );
    }
}
