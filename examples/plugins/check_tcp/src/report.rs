//! From what a session came to, to lines.

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::network::ConnectError;
use sandcheck_plugin::report::{Metric, Report};
use sandcheck_plugin::state::State;

use crate::options::Options;
use crate::session::{Answer, Ending, Outcome};

/// The report of a session.
#[must_use]
pub fn report(options: &Options, outcome: Outcome) -> Report {
    let report = match outcome.ending {
        Ending::Certificate => Report::default(),
        Ending::NoTls(reason) => {
            finding(State::Critical, "CRITICAL - Cannot make SSL connection.").finding(reason)
        }
        Ending::TimedOut => timed_out(options),
        Ending::NoData => finding(State::Critical, "No data received from host"),
        Ending::Done(answer) => answered(options, &answer),
    };
    let mut report = report.transcript(outcome.transcript);
    if let Some(certificate) = outcome.certificate {
        report.state = report.state.max(certificate.state);
        report.findings.insert(0, certificate.text);
    }
    report
}

/// The report when there is no connection.
#[must_use]
pub fn unconnected(options: &Options, error: &ConnectError) -> Report {
    let state = match error {
        ConnectError::TimedOut => return timed_out(options),
        ConnectError::Refused => options.refused,
        ConnectError::AccessDenied(_) | ConnectError::NotSupported => State::Unknown,
        ConnectError::InvalidAddress(_) | ConnectError::NameNotFound(_) => {
            let server = &options.server;
            let text = format!("TCP CRITICAL - Invalid hostname, address or socket: {server}");
            return finding(State::Critical, &text).finding(error.to_string());
        }
        _ => State::Critical,
    };
    let address = match &options.host {
        Host::Path(path) => format!("file socket {path}"),
        _ => format!("address {} and port {}", options.server, options.port),
    };
    let text = format!("connect to {address}: {error}");
    finding(state, &text)
}

fn finding(state: State, text: &str) -> Report {
    Report {
        state,
        ..Report::default()
    }
    .finding(text)
}

fn timed_out(options: &Options) -> Report {
    let seconds = options.timeout.as_secs();
    let text = format!("CRITICAL - Socket timeout after {seconds} seconds");
    Report::new(State::Critical, text)
}

fn answered(options: &Options, answer: &Answer) -> Report {
    let seconds = answer.elapsed.as_secs_f64();
    let mut state = response_time_state(options, seconds);
    if !answer.expected {
        state = state.max(options.mismatch);
    }
    let metric = Metric::seconds("time", seconds)
        .thresholds(shown(options.warning), shown(options.critical))
        .at_most(options.timeout.as_secs_f64());
    let summary = format!("TCP {state} - {}", words(options, answer, seconds));
    Report::new(state, summary).metric(metric)
}

fn response_time_state(options: &Options, seconds: f64) -> State {
    let exceeded = |limit: Option<f64>| limit.is_some_and(|limit| seconds > limit);
    if exceeded(options.critical) {
        State::Critical
    } else if exceeded(options.warning) {
        State::Warning
    } else {
        State::Ok
    }
}

fn words(options: &Options, answer: &Answer, seconds: f64) -> String {
    let place = options.place();
    let text = answer.text.as_ref().filter(|_| !options.jail);
    match (answer.expected, text) {
        (true, Some(text)) => format!("{seconds:.3} second response time on {place} [{text}]"),
        (true, None) => format!("{seconds:.3} second response time on {place}"),
        (false, Some(text)) => format!("Unexpected response from host/socket: {text}"),
        (false, None) => format!("Unexpected response from host/socket on {place}"),
    }
}

fn shown(limit: Option<f64>) -> Option<String> {
    limit.map(|limit| format!("{limit:.6}"))
}
