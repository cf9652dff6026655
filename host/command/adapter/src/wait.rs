//! Waiting for something, but not for longer than there is time.

use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::{Pollable, poll};

use crate::bindings::exports::monitoring::plugin::sockets::Error;

/// Waits for `ready`. What is ready at once is so at the deadline too.
pub(crate) fn until(ready: &Pollable, deadline: u64) -> Result<(), Error> {
    let timer = monotonic_clock::subscribe_instant(deadline);
    if poll(&[ready, &timer]).contains(&0) {
        Ok(())
    } else {
        Err(Error::TimedOut)
    }
}
