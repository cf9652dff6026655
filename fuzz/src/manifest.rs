//! The manifest of `check_smtp`, made of the table that the component makes it of.

use check_smtp::table::SPECS;
use sandcheck::types;
use sandcheck_plugin::table::{Kind, Spec};

/// As the component describes itself.
pub fn smtp() -> types::Manifest {
    types::Manifest {
        name: "check_smtp".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "Checks SMTP and LMTP servers".to_owned(),
        description: String::new(),
        word: Some("hostname".to_owned()),
        options: SPECS.iter().map(option).collect(),
    }
}

fn option(spec: &Spec) -> types::OptionSpec {
    types::OptionSpec {
        name: spec.name.to_owned(),
        short: spec.short,
        aliases: spec.aliases.iter().map(ToString::to_string).collect(),
        kind: kind(spec.kind),
        placeholder: spec.placeholder.to_owned(),
        exact: spec.exact,
        required: spec.required,
        repeatable: spec.repeatable,
        default: spec.default.map(ToOwned::to_owned),
        implies: spec.implies.iter().map(argument).collect(),
        help: spec.help.to_owned(),
    }
}

fn argument((name, value): &(&str, Option<&str>)) -> types::Argument {
    types::Argument {
        name: (*name).to_owned(),
        value: value.map(ToOwned::to_owned),
    }
}

fn kind(kind: Kind) -> types::Kind {
    match kind {
        Kind::Flag => types::Kind::Flag,
        Kind::Text => types::Kind::Text,
        Kind::Integer => types::Kind::Integer,
        Kind::Number => types::Kind::Number,
        Kind::Duration => types::Kind::Duration,
        Kind::Range => types::Kind::Range,
        Kind::Host => types::Kind::Host,
        Kind::Port => types::Kind::Port,
        Kind::Secret => types::Kind::Secret,
        Kind::Timeout => types::Kind::Timeout,
        Kind::Nodename => types::Kind::Nodename,
        Kind::File => types::Kind::File,
        Kind::Anchors => types::Kind::Anchors,
        Kind::Output => types::Kind::Output,
        Kind::Source => types::Kind::Source,
        Kind::Domain => types::Kind::Domain,
    }
}
