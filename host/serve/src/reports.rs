//! A check as metrics of Prometheus.

use sandcheck::escape;
use sandcheck::render::exit_code;
use sandcheck::types::{Metric, Report, State};
use sandcheck_probe::expiry;
use sandcheck_probe::exposition::{Family, Kind};
use sandcheck_probe::naming::{self, Name};
use sandcheck_probe::range::Range;

use crate::checks::{Done, word};

/// All states, in the order of their exit codes.
pub(crate) const STATES: [State; 4] = [State::Ok, State::Warning, State::Critical, State::Unknown];

/// What a scrape of a check gets. `worst` is the worst state that is a success.
pub(crate) fn families(done: &Done, worst: State) -> Vec<Family> {
    let is_good = exit_code(done.state()) <= exit_code(worst);
    let success = done.result.is_ok() && is_good;
    let mut families = vec![
        Family::gauge(
            "probe_success",
            "Whether the check was a success",
            if success { 1.0 } else { 0.0 },
        ),
        Family::gauge(
            "probe_duration_seconds",
            "How long the check took, in seconds",
            done.time.as_secs_f64(),
        ),
        states(done.state()),
        unreported(done),
    ];
    if let Ok(report) = &done.result {
        families.extend(certificate(report));
        families.extend(metrics(&report.metrics));
    }
    families
}

fn states(found: State) -> Family {
    let mut family = Family::new(
        "probe_state",
        Kind::Gauge,
        "The state that the check found: 1, the others: 0",
    );
    for state in STATES {
        let value = if state == found { 1.0 } else { 0.0 };
        family.add(vec![("state", word(state).to_owned())], value);
    }
    family
}

/// Without a sample where there is a report.
fn unreported(done: &Done) -> Family {
    let mut family = Family::new(
        "probe_unreported",
        Kind::Gauge,
        "Why the check has no report",
    );
    if let Some(reason) = done.reason() {
        family.add(vec![("reason", reason.to_owned())], 1.0);
    }
    family
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
        families.push(Family::new(&name.name, kind, help));
    }
    let mut named = families
        .iter_mut()
        .filter(|family| family.name == name.name);
    if let Some(family) = named.next() {
        family.add(labels, value);
    }
}

fn original(name: &Name) -> Vec<(&'static str, String)> {
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
    use std::time::Duration;

    use sandcheck::cli::{Output, Unreported};
    use sandcheck_probe::exposition::{Format, render};

    use super::*;

    fn metric(name: &str, value: f64, unit: &str) -> Metric {
        Metric {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            precision: 6,
            warning: Some("5.0".to_owned()),
            critical: Some("@1:2".to_owned()),
            min: None,
            max: None,
        }
    }

    fn text(state: State, metrics: Vec<Metric>, findings: &[&str]) -> String {
        let report = Report {
            state,
            transcript: Vec::new(),
            findings: findings.iter().map(ToString::to_string).collect(),
            summary: None,
            metrics,
            details: Vec::new(),
        };
        let done = Done {
            result: Ok(report),
            time: Duration::from_millis(250),
        };
        render(&families(&done, State::Ok), Format::Text)
    }

    #[test]
    fn a_report_is_metrics() {
        let text = text(
            State::Ok,
            vec![metric("time", 250.0, "ms"), metric("mails", 3.0, "c")],
            &[],
        );
        for line in [
            "probe_success 1\n",
            "probe_duration_seconds 0.25\n",
            "probe_state{state=\"ok\"} 1\nprobe_state{state=\"warning\"} 0\n",
            "\nprobe_metric_time_seconds 0.25\n",
            "# TYPE probe_metric_mails_total counter\nprobe_metric_mails_total 3\n",
            "probe_threshold{name=\"probe_metric_time_seconds\",severity=\"warning\",alert=\"outside\",bound=\"upper\"} 0.005\n",
            "probe_threshold{name=\"probe_metric_mails_total\",severity=\"critical\",alert=\"inside\",bound=\"lower\"} 1\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(
            !text.contains("probe_unreported") && !text.contains("cert_expiry"),
            "{text}"
        );
    }

    #[test]
    fn metrics_that_are_called_alike_are_told_apart() {
        let metrics = vec![
            metric("/var", 1.0, "B"),
            metric("var", 2.0, "B"),
            metric("var", 3.0, "B"),
            metric("x\"} 1\nprobe_success 1", f64::NAN, ""),
        ];
        let text = text(State::Critical, metrics, &[]);
        for line in [
            "probe_metric_var_bytes{metric=\"/var\"} 1\nprobe_metric_var_bytes 2\n",
            "probe_metric_x_1_probe_success_1{metric=\"x\\\"} 1 probe_success 1\"} NaN\n",
            "\nprobe_success 0\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert_eq!(text.matches("\nprobe_success ").count(), 1);
        assert_eq!(text.matches("# TYPE probe_metric_var_bytes ").count(), 1);
    }

    #[test]
    fn the_certificate_that_ends_first_counts() {
        let findings = [
            "OK - Certificate 'b' will expire on Mon Dec 14 03:03:26 2026 +0000.",
            "OK - Certificate 'a' will expire on Sun Dec 13 03:03:26 2026 +0000.",
        ];
        let text = text(State::Warning, Vec::new(), &findings);
        assert!(
            text.contains("\nprobe_ssl_earliest_cert_expiry 1797131006\n"),
            "{text}"
        );
        assert!(text.contains("\nprobe_success 0\n"), "{text}");
    }

    #[test]
    fn a_check_without_a_report_failed() {
        let output = Output {
            stdout: "UNKNOWN - x\n".to_owned(),
            stderr: String::new(),
            exit_code: 3,
        };
        let done = Done {
            result: Err(Unreported::from(output)),
            time: Duration::ZERO,
        };
        let text = render(&families(&done, State::Unknown), Format::Text);
        assert!(text.contains("\nprobe_success 0\n"), "{text}");
        assert!(
            text.contains("probe_state{state=\"unknown\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("probe_unreported{reason=\"misuse\"} 1\n"),
            "{text}"
        );
    }
}
