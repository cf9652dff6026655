//! What a session came to, before it is put into a report.

use sandcheck_plugin::state::{Finding, State};

use crate::timings::Laps;

/// How a session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// There is a response time to report.
    #[default]
    Measured,
    /// The findings are all there is to say.
    Abandoned,
    /// The time for the whole check was used up.
    TimedOut,
}

/// What a session came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// What was found, in the order in which it was.
    pub findings: Vec<Finding>,
    /// What is said in the summary.
    pub problem: Option<Finding>,
    /// What was said on the wire, when that was asked for.
    pub transcript: Vec<String>,
    /// What people may want to know besides, when that was asked for.
    pub details: Vec<String>,
    /// The last reply of the server, without line breaks at its end.
    pub last_reply: Option<String>,
    /// What was measured, when that was asked for.
    pub laps: Laps,
}

impl Outcome {
    /// The worst of all that was found.
    #[must_use]
    pub fn state(&self) -> State {
        let all = self.findings.iter().chain(&self.problem);
        all.map(|finding| finding.state).max().unwrap_or_default()
    }
}
