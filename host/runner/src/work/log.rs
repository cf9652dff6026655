//! What a person reads who wants to know how the worker is: lines on standard error.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sandcheck::escape;

/// Bad jobs are shown at most so often, because anybody may submit many.
const PERIOD: Duration = Duration::from_secs(1);

/// Writes a line.
pub(super) fn say(text: &str) {
    let line = escape::line(&format!("sandcheck: {text}"));
    // Nobody may be listening.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Lines that may be many.
#[derive(Default)]
pub(super) struct Seldom(Mutex<State>);

#[derive(Default)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    pub(super) fn say(&self, text: &str) {
        let now = Instant::now();
        if let Some(left_out) = self.take_turn(now) {
            match left_out {
                0 => say(text),
                count => say(&format!(
                    "{text} (and {count} more since the last of these lines)"
                )),
            }
        }
    }

    /// How many were left out before, if this one is to be shown.
    fn take_turn(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state
            .last
            .is_some_and(|last| now.duration_since(last) < PERIOD)
        {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let (seldom, now) = (Seldom::default(), Instant::now());
        assert_eq!(seldom.take_turn(now), Some(0));
        assert_eq!(seldom.take_turn(now), None);
        assert_eq!(seldom.take_turn(now + PERIOD / 2), None);
        assert_eq!(seldom.take_turn(now + PERIOD), Some(2));
        assert_eq!(seldom.take_turn(now + PERIOD * 2), Some(0));
    }
}
