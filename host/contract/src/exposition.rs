//! Metrics as Prometheus reads them: its text format 0.0.4, and `OpenMetrics` 1.0.

use std::fmt::{self, Write};

/// The formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/>
    #[default]
    Text,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// What a header `Accept` asks for: the one that it values more, and text when it has neither.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let (mut text, mut open) = (0.0, 0.0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let parameters: Vec<_> = parts.collect();
            let value = quality(&parameters);
            if media.eq_ignore_ascii_case("application/openmetrics-text")
                && is_version_1(&parameters)
            {
                open = f64::max(open, value);
            } else if media.eq_ignore_ascii_case("text/plain") {
                text = f64::max(text, value);
            }
        }
        if open > text {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The header `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// RFC 9110 section 12.4.2.
fn quality(parameters: &[&str]) -> f64 {
    let value = parameters.iter().find_map(|part| part.strip_prefix("q="));
    value.map_or(1.0, |value| value.parse().unwrap_or(0.0))
}

fn is_version_1(parameters: &[&str]) -> bool {
    let version = parameters
        .iter()
        .find_map(|part| part.strip_prefix("version="));
    version.is_none_or(|version| version.trim_matches('"') == "1.0.0")
}

/// What metrics of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A value that only grows.
    Counter,
    /// Counts of values up to bounds, their number and their sum.
    Histogram,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// Metrics of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Of a counter without `_total`.
    pub name: String,
    /// What it means, in a sentence.
    pub help: String,
    /// What it is.
    pub kind: Kind,
    unit: &'static str,
    samples: Vec<Sample>,
}

#[derive(Clone, Debug, PartialEq)]
struct Sample {
    suffix: &'static str,
    labels: Labels,
    value: f64,
}

/// Names of labels, and their values, which may be any text.
pub type Labels = Vec<(&'static str, String)>;

impl Family {
    /// Without a sample, of which there has to be one at least.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind, help: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
            kind,
            unit: "",
            samples: Vec::new(),
        }
    }

    /// A gauge of one value.
    #[must_use]
    pub fn gauge(name: &str, help: &str, value: f64) -> Self {
        let mut family = Self::new(name, Kind::Gauge, help);
        family.add(Vec::new(), value);
        family
    }

    /// With a base unit, with which the name has to end.
    #[must_use]
    pub fn in_unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// Adds the value of a gauge or a counter, unless these labels have one already.
    pub fn add(&mut self, labels: Labels, value: f64) {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Gauge | Kind::Histogram => "",
        };
        if !self.samples.iter().any(|sample| sample.labels == labels) {
            self.samples.push(Sample {
                suffix,
                labels,
                value,
            });
        }
    }

    /// Adds a histogram: how many values are up to each bound, all of them, and their sum.
    pub fn add_histogram(&mut self, labels: &Labels, buckets: &[(f64, f64)], count: f64, sum: f64) {
        let all = [(f64::INFINITY, count)];
        for (bound, value) in buckets.iter().chain(&all) {
            let mut labels = labels.clone();
            labels.push(("le", bound_text(*bound)));
            self.samples.push(Sample {
                suffix: "_bucket",
                labels,
                value: *value,
            });
        }
        for (suffix, value) in [("_sum", sum), ("_count", count)] {
            self.samples.push(Sample {
                suffix,
                labels: labels.clone(),
                value,
            });
        }
    }

    /// Gives each sample these labels too.
    pub fn label(&mut self, labels: &Labels) {
        for sample in &mut self.samples {
            sample.labels.extend(labels.iter().cloned());
        }
    }

    /// Whether there is a sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    fn write(&self, format: Format, out: &mut String) -> fmt::Result {
        let end = match (format, self.kind) {
            (Format::Text, Kind::Counter) => "_total",
            _ => "",
        };
        let (name, word) = (&self.name, self.kind.word());
        writeln!(out, "# HELP {name}{end} {}", help(&self.help, format))?;
        writeln!(out, "# TYPE {name}{end} {word}")?;
        if format == Format::OpenMetrics && !self.unit.is_empty() {
            writeln!(out, "# UNIT {name} {}", self.unit)?;
        }
        for sample in &self.samples {
            write!(out, "{name}{}", sample.suffix)?;
            write_labels(&sample.labels, out)?;
            writeln!(out, " {}", Number(sample.value))?;
        }
        Ok(())
    }
}

/// All families that have a sample. Names are to be unique.
#[must_use]
pub fn render(families: &[Family], format: Format) -> String {
    let mut out = String::new();
    for family in families.iter().filter(|family| !family.is_empty()) {
        // Writing to a string cannot fail.
        let _ = family.write(format, &mut out);
    }
    if format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

fn write_labels(labels: &Labels, out: &mut String) -> fmt::Result {
    if labels.is_empty() {
        return Ok(());
    }
    for (number, (name, value)) in labels.iter().enumerate() {
        let before = if number == 0 { '{' } else { ',' };
        write!(out, "{before}{name}=\"{}\"", escaped(value))?;
    }
    out.write_char('}')
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn help(text: &str, format: Format) -> String {
    match format {
        Format::Text => text.replace('\\', "\\\\").replace('\n', "\\n"),
        Format::OpenMetrics => escaped(text),
    }
}

/// The bound of a bucket, as `OpenMetrics` has it: `1.0`.
fn bound_text(bound: f64) -> String {
    if bound.is_infinite() {
        "+Inf".to_owned()
    } else {
        format!("{bound:?}")
    }
}

struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            value if value.is_nan() => f.write_str("NaN"),
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            value => write!(f, "{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_text_format() {
        let mut states = Family::new("probe_state", Kind::Gauge, "One of \\ all\nof them");
        states.add(
            vec![("state", "ok".to_owned()), ("b", "\"\\\n".to_owned())],
            1.0,
        );
        states.add(vec![("state", "unknown".to_owned())], f64::NAN);
        let mut count = Family::new("checks", Kind::Counter, "Checks");
        count.add(Vec::new(), 1e21);
        let empty = Family::new("nothing", Kind::Gauge, "");
        assert_eq!(
            render(&[states.clone(), count.clone(), empty], Format::Text),
            "# HELP probe_state One of \\\\ all\\nof them\n# TYPE probe_state gauge\n\
             probe_state{state=\"ok\",b=\"\\\"\\\\\\n\"} 1\nprobe_state{state=\"unknown\"} NaN\n\
             # HELP checks_total Checks\n# TYPE checks_total counter\n\
             checks_total 1000000000000000000000\n"
        );
        let open = render(&[count], Format::OpenMetrics);
        assert!(
            open.contains("# TYPE checks counter\nchecks_total "),
            "{open}"
        );
        assert!(open.ends_with("\n# EOF\n"), "{open}");
        let time = Family::gauge("time_seconds", "Time", 0.5).in_unit("seconds");
        let open = render(std::slice::from_ref(&time), Format::OpenMetrics);
        assert!(open.contains("\n# UNIT time_seconds seconds\n"), "{open}");
        assert!(!render(&[time], Format::Text).contains("UNIT"));
    }

    #[test]
    fn histograms() {
        let mut family = Family::new("d", Kind::Histogram, "D");
        family.add_histogram(
            &vec![("p", "x".to_owned())],
            &[(0.5, 1.0), (1.0, 2.0)],
            3.0,
            4.5,
        );
        let text = render(&[family], Format::Text);
        for line in [
            "d_bucket{p=\"x\",le=\"1.0\"} 2\n",
            "d_bucket{p=\"x\",le=\"+Inf\"} 3\n",
            "d_sum{p=\"x\"} 4.5\nd_count{p=\"x\"} 3\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn a_sample_is_there_once() {
        let mut family = Family::gauge("a", "A", 1.0);
        family.add(Vec::new(), 2.0);
        assert_eq!(render(&[family], Format::Text).matches("\na ").count(), 1);
    }

    #[test]
    fn the_format_is_negotiated() {
        let prometheus = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, expected) in [
            (prometheus, Format::OpenMetrics),
            (
                "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8;q=0.6,text/plain;q=0.5",
                Format::OpenMetrics,
            ),
            ("application/openmetrics-text;version=0.0.1", Format::Text),
            ("application/openmetrics-text;q=0", Format::Text),
            ("text/plain;version=0.0.4", Format::Text),
            ("*/*", Format::Text),
            ("", Format::Text),
            (";;,q=x", Format::Text),
        ] {
            assert_eq!(Format::accepted(accept), expected, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn a_label_makes_no_line(value in any::<String>()) {
            let mut family = Family::new("a", Kind::Gauge, value.clone());
            family.add(vec![("l", value)], 1.0);
            let text = render(&[family], Format::Text);
            prop_assert_eq!(text.matches('\n').count(), 3);
        }
    }
}
