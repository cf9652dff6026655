//! The report of a session, in the reference's words.

use sandcheck_plugin::report::{Metric, Report};
use sandcheck_plugin::state::{Finding, State};

use crate::limits::Limit;
use crate::options::Options;
use crate::outcome::{Ending, Outcome};
use crate::timings;

/// Puts an outcome into words. `elapsed` is seconds from before connecting until now.
#[must_use]
pub fn report(options: &Options, mut outcome: Outcome, elapsed: f64) -> Report {
    let slow = timings::judge(options, &outcome.laps, elapsed);
    outcome.findings.extend(slow);
    let measured = outcome.ending == Ending::Measured;
    let state = match outcome.ending {
        Ending::TimedOut => options.timeout_state,
        Ending::Abandoned => outcome.state(),
        Ending::Measured => outcome.state().max(response_time_state(options, elapsed)),
    };
    let summary = match outcome.ending {
        Ending::TimedOut => {
            let (seconds, place) = (options.timeout, timings::place(&outcome.laps));
            Some(format!(
                "{state} - Socket timeout after {seconds} seconds{place}"
            ))
        }
        Ending::Abandoned => None,
        Ending::Measured => Some(summary(options, &outcome, state, elapsed)),
    };
    let mut metrics = Vec::new();
    if measured {
        metrics.push(response_time(options, elapsed));
    }
    metrics.extend(timings::metrics(options, &outcome.laps, elapsed));
    Report {
        state,
        transcript: outcome.transcript,
        findings: worst_first(outcome.findings),
        summary,
        metrics,
        details: outcome.details,
    }
}

fn response_time_state(options: &Options, elapsed: f64) -> State {
    let exceeded =
        |limit: &Option<Limit>| limit.as_ref().is_some_and(|limit| limit.alerts(elapsed));
    if exceeded(&options.critical) {
        State::Critical
    } else if exceeded(&options.warning) {
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
        Some(reply) if options.verbose > 0 => format!(", {reply}"),
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
    let threshold = |limit: &Option<Limit>| limit.as_ref().map(ToString::to_string);
    Metric::seconds("time", elapsed)
        .thresholds(threshold(&options.warning), threshold(&options.critical))
}
