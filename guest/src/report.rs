//! The report of a session, in the reference's words.

use crate::options::Options;
use crate::outcome::{Ending, Finding, Outcome, State};

/// Digits behind the decimal point of the response time.
const PRECISION: u8 = 6;

/// What a check found; the contract's `report` in native types.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the contract documents each field")]
pub struct Report {
    pub state: State,
    pub transcript: Vec<String>,
    pub findings: Vec<String>,
    pub summary: Option<String>,
    pub metric: Option<Metric>,
}

/// The response time in seconds.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the contract documents each field")]
pub struct Metric {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub precision: u8,
    pub warning: Option<String>,
    pub critical: Option<String>,
    pub min: f64,
}

impl Report {
    /// Puts an outcome into words. `elapsed` is seconds from before connecting until now.
    #[must_use]
    pub fn new(options: &Options, outcome: Outcome, elapsed: f64) -> Self {
        let measured = outcome.ending == Ending::Measured;
        let state = match outcome.ending {
            Ending::TimedOut => State::Critical,
            Ending::Abandoned => outcome.state(),
            Ending::Measured => outcome.state().max(response_time_state(options, elapsed)),
        };
        let summary = match outcome.ending {
            Ending::TimedOut => Some(format!(
                "CRITICAL - Socket timeout after {} seconds",
                options.timeout
            )),
            Ending::Abandoned => None,
            Ending::Measured => Some(summary(options, &outcome, state, elapsed)),
        };
        Self {
            state,
            transcript: outcome.transcript,
            findings: worst_first(outcome.findings),
            summary,
            metric: measured.then(|| response_time(options, elapsed)),
        }
    }
}

fn response_time_state(options: &Options, elapsed: f64) -> State {
    let exceeded = |limit: Option<f64>| limit.is_some_and(|limit| elapsed > limit);
    if exceeded(options.critical) {
        State::Critical
    } else if exceeded(options.warning) {
        State::Warning
    } else {
        State::Ok
    }
}

fn summary(options: &Options, outcome: &Outcome, state: State, elapsed: f64) -> String {
    let problem = match &outcome.problem {
        Some(problem) => format!("{}, ", problem.text),
        None => String::new(),
    };
    let reply = match &outcome.last_reply {
        Some(reply) if options.verbose => format!(", {reply}"),
        _ => String::new(),
    };
    format!("SMTP {state} - {problem}{elapsed:.3} sec. response time{reply}")
}

/// Stable, so that equally bad findings stay in their order.
fn worst_first(mut findings: Vec<Finding>) -> Vec<String> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.state));
    findings.into_iter().map(|finding| finding.text).collect()
}

fn response_time(options: &Options, elapsed: f64) -> Metric {
    let threshold = |limit: Option<f64>| limit.map(|limit| format!("{limit:.6}"));
    Metric {
        name: "time",
        value: elapsed,
        unit: "s",
        precision: PRECISION,
        warning: threshold(options.warning),
        critical: threshold(options.critical),
        min: 0.0,
    }
}
