//! How a service is.

use std::fmt;

/// How the service is; ordered from good to bad, unknown before what is known to be bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the contract documents each state")]
pub enum State {
    #[default]
    Ok,
    Unknown,
    Warning,
    Critical,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// One thing that was found, as a line of its own or as a part of the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub state: State,
    /// The line.
    pub text: String,
}
