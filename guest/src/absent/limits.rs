//! Limits that are numbers, where no ranges are known.

use std::fmt;

use sandcheck_plugin::state::State;
use sandcheck_plugin::threshold;

/// At most so many seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit(f64);

impl Limit {
    /// A number that the reference takes.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        threshold::parse(value).map(Self)
    }

    /// Whether so many seconds are a problem.
    #[must_use]
    pub fn alerts(&self, seconds: f64) -> bool {
        seconds > self.0
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

pub(crate) const FORM: &str = "";

pub(crate) fn timeout(value: &str) -> Option<(Option<u32>, State)> {
    let seconds = threshold::whole_number(value).filter(|seconds| *seconds > 0)?;
    Some((Some(seconds), State::Critical))
}

pub(crate) const TIMEOUT_FORM: &str = "";
