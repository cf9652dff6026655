//! The log: a line on standard error for each event, as logfmt or JSON. What a server or a client said
//! makes neither lines nor terminal sequences in it.

use std::fmt;
use std::io::{self, Write};
use std::time::SystemTime;

use anyhow::Result;
use sandcheck::escape;
use sandcheck_runner::serve::{Format, Level as LeastLevel};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// What other crates say is not for operators.
const OWN: &str = "sandcheck_serve";

/// From here on, events are written.
pub(crate) fn start(level: LeastLevel, format: Format) -> Result<()> {
    let level = match level {
        LeastLevel::Debug => LevelFilter::DEBUG,
        LeastLevel::Info => LevelFilter::INFO,
        LeastLevel::Warn => LevelFilter::WARN,
        LeastLevel::Error => LevelFilter::ERROR,
    };
    let subscriber = tracing_subscriber::registry()
        .with(Lines { format })
        .with(level);
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

struct Lines {
    format: Format,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with(OWN)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Vec::new());
        event.record(&mut fields);
        let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let level = word(*event.metadata().level());
        let line = line(&time, level, fields.0, self.format);
        // Nobody may be listening.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    }
}

/// Time and level come first, then the message.
fn line(time: &str, level: &str, fields: Vec<(&str, String)>, format: Format) -> String {
    let (mut message, others): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(name, _)| *name == "message");
    let message = message.pop().map(|(_, text)| text).unwrap_or_default();
    let first = [
        ("time", time.to_owned()),
        ("level", level.to_owned()),
        ("msg", message),
    ];
    let all = first.into_iter().chain(others);
    let all = all.map(|(name, value)| (name, escape::line(&value)));
    match format {
        Format::Logfmt => {
            let pairs: Vec<_> = all
                .map(|(name, value)| format!("{name}={}", quoted(&value)))
                .collect();
            pairs.join(" ")
        }
        Format::Json => {
            let object: Map<_, _> = all
                .map(|(name, value)| (name.to_owned(), Value::String(value)))
                .collect();
            Value::Object(object).to_string()
        }
    }
}

/// In quotes where logfmt needs them.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| !matches!(c, ' ' | '=' | '"' | '\\');
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

struct Fields(Vec<(&'static str, String)>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_whatever_was_said() {
        let fields = || {
            vec![
                ("module", "smtp".to_owned()),
                ("message", "a \"b\"\nlevel=error".to_owned()),
                ("output", "x\u{1b}[2J\r\n".to_owned()),
            ]
        };
        assert_eq!(
            line("T", "info", fields(), Format::Logfmt),
            "time=T level=info msg=\"a \\\"b\\\" level=error\" module=smtp output=\"x\\\\x1b[2J\""
        );
        let json = line("T", "info", fields(), Format::Json);
        let value: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["output"], "x\\x1b[2J");
        assert_eq!(value["msg"], "a \"b\" level=error");
        assert_eq!(json.lines().count(), 1);
    }
}
