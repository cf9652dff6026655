//! Why a plugin could not be run to its end.

use std::fmt;

use crate::bindings::monitoring::plugin::types::Misuse;

/// Why there is no report.
#[derive(Debug)]
pub enum RunError {
    /// The arguments make no sense.
    Misuse(Misuse),
    /// The plugin did not come to an end within its time budget.
    TimedOut,
    /// The plugin exceeded one of its limits, which is named.
    Limit(&'static str),
    /// The plugin broke off by itself: a panic, an unreachable instruction, a bad access.
    Crashed(wasmtime::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misuse(misuse) => f.write_str(&misuse.message),
            Self::TimedOut => f.write_str("the time budget was used up"),
            Self::Limit(name) => write!(f, "the plugin exceeded its limit: {name}"),
            Self::Crashed(error) => write!(f, "the plugin crashed: {}", error.root_cause()),
        }
    }
}

impl std::error::Error for RunError {}

/// A limit that a call of a plugin ran into; ends the plugin.
#[derive(Debug)]
pub(crate) struct LimitExceeded(pub(crate) &'static str);

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit exceeded: {}", self.0)
    }
}

impl std::error::Error for LimitExceeded {}

/// The plugin's time was used up; ends the plugin.
#[derive(Debug)]
pub(crate) struct TimeUsedUp;

impl fmt::Display for TimeUsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("time used up")
    }
}

impl std::error::Error for TimeUsedUp {}

impl From<wasmtime::Error> for RunError {
    fn from(error: wasmtime::Error) -> Self {
        if error.downcast_ref::<TimeUsedUp>().is_some() {
            return Self::TimedOut;
        }
        if let Some(LimitExceeded(name)) = error.downcast_ref() {
            return Self::Limit(name);
        }
        Self::Crashed(error)
    }
}
