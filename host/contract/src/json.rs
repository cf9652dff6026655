//! What came of a check as one line of JSON. Its texts are those of the text form, escaped and bounded
//! alike, so that they may be shown; docs/output.md describes it, and docs/output.schema.json.

use std::fmt::{self, Display, Write};

use crate::cli::{Output, Problem};
use crate::escape;
use crate::render;
use crate::types::{Manifest, Metric, Report};

/// The version of the schema. It grows when a field changes its meaning or is taken away.
const SCHEMA: u8 = 1;

/// A report.
pub(crate) fn report(manifest: Option<&Manifest>, report: &Report, output: &Output) -> String {
    let mut object = Object::new(manifest, "report", output);
    object.text("summary", report.summary.as_deref());
    object.field("findings", Texts(&report.findings));
    object.field("metrics", Metrics(&report.metrics));
    object.field("details", Texts(&report.details));
    object.field("transcript", Texts(&report.transcript));
    object.text("error", None);
    object.text("hint", None);
    object.end(output)
}

/// Why there is no report.
pub(crate) fn problem(manifest: Option<&Manifest>, problem: &Problem, output: &Output) -> String {
    let mut object = Object::new(manifest, problem.kind, output);
    object.text("summary", None);
    for name in ["findings", "metrics", "details", "transcript"] {
        object.field(name, "[]");
    }
    object.text("error", Some(&problem.message));
    object.text("hint", problem.hint.as_deref());
    object.end(output)
}

struct Object(String);

impl Object {
    fn new(manifest: Option<&Manifest>, result: &str, output: &Output) -> Self {
        let mut object = Self("{".to_owned());
        object.field("schema", SCHEMA);
        object.text("name", manifest.map(|manifest| manifest.name.as_str()));
        object.text(
            "version",
            manifest.map(|manifest| manifest.version.as_str()),
        );
        object.text("result", Some(result));
        object.text("state", Some(render::word_of_code(output.exit_code)));
        object.field("exit_code", output.exit_code);
        object
    }

    fn field(&mut self, name: &str, value: impl Display) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{comma}\"{name}\":{value}");
    }

    /// One line, as it would be shown.
    fn text(&mut self, name: &str, text: Option<&str>) {
        self.field(name, OrNull(text.map(Line)));
    }

    /// With the lines of the text form, which may be shown as they are.
    fn end(mut self, output: &Output) -> String {
        self.field("output", Quoted(&output.stdout));
        self.0 + "}\n"
    }
}

struct OrNull<T>(Option<T>);

impl<T: Display> Display for OrNull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("null"),
        }
    }
}

/// A text of somebody else.
struct Line<'a>(&'a str);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&escape::line(self.0)).fmt(f)
    }
}

/// RFC 8259 section 7. What a terminal would take for its own is no plain text either.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c if c.is_control() || escape::is_invisible(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(f, "\\u{unit:04x}")?;
                    }
                }
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

fn list<T: Display>(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = T>) -> fmt::Result {
    f.write_char('[')?;
    for (at, item) in items.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(f, "{comma}{item}")?;
    }
    f.write_char(']')
}

struct Texts<'a>(&'a [String]);

impl Display for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter().map(|text| Line(text)))
    }
}

struct Metrics<'a>(&'a [Metric]);

impl Display for Metrics<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter().map(metric))
    }
}

/// From here on a number is written with an exponent, as ECMAScript's `JSON.stringify` does: not every
/// reader takes the largest ones with all of their digits.
const LONG: f64 = 1e21;

fn number(metric: &Metric, value: f64) -> Option<String> {
    if value.is_finite() && value.abs() >= LONG {
        return Some(format!("{value:e}"));
    }
    render::number(metric, value)
}

fn metric(metric: &Metric) -> String {
    let mut object = Object("{".to_owned());
    let number = |value: Option<f64>| OrNull(value.and_then(|it| number(metric, it)));
    let range = |range: &Option<String>| {
        let range = render::threshold(range.as_deref()).to_owned();
        (!range.is_empty()).then_some(range)
    };
    object.text("name", Some(&metric.name));
    object.field("value", number(Some(metric.value)));
    object.text("unit", Some(&render::unit(metric)));
    object.text("warning", range(&metric.warning).as_deref());
    object.text("critical", range(&metric.critical).as_deref());
    object.field("min", number(metric.min));
    object.field("max", number(metric.max));
    object.field("precision", metric.precision.min(render::PRECISION_LIMIT));
    object.0 + "}"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::manifest;
    use crate::types::{Misuse, State};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn example(text: &str, value: f64) -> Report {
        Report {
            state: State::Warning,
            transcript: vec![text.to_owned()],
            findings: vec![text.to_owned(), "b".to_owned()],
            summary: Some(text.to_owned()),
            metrics: vec![Metric {
                name: "time".to_owned(),
                value,
                unit: "s".to_owned(),
                precision: 6,
                warning: Some("@1:2".to_owned()),
                critical: Some("nonsense".to_owned()),
                min: Some(0.0),
                max: None,
            }],
            details: vec![text.to_owned()],
        }
    }

    fn shown(report: &Report) -> String {
        super::report(Some(&manifest(Vec::new())), report, &Output::report(report))
    }

    fn parsed(line: &str) -> Value {
        assert_eq!(line.lines().count(), 1, "{line}");
        serde_json::from_str(line).expect("it is JSON")
    }

    #[test]
    fn everything_is_there() {
        let line = shown(&example("a", 0.25));
        assert_eq!(
            parsed(&line),
            json!({
                "schema": 1, "name": "check_it", "version": "1.2.3", "result": "report",
                "state": "WARNING", "exit_code": 1, "summary": "a", "findings": ["a", "b"],
                "metrics": [{
                    "name": "time", "value": 0.25, "unit": "s", "warning": "@1:2", "critical": null,
                    "min": 0.0, "max": null, "precision": 6
                }],
                "details": ["a"], "transcript": ["a"], "error": null, "hint": null,
                "output": "a\na\nb\na|time=0.250000s;@1:2;;0.000000\na\n",
            })
        );
        assert!(line.contains("\"value\":0.250000,"), "{line}");
    }

    #[test]
    fn what_is_no_number_is_null() {
        for value in [f64::NAN, f64::INFINITY] {
            let line = shown(&example("a", value));
            assert_eq!(parsed(&line)["metrics"][0]["value"], Value::Null);
        }
    }

    /// With all of its digits, the largest number is out of range for `serde_json`.
    #[test]
    fn any_number_can_be_read_back() {
        for value in [f64::MAX, f64::MIN, 1e21, 1e300, 123_456_789.0] {
            let line = shown(&example("a", value));
            assert_eq!(parsed(&line)["metrics"][0]["value"].as_f64(), Some(value));
        }
    }

    #[test]
    fn a_misuse_has_the_same_fields() {
        let manifest = manifest(Vec::new());
        let misuse = Misuse {
            message: "Unknown \"x\"\n".to_owned(),
            hint: Some("say y".to_owned()),
        };
        let output = Output::misuse(&manifest, &misuse);
        let line = problem(Some(&manifest), output.problem.as_ref().unwrap(), &output);
        let value = parsed(&line);
        assert_eq!(value["result"], "misuse");
        assert_eq!(value["error"], "Unknown \"x\"");
        assert_eq!(value["hint"], "say y");
        assert_eq!(
            (&value["state"], &value["exit_code"]),
            (&json!("UNKNOWN"), &json!(3))
        );
        let report = parsed(&shown(&example("a", 0.0)));
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&value), keys(&report));
    }

    proptest! {
        #[test]
        fn texts_are_the_text_forms_and_make_no_field(text in any::<String>()) {
            let line = shown(&example(&text, 1.0));
            let value = parsed(&line);
            prop_assert!(!line.trim_end().contains(|c: char| c.is_control() || escape::is_invisible(c)));
            prop_assert_eq!(value.as_object().unwrap().len(), 14);
            let shown = escape::line(&text);
            prop_assert_eq!(value["findings"][0].as_str().unwrap(), &shown);
            prop_assert_eq!(value["transcript"][0].as_str().unwrap(), &shown);
        }
    }
}
