//! A check as metrics of Prometheus.

use crate::bounds::Range;
use crate::cli::Problem;
use crate::escape;
use crate::expiry;
use crate::exposition::{Family, Kind, Labels};
use crate::naming::{self, Name};
use crate::render;
use crate::types::{Metric, Report, State};

/// All states, in the order of their exit codes.
pub const STATES: [State; 4] = [State::Ok, State::Warning, State::Critical, State::Unknown];

/// What one check is to a file that is read by others: every sample says of which plugin and which
/// target it is, so that several files can be read together. Without a report there is the exit code,
/// and why.
#[must_use]
pub fn families(
    plugin: &str,
    target: &str,
    result: Result<&Report, (u8, &Problem)>,
) -> Vec<Family> {
    let state = match result {
        Ok(report) => report.state,
        Err((code, _)) => STATES
            .get(usize::from(code))
            .copied()
            .unwrap_or(State::Unknown),
    };
    let mut families = vec![success(result.is_ok() && state == State::Ok), states(state)];
    match result {
        Ok(report) => families.extend(of_report(report)),
        Err((_, problem)) => families.push(unreported(Some(problem.kind))),
    }
    let labels = [("plugin", plugin), ("target", target)];
    let labels: Labels = labels
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, escape::line(value)))
        .collect();
    for family in &mut families {
        family.label(&labels);
    }
    families
}

/// Whether a check was a success.
#[must_use]
pub fn success(is_success: bool) -> Family {
    let value = if is_success { 1.0 } else { 0.0 };
    Family::gauge("probe_success", "Whether the check was a success", value)
}

/// The state, as one of all.
#[must_use]
pub fn states(found: State) -> Family {
    let mut family = Family::new(
        "probe_state",
        Kind::Gauge,
        "The state that the check found: 1, the others: 0",
    );
    for state in STATES {
        let value = if state == found { 1.0 } else { 0.0 };
        let word = render::state_word(state).to_ascii_lowercase();
        family.add(vec![("state", word)], value);
    }
    family
}

/// Why there is no report. Without a sample where there is one.
#[must_use]
pub fn unreported(reason: Option<&str>) -> Family {
    let mut family = Family::new(
        "probe_unreported",
        Kind::Gauge,
        "Why the check has no report",
    );
    if let Some(reason) = reason {
        family.add(vec![("reason", reason.to_owned())], 1.0);
    }
    family
}

/// What a report says: the end of the certificate, and its metrics.
#[must_use]
pub fn of_report(report: &Report) -> Vec<Family> {
    let mut families: Vec<_> = certificate(report).into_iter().collect();
    families.extend(metrics(&report.metrics));
    families
}

/// Under the name that it has in `blackbox_exporter`, for the same alerts.
#[allow(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 are far below 2^52"
)]
fn certificate(report: &Report) -> Option<Family> {
    let ends = report
        .findings
        .iter()
        .filter_map(|finding| expiry::of_finding(finding));
    let earliest = ends.min()? as f64;
    let help = "The end of the server's certificate, in seconds since 1970";
    Some(Family::gauge(
        "probe_ssl_earliest_cert_expiry",
        help,
        earliest,
    ))
}

/// Those of a name are a family, in the order in which the report has them.
fn metrics(metrics: &[Metric]) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let mut thresholds = Family::new(
        "probe_threshold",
        Kind::Gauge,
        "Where a metric begins to alert, in its own unit",
    );
    for metric in metrics {
        let label = escape::line(&metric.name);
        let name = naming::name(&label, &metric.unit);
        add(&mut families, metric, &name);
        for (severity, range) in [("warning", &metric.warning), ("critical", &metric.critical)] {
            if let Some(range) = range.as_deref().and_then(Range::parse) {
                add_threshold(&mut thresholds, &name, severity, range);
            }
        }
    }
    families.push(thresholds);
    families
}

fn add(families: &mut Vec<Family>, metric: &Metric, name: &Name) {
    let kind = if name.is_counter {
        Kind::Counter
    } else {
        Kind::Gauge
    };
    let value = if metric.value.is_finite() {
        metric.value * name.factor
    } else {
        f64::NAN
    };
    let labels = original(name);
    if !families.iter().any(|family| family.name == name.name) {
        let help = format!(
            "Performance data of the plugin: {}",
            escape::line(&metric.name)
        );
        families.push(Family::new(&name.name, kind, help).in_unit(name.unit));
    }
    let mut named = families
        .iter_mut()
        .filter(|family| family.name == name.name);
    if let Some(family) = named.next() {
        family.add(labels, value);
    }
}

fn original(name: &Name) -> Labels {
    let original = name.original.clone();
    original.into_iter().map(|text| ("metric", text)).collect()
}

/// One sample for each end of the range.
fn add_threshold(family: &mut Family, name: &Name, severity: &str, range: Range) {
    let alert = if range.is_inside { "inside" } else { "outside" };
    for (bound, value) in [("lower", range.start), ("upper", range.end)] {
        let Some(value) = value else { continue };
        let end = if name.is_counter { "_total" } else { "" };
        let mut labels = vec![
            ("name", format!("{}{end}", name.name)),
            ("severity", severity.to_owned()),
            ("alert", alert.to_owned()),
            ("bound", bound.to_owned()),
        ];
        labels.extend(original(name));
        family.add(labels, value * name.factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::{Format, render};

    fn report() -> Report {
        Report {
            state: State::Warning,
            transcript: Vec::new(),
            findings: Vec::new(),
            summary: None,
            metrics: vec![Metric {
                name: "time".to_owned(),
                value: 0.5,
                unit: "s".to_owned(),
                precision: 6,
                warning: Some("0.1".to_owned()),
                critical: None,
                min: None,
                max: None,
            }],
            details: Vec::new(),
        }
    }

    #[test]
    fn every_sample_says_of_what_it_is() {
        let report = report();
        let families = families("check_it", "mx:25\"\n", Ok(&report));
        let text = render(&families, Format::OpenMetrics);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(
                line.contains("plugin=\"check_it\",target=\"mx:25\\\"\""),
                "{line}"
            );
        }
        for line in [
            "probe_success{plugin=",
            "probe_state{state=\"warning\",plugin=",
            "# UNIT probe_metric_time_seconds seconds\n",
            "probe_threshold{name=\"probe_metric_time_seconds\",severity=\"warning\"",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.ends_with("# EOF\n") && !text.contains("probe_unreported"));
    }

    #[test]
    fn without_a_report_it_says_why() {
        let problem = Problem {
            kind: "misuse",
            message: String::new(),
            hint: None,
        };
        let text = render(&families("p", "", Err((3, &problem))), Format::OpenMetrics);
        assert!(text.contains("probe_success{plugin=\"p\"} 0\n"), "{text}");
        assert!(
            text.contains("probe_unreported{reason=\"misuse\",plugin=\"p\"} 1\n"),
            "{text}"
        );
    }
}
