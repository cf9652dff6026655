//! The report of a session, in the reference's words.

use sandcheck_plugin::report::{Metric, Report};
use sandcheck_plugin::state::{Finding, State};

use crate::options::Options;
use crate::outcome::{Ending, Outcome};

/// Puts an outcome into words. `elapsed` is seconds from before connecting until now.
#[must_use]
pub fn report(options: &Options, outcome: Outcome, elapsed: f64) -> Report {
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
    Report {
        state,
        transcript: outcome.transcript,
        findings: worst_first(outcome.findings),
        summary,
        metrics: measured
            .then(|| response_time(options, elapsed))
            .into_iter()
            .collect(),
        details: Vec::new(),
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
    Metric::seconds("time", elapsed)
        .thresholds(threshold(options.warning), threshold(options.critical))
}
