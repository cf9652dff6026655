//! A report in each form. The input is any report that a component could make.
//!
//! Property: there are no more lines than the report has entries, and at least one; no character but
//! a line end means anything to a terminal; only a line with performance data has a `|`, and one of
//! it; the performance data read back are the report's metrics. JSON is one line that says the same, and
//! metrics are lines with a name and a number.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sandcheck::form::{Form, Showing};
use sandcheck::render;
use sandcheck::types::{Metric, Report};
use sandcheck_fuzz::perfdata::{self, Datum};
use sandcheck_fuzz::report::AnyReport;
use sandcheck_fuzz::shown;
use serde_json::Value;

fuzz_target!(|report: AnyReport| {
    let report = Report::from(report);
    let text = render::text(&report);
    check_lines(&report, &text);
    check_json(&report, &text);
    check_metrics(&report);
    let bars = text.matches('|').count();
    assert_eq!(bars, usize::from(!report.metrics.is_empty()), "{text}");
    let Some((_, data)) = text.split_once('|') else {
        return;
    };
    let data = data.lines().next().unwrap_or_default();
    let data = perfdata::parse(data).unwrap_or_else(|| panic!("unreadable: {data}"));
    assert_eq!(data.len(), report.metrics.len(), "{text}");
    data.iter()
        .zip(&report.metrics)
        .for_each(|(datum, metric)| check(datum, metric));
});

fn check_lines(report: &Report, text: &str) {
    let Report {
        transcript,
        findings,
        details,
        ..
    } = report;
    let entries = transcript.len() + findings.len() + details.len() + 1;
    assert!(text.ends_with('\n'));
    assert!((1..=entries).contains(&text.lines().count()), "{text}");
    shown::check(text);
}

fn check_json(report: &Report, text: &str) {
    let json = Showing::nobody(Form::Json).report(report).stdout;
    shown::check(&json);
    assert_eq!(json.matches('\n').count(), 1, "{json}");
    let object: Value =
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(object["output"], text);
    assert_eq!(object["exit_code"], render::exit_code(report.state));
    let count = |field: &str| object[field].as_array().map_or(0, Vec::len);
    assert_eq!(count("findings"), report.findings.len(), "{json}");
    assert_eq!(count("metrics"), report.metrics.len(), "{json}");
}

fn check_metrics(report: &Report) {
    let metrics = Showing::nobody(Form::OpenMetrics).report(report).stdout;
    shown::check(&metrics);
    assert!(metrics.ends_with("\n# EOF\n"), "{metrics}");
    for line in metrics.lines().filter(|line| !line.starts_with("# ")) {
        assert!(line.starts_with("probe_"), "{line}");
        let number = line.rsplit(' ').next().unwrap_or_default();
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
}

fn check(datum: &Datum, metric: &Metric) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if metric.name.len() <= 64 && metric.name.chars().all(is_plain) {
        assert_eq!(datum.label, metric.name);
    }
    let digits = i32::from(metric.precision.min(9));
    assert_close(datum.value, Some(metric.value), digits);
    assert_close(datum.bounds[0], metric.min, digits);
    assert_close(datum.bounds[1], metric.max, digits);
    for (shown, given) in datum
        .thresholds
        .iter()
        .zip([&metric.warning, &metric.critical])
    {
        assert!(shown.is_empty() || Some(shown) == given.as_ref());
    }
}

/// A number that is none is not shown; any other is, to so many digits behind the point.
fn assert_close(shown: Option<f64>, given: Option<f64>, digits: i32) {
    let given = given.filter(|number| number.is_finite());
    assert_eq!(shown.is_some(), given.is_some());
    if let (Some(shown), Some(given)) = (shown, given) {
        let tolerance = 0.5001 * 10f64.powi(-digits) + given.abs() * f64::EPSILON;
        assert!(
            (shown - given).abs() <= tolerance,
            "{given} is shown as {shown}"
        );
    }
}
