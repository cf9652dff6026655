//! A check as metrics of Prometheus.

use sandcheck::exposition::Family;
use sandcheck::metrics::{of_report, states, success, unreported};
use sandcheck::render::exit_code;
use sandcheck::types::State;

use crate::checks::Done;

pub(crate) use sandcheck::metrics::STATES;

/// What a scrape of a check gets. `worst` is the worst state that is a success.
pub(crate) fn families(done: &Done, worst: State) -> Vec<Family> {
    let is_good = exit_code(done.state()) <= exit_code(worst);
    let mut families = vec![
        success(done.result.is_ok() && is_good),
        Family::gauge(
            "probe_duration_seconds",
            "How long the check took, in seconds",
            done.time.as_secs_f64(),
        )
        .in_unit("seconds"),
        states(done.state()),
        unreported(done.reason()),
    ];
    if let Ok(report) = &done.result {
        families.extend(of_report(report));
    }
    families
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sandcheck::cli::{Output, Unreported};
    use sandcheck::exposition::{Format, render};
    use sandcheck::types::{Metric, Report};

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
            exit_code: 3,
            ..Output::default()
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
