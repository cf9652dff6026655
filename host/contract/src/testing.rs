//! Manifests for unit tests.

use crate::types::{Argument, Kind, Manifest, OptionSpec};

pub(crate) fn option(name: &str, short: char, kind: Kind) -> OptionSpec {
    OptionSpec {
        name: name.to_owned(),
        short: Some(short),
        aliases: Vec::new(),
        kind,
        placeholder: if kind == Kind::Flag {
            String::new()
        } else {
            "VALUE".to_owned()
        },
        exact: false,
        required: false,
        repeatable: false,
        default: None,
        implies: Vec::new(),
        help: format!("Help of {name}"),
    }
}

pub(crate) fn manifest(options: Vec<OptionSpec>) -> Manifest {
    Manifest {
        name: "check_it".to_owned(),
        version: "1.2.3".to_owned(),
        summary: "Checks it".to_owned(),
        description: "Well.".to_owned(),
        word: Some("hostname".to_owned()),
        options,
    }
}

pub(crate) fn argument(name: &str, value: &str) -> Argument {
    Argument {
        name: name.to_owned(),
        value: Some(value.to_owned()),
    }
}
