//! Declares options of every kind and with every feature, and reports the arguments that it was given,
//! a line of the details for each.

use sandcheck_hostile::{Argument, Kind, Manifest, Misuse, OptionSpec, Plugin, Report, State};
use sandcheck_hostile::{Words, manifest, option, plugin, report};

struct Arguments;

plugin!(Arguments);

impl Plugin for Arguments {
    fn describe() -> Manifest {
        let mut timeout = option("timeout", Some('t'), Kind::Timeout);
        timeout.default = Some("10".to_owned());
        timeout.aliases = vec!["-to".to_owned()];
        let mut port = option("port", Some('p'), Kind::Port);
        port.default = Some("25".to_owned());
        let options = vec![
            option("hostname", Some('H'), Kind::Host),
            port,
            secure(),
            option("starttls", Some('S'), Kind::Flag),
            option("verbose", Some('v'), Kind::Flag),
            OptionSpec {
                repeatable: true,
                ..option("command", Some('C'), Kind::Text)
            },
            OptionSpec {
                required: true,
                ..option("mode", Some('m'), Kind::Text)
            },
            option("count", None, Kind::Integer),
            option("critical", Some('c'), Kind::Range),
            option("ratio", None, Kind::Number),
            option("interval", None, Kind::Duration),
            option("password", Some('P'), Kind::Secret),
            option("nodename", Some('N'), Kind::Nodename),
            timeout,
            OptionSpec {
                repeatable: true,
                ..option("key", None, Kind::File)
            },
            OptionSpec {
                exact: true,
                ..option("ca-file", None, Kind::Anchors)
            },
            verify(),
            OptionSpec {
                exact: true,
                ..option("source", None, Kind::Source)
            },
            option("output", None, Kind::Output),
        ];
        Manifest {
            name: "arguments".to_owned(),
            summary: "Shows its arguments".to_owned(),
            options,
            ..manifest()
        }
    }

    fn validate(words: &Words) -> Result<(), Misuse> {
        judge(words)
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        judge(words)?;
        let mut found = report(State::Ok, "ARGUMENTS OK");
        let is_shown = |argument: &&Argument| argument.name != "mode";
        let shown = words.0.iter().filter(is_shown);
        found.details = shown.map(line).collect();
        Ok(found)
    }
}

fn secure() -> OptionSpec {
    OptionSpec {
        aliases: vec!["--tls".to_owned()],
        exact: true,
        implies: vec![Argument {
            name: "port".to_owned(),
            value: Some("465".to_owned()),
        }],
        ..option("secure", Some('s'), Kind::Flag)
    }
}

fn verify() -> OptionSpec {
    OptionSpec {
        implies: vec![Argument {
            name: "ca-file".to_owned(),
            value: Some("system".to_owned()),
        }],
        exact: true,
        ..option("verify", None, Kind::Flag)
    }
}

/// A count has to be a number.
fn judge(words: &Words) -> Result<(), Misuse> {
    let count = words.value("count");
    if count.is_empty() || count.parse::<i64>().is_ok() {
        return Ok(());
    }
    Err(Misuse {
        message: "Count must be a number".to_owned(),
        hint: Some(format!("--count: '{count}' is not a whole number")),
    })
}

fn line(argument: &Argument) -> String {
    match &argument.value {
        None => argument.name.clone(),
        Some(value) => format!("{}={value}", argument.name),
    }
}
