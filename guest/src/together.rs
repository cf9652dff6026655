//! One report of the reports about several servers: the worst of them, and what is wrong with which.

use std::cmp::Reverse;
use std::time::Duration;

use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::report::{Metric, Report};
use sandcheck_plugin::state::State;

/// What came of one server.
pub(crate) struct Checked {
    /// How it is called in the report.
    pub(crate) name: String,
    pub(crate) seconds: f64,
    pub(crate) report: Report,
}

impl Checked {
    /// One that was asked. Its response time is that of its own report, or, if nothing was measured, the time spent on
    /// it.
    pub(crate) fn asked(name: &str, report: Report, spent: Duration) -> Self {
        let response_time = report.metrics.iter().find(|metric| metric.name == "time");
        Self {
            name: name.to_owned(),
            seconds: response_time.map_or_else(|| spent.as_secs_f64(), |metric| metric.value),
            report,
        }
    }

    /// One that cannot even be asked.
    pub(crate) fn failed(name: &str, misuse: &Misuse) -> Self {
        let hint = misuse.hint.iter().map(|hint| format!(" ({hint})"));
        let line = format!("CRITICAL - {}{}", misuse.message, hint.collect::<String>());
        let report = Report {
            state: State::Critical,
            findings: vec![line],
            ..Report::default()
        };
        Self {
            name: name.to_owned(),
            seconds: 0.0,
            report,
        }
    }

    /// What there is to say about it, a line each: what was found, or else the summary.
    fn lines(&self) -> impl Iterator<Item = String> {
        let Report {
            findings, summary, ..
        } = &self.report;
        let summary = summary.iter().filter(|_| findings.is_empty());
        findings
            .iter()
            .chain(summary)
            .map(|line| format!("{}: {line}", self.name))
    }
}

/// The report about all of them. `what` they are is a word in the singular, and behind it stands
/// `whose` they are: `MX host`, `of example.org`.
pub(crate) fn report(what: &str, whose: &str, mut checked: Vec<Checked>) -> Report {
    let state = checked.iter().map(|one| one.report.state).max();
    let state = state.unwrap_or_default();
    let slowest = checked.iter().map(|one| one.seconds).fold(0.0, f64::max);
    let bad = checked
        .iter()
        .filter(|one| one.report.state != State::Ok)
        .count();
    let summary = format!(
        "SMTP {state} - {}, {slowest:.3} sec. response time of the slowest",
        count(what, whose, bad, checked.len())
    );
    let metrics = metrics(&checked, slowest);
    let transcript = checked.iter_mut().flat_map(|one| {
        let lines = std::mem::take(&mut one.report.transcript);
        let title = (!lines.is_empty()).then(|| format!("{}:", one.name));
        title.into_iter().chain(lines)
    });
    let transcript = transcript.collect();
    checked.sort_by_key(|one| Reverse(one.report.state));
    let (good, bad): (Vec<_>, Vec<_>) = checked
        .iter()
        .partition(|one| one.report.state == State::Ok);
    let further = checked.iter().flat_map(|one| {
        one.report
            .details
            .iter()
            .map(|line| format!("{}: {line}", one.name))
    });
    Report {
        state,
        transcript,
        findings: bad.iter().flat_map(|one| one.lines()).collect(),
        summary: Some(summary),
        metrics,
        details: good
            .iter()
            .flat_map(|one| one.lines())
            .chain(further)
            .collect(),
    }
}

/// `2 MX hosts of example.org`, or `1 of 2 MX hosts of example.org not OK`.
fn count(what: &str, whose: &str, bad: usize, all: usize) -> String {
    let plural = match (all, what.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    if bad == 0 {
        format!("{all} {what}{plural} {whose}")
    } else {
        format!("{bad} of {all} {what}{plural} {whose} not OK")
    }
}

/// The slowest response with its limits, and what was measured of each.
fn metrics(checked: &[Checked], slowest: f64) -> Vec<Metric> {
    let measured = || checked.iter().flat_map(|one| &one.report.metrics);
    let Some(first) = measured().find(|metric| metric.name == "time") else {
        return Vec::new();
    };
    let worst = Metric {
        value: slowest,
        ..first.clone()
    };
    let each = checked.iter().flat_map(|one| {
        let label = one.name.replace(' ', "_");
        one.report.metrics.iter().map(move |metric| Metric {
            name: format!("{}_{label}", metric.name),
            ..metric.clone()
        })
    });
    std::iter::once(worst).chain(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, state: State, line: &str, seconds: f64) -> Checked {
        let mut report = Report::new(state, format!("SMTP {state}"));
        if !line.is_empty() {
            report = report.finding(line);
        }
        let report = report
            .metric(Metric::seconds("time", seconds))
            .transcript(vec!["220 hello".to_owned()]);
        Checked::asked(name, report, SPENT)
    }

    /// More than any response took.
    const SPENT: Duration = Duration::from_secs(9);

    #[test]
    fn the_worst_counts_and_comes_first() {
        let report = report(
            "MX host",
            "of example.org",
            vec![
                checked("a", State::Ok, "", 0.5),
                checked("b", State::Warning, "slow", 2.0),
                checked("c", State::Critical, "down", 0.25),
            ],
        );
        assert_eq!(report.state, State::Critical);
        assert_eq!(report.findings, ["c: down", "b: slow"]);
        assert_eq!(
            report.summary.unwrap(),
            "SMTP CRITICAL - 2 of 3 MX hosts of example.org not OK, 2.000 sec. response time of the slowest"
        );
        assert_eq!(report.details, ["a: SMTP OK"]);
        assert_eq!(report.transcript[..2], ["a:", "220 hello"]);
        let names: Vec<_> = report.metrics.iter().map(|metric| &*metric.name).collect();
        assert_eq!(names, ["time", "time_a", "time_b", "time_c"]);
        assert!((report.metrics[0].value - 2.0).abs() < 1e-9);
    }

    #[test]
    fn all_well_is_one_line() {
        let one = |name: &str| checked(name, State::Ok, "", 0.5);
        let report = report("address", "of mx", vec![one("::1"), one("127.0.0.1")]);
        assert_eq!(
            report.summary.unwrap(),
            "SMTP OK - 2 addresses of mx, 0.500 sec. response time of the slowest"
        );
        assert!(report.findings.is_empty());
    }

    #[test]
    fn one_without_a_response_counts_with_the_time_spent_on_it() {
        let silent = Report::new(State::Critical, "CRITICAL - Socket timeout");
        let checked = vec![
            checked("a", State::Ok, "", 0.5),
            Checked::asked("b", silent, SPENT),
        ];
        let report = report("MX host", "of a", checked);
        assert_eq!(
            report.summary.unwrap(),
            "SMTP CRITICAL - 1 of 2 MX hosts of a not OK, 9.000 sec. response time of the slowest"
        );
    }

    #[test]
    fn one_that_cannot_be_asked_is_a_failure() {
        let misuse = Misuse::hinted("Invalid hostname/address - mx", "no address");
        let report = report("MX host", "of a", vec![Checked::failed("mx", &misuse)]);
        assert_eq!(report.state, State::Critical);
        assert_eq!(
            report.findings,
            ["mx: CRITICAL - Invalid hostname/address - mx (no address)"]
        );
        assert!(report.metrics.is_empty());
    }
}
