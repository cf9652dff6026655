//! What a line asks for, and what is answered.

use std::path::PathBuf;
use std::time::Duration;

use sandcheck::cli::Output;
use sandcheck::render;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::Line;
use crate::json;

/// A check to be run.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with plugin, arguments and id"
)]
pub(super) struct Order {
    /// What the result is to be known by. It is given back as it is.
    #[serde(default)]
    id: Value,
    /// The component's file.
    pub(super) plugin: PathBuf,
    /// The plugin's words.
    #[serde(default)]
    pub(super) arguments: Vec<String>,
}

/// A line of the output.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    line: u64,
    #[serde(skip_serializing_if = "Value::is_null")]
    id: Value,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Outcome {
    Ran {
        plugin: PathBuf,
        state: &'static str,
        exit_code: u8,
        /// How long it took.
        seconds: f64,
        /// What the plugin's program would print to standard output.
        output: String,
        /// The same for standard error.
        #[serde(skip_serializing_if = "String::is_empty")]
        errors: String,
    },
    Failed {
        error: String,
    },
}

impl Order {
    /// Reads a line, or says why it is no order.
    pub(super) fn parse(line: &Line) -> Result<Self, String> {
        let text = line.text.as_ref().map_err(Clone::clone)?;
        serde_json::from_str(text).map_err(|error| {
            let text = error.to_string();
            // Each line is line 1 to its parser.
            let (text, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
            format!("{text}, at column {}", error.column())
        })
    }

    /// The check could not be run.
    pub(super) fn failed(self, line: &Line, error: String) -> Record {
        Record::new(line, self.id, error)
    }

    /// The check has been run, whatever it found.
    pub(super) fn ran(self, line: &Line, output: Output, time: Duration) -> Record {
        let state = render::word_of_code(output.exit_code);
        Record {
            line: line.number,
            id: self.id,
            outcome: Outcome::Ran {
                plugin: self.plugin,
                state,
                exit_code: output.exit_code,
                seconds: time.as_secs_f64(),
                output: output.stdout,
                errors: output.stderr,
            },
        }
    }
}

impl Record {
    fn new(line: &Line, id: Value, error: String) -> Self {
        Self {
            line: line.number,
            id,
            outcome: Outcome::Failed { error },
        }
    }

    /// Nothing could be run. The line may have an id nevertheless.
    pub(super) fn failed(line: &Line, error: &str) -> Self {
        let text = line.text.as_deref().unwrap_or_default();
        let id = serde_json::from_str::<Value>(text)
            .ok()
            .and_then(|mut order| Some(order.get_mut("id")?.take()));
        Self::new(line, id.unwrap_or_default(), error.to_owned())
    }

    /// The state's exit code, if the check has been run.
    pub(super) fn exit_code(&self) -> Option<u8> {
        match self.outcome {
            Outcome::Ran { exit_code, .. } => Some(exit_code),
            Outcome::Failed { .. } => None,
        }
    }

    /// One line.
    pub(super) fn json(&self) -> String {
        // Numbers, texts and what was JSON before: there is nothing that could fail.
        json::visible(serde_json::to_string(self).unwrap_or_default()) + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line {
            number: 7,
            text: Ok(text.to_owned()),
        }
    }

    #[test]
    fn an_order_may_be_short() {
        let order = Order::parse(&line(r#"{"plugin":"p.wasm"}"#)).unwrap();
        assert_eq!(order.plugin, PathBuf::from("p.wasm"));
        assert!(order.arguments.is_empty());
    }

    #[test]
    fn what_is_no_order_is_answered_with_its_place_and_its_id() {
        for (text, part) in [
            (
                "nonsense",
                r#"{"line":7,"error":"expected ident, at column 2"}"#,
            ),
            ("[]", "an object with plugin, arguments and id"),
            (
                r#"{"id":1,"arguments":[]}"#,
                r#"{"line":7,"id":1,"error":"missing field `plugin`"#,
            ),
            (
                r#"{"plugin":"p","argument":[],"id":"x"}"#,
                r#""id":"x","error":"unknown field `argument`"#,
            ),
            (r#"{"plugin":"p","arguments":"-H"}"#, "expected a sequence"),
            (r#"{"plugin":"p"} {}"#, "trailing characters, at column 16"),
        ] {
            let why = Order::parse(&line(text)).unwrap_err();
            let record = Record::failed(&line(text), &why).json();
            assert!(record.contains(part), "{text}: {record}");
            assert_eq!(record.lines().count(), 1, "{record}");
        }
    }

    #[test]
    fn a_record_is_one_line_without_characters_for_terminals() {
        let order = Order::parse(&line(r#"{"plugin":"p","id":"a\nb\u009b31m"}"#)).unwrap();
        let output = Output {
            stdout: "SMTP OK\nmore\n".to_owned(),
            ..Output::default()
        };
        let record = order
            .ran(&line(""), output, Duration::from_millis(1500))
            .json();
        assert_eq!(
            record,
            "{\"line\":7,\"id\":\"a\\nb\\u009b31m\",\"plugin\":\"p\",\"state\":\"OK\",\
             \"exit_code\":0,\"seconds\":1.5,\"output\":\"SMTP OK\\nmore\\n\"}\n"
        );
    }
}
