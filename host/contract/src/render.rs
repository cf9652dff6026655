//! A report as the text that monitoring systems read. Nothing else writes a plugin's or a server's
//! words to standard output.

use crate::escape;
use crate::types::{Metric, Report, State};

/// The longest threshold, in characters.
const THRESHOLD_LIMIT: usize = 64;

/// The most digits behind the decimal point.
pub(crate) const PRECISION_LIMIT: u8 = 9;

/// The exit code that means a state.
#[must_use]
pub fn exit_code(state: State) -> u8 {
    match state {
        State::Ok => 0,
        State::Warning => 1,
        State::Critical => 2,
        State::Unknown => 3,
    }
}

/// The report as lines: the transcript, the findings, the summary with the performance data, the
/// details. There is at least one line. How much of everything there is has been checked before.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut lines = escaped(&report.transcript);
    lines.extend(escaped(&report.findings));
    let metrics = performance_data(&report.metrics);
    match &report.summary {
        Some(summary) if !(lines.is_empty() && summary.trim().is_empty()) => {
            lines.push(escape::line(summary));
        }
        _ if lines.is_empty() => lines.push(state_word(report.state).to_owned()),
        _ => {}
    }
    if let (false, Some(last)) = (metrics.is_empty(), lines.last_mut()) {
        last.push('|');
        last.push_str(&metrics);
    }
    lines.extend(escaped(&report.details));
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

fn escaped(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| escape::line(line)).collect()
}

/// The word for a state.
#[must_use]
pub fn state_word(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Warning => "WARNING",
        State::Critical => "CRITICAL",
        State::Unknown => "UNKNOWN",
    }
}

/// The word for the state that an exit code means.
#[must_use]
pub fn word_of_code(exit_code: u8) -> &'static str {
    state_word(match exit_code {
        0 => State::Ok,
        1 => State::Warning,
        2 => State::Critical,
        _ => State::Unknown,
    })
}

/// `label=value[unit];[warn];[crit];[min];[max]` for each metric, with a blank between them.
#[must_use]
pub fn performance_data(metrics: &[Metric]) -> String {
    let shown: Vec<_> = metrics.iter().map(datum).collect();
    shown.join(" ")
}

fn datum(metric: &Metric) -> String {
    let bound = |bound: Option<f64>| bound.and_then(|bound| number(metric, bound));
    let fields = [
        value(metric),
        threshold(metric.warning.as_deref()).to_owned(),
        threshold(metric.critical.as_deref()).to_owned(),
        bound(metric.min).unwrap_or_default(),
        bound(metric.max).unwrap_or_default(),
    ];
    format!(
        "{}={}",
        label(&metric.name),
        fields.join(";").trim_end_matches(';')
    )
}

/// `U` for what is no number, without a unit.
fn value(metric: &Metric) -> String {
    number(metric, metric.value).map_or_else(
        || "U".to_owned(),
        |number| format!("{number}{}", unit(metric)),
    )
}

/// With as many digits as the metric is good for; nothing for what is no number.
pub(crate) fn number(metric: &Metric, value: f64) -> Option<String> {
    let precision = usize::from(metric.precision.min(PRECISION_LIMIT));
    value.is_finite().then(|| format!("{value:.precision$}"))
}

/// The unit, as far as it is one.
pub(crate) fn unit(metric: &Metric) -> String {
    let letters = metric.unit.chars();
    letters
        .filter(|c| c.is_ascii_alphabetic() || *c == '%')
        .take(8)
        .collect()
}

/// A label, in quotes where it needs them. Quotes and `=` inside it, which no reader of performance
/// data understands alike, are underscores.
fn label(name: &str) -> String {
    let name: String = escape::line(name)
        .chars()
        .map(|c| {
            if matches!(c, '\'' | '"' | '=') {
                '_'
            } else {
                c
            }
        })
        .collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if !name.is_empty() && name.chars().all(is_plain) {
        name
    } else {
        format!("'{name}'")
    }
}

/// A range of the plugin guidelines, `[@]start:end`; nothing when it is none.
pub(crate) fn threshold(range: Option<&str>) -> &str {
    range.filter(|range| is_range(range)).unwrap_or_default()
}

fn is_range(range: &str) -> bool {
    let bounds = range.strip_prefix('@').unwrap_or(range);
    range.len() <= THRESHOLD_LIMIT
        && match bounds.split_once(':') {
            Some((start, end)) => {
                (start == "~" || is_number(start)) && (end.is_empty() || is_number(end))
            }
            None => is_number(bounds),
        }
}

/// A decimal number; `inf` and `nan` are none.
fn is_number(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    text.chars().all(is_part) && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn metric(name: &str, value: f64) -> Metric {
        Metric {
            name: name.to_owned(),
            value,
            unit: "s".to_owned(),
            precision: 6,
            warning: Some("5.000000".to_owned()),
            critical: None,
            min: Some(0.0),
            max: None,
        }
    }

    fn report(summary: &str) -> Report {
        Report {
            state: State::Ok,
            transcript: Vec::new(),
            findings: Vec::new(),
            summary: Some(summary.to_owned()),
            metrics: vec![metric("time", 0.25)],
            details: Vec::new(),
        }
    }

    #[test]
    fn lines_stand_in_their_order() {
        let mut report = report("SMTP OK - 0.250 sec. response time");
        report.transcript = vec!["sent QUIT".to_owned()];
        report.findings = vec!["found".to_owned()];
        report.details = vec!["more".to_owned()];
        let expected = "sent QUIT\nfound\nSMTP OK - 0.250 sec. response time\
                        |time=0.250000s;5.000000;;0.000000\nmore\n";
        assert_eq!(text(&report), expected);
    }

    #[test]
    fn no_text_makes_a_line_or_a_metric_of_its_own() {
        let mut report = report("a|b=1\nc|d=2");
        report.findings = vec!["x\nOK - fake|e=3".to_owned()];
        let text = text(&report);
        assert_eq!(text.lines().count(), 2);
        assert_eq!(text.matches('|').count(), 1);
        assert!(text.starts_with("x OK - fake e=3\na b=1 c d=2|time="));
    }

    #[test]
    fn there_is_always_a_line() {
        let mut report = report("");
        report.summary = None;
        report.metrics.clear();
        report.state = State::Critical;
        assert_eq!(text(&report), "CRITICAL\n");
        report.summary = Some(" ".to_owned());
        assert_eq!(text(&report), "CRITICAL\n");
    }

    #[test]
    fn labels_and_values_stay_readable() {
        for (name, shown) in [
            ("time", "time=1.000000s;5.000000;;0.000000"),
            ("two words", "'two words'=1.000000s;5.000000;;0.000000"),
            ("a'b=c\"d|e\n", "'a_b_c_d e'=1.000000s;5.000000;;0.000000"),
            ("", "''=1.000000s;5.000000;;0.000000"),
        ] {
            assert_eq!(performance_data(&[metric(name, 1.0)]), shown);
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(
                performance_data(&[metric("t", value)]).starts_with("t=U;5"),
                "{value}"
            );
        }
        let mut bad = metric("t", 1.0);
        bad.unit = "s x|=%\u{1b}".to_owned();
        bad.warning = Some("1 x=2".to_owned());
        bad.min = Some(f64::NAN);
        bad.precision = 255;
        assert_eq!(performance_data(&[bad]), "t=1.000000000sx%");
    }

    #[test]
    fn thresholds_are_ranges() {
        for range in ["5", "5.000000", "-1e3", "10:", "~:5", "@1:2", "0:0.5"] {
            assert_eq!(threshold(Some(range)), range);
        }
        for other in [
            "", "@", "-", "@@1", ":", ":5", "1:~", "1:2:3", "inf", "1e999", "5 x=1",
        ] {
            assert_eq!(threshold(Some(other)), "", "{other}");
        }
    }

    proptest! {
        #[test]
        fn each_entry_is_one_line_and_metrics_come_back(
            texts in prop::collection::vec(any::<String>(), 0..8),
            summary in any::<String>(),
            name in "[a-z]{1,10}",
            value in -1e6..1e6f64,
        ) {
            let mut report = report(&summary);
            report.findings.clone_from(&texts);
            report.details.clone_from(&texts);
            report.metrics = vec![metric(&name, value)];
            let text = text(&report);
            prop_assert_eq!(text.lines().count(), 2 * texts.len() + 1);
            prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            prop_assert_eq!(text.matches('|').count(), 1);
            let (_, data) = text.split_once('|').unwrap();
            let (label, rest) = data.split_once('=').unwrap();
            prop_assert_eq!(label, &name);
            let number: f64 = rest.split('s').next().unwrap().parse().unwrap();
            prop_assert!((number - value).abs() < 1e-6);
        }
    }
}
