//! An honest manifest.

use crate::{Kind, Manifest, OptionSpec};

/// A manifest with an endpoint, a time budget, and two texts that grant nothing: `--case`, which
/// attack to make, and `--target`, where to.
#[must_use]
pub fn manifest() -> Manifest {
    let mut timeout = option("timeout", Some('t'), Kind::Timeout);
    timeout.default = Some("10".to_owned());
    Manifest {
        name: "hostile".to_owned(),
        version: "1.0.0".to_owned(),
        summary: "Attacks its host".to_owned(),
        description: String::new(),
        word: Some("hostname".to_owned()),
        options: vec![
            option("hostname", Some('H'), Kind::Host),
            option("port", Some('p'), Kind::Port),
            timeout,
            option("case", Some('c'), Kind::Text),
            option("target", None, Kind::Text),
        ],
    }
}

/// An option with nothing special about it.
#[must_use]
pub fn option(name: &str, short: Option<char>, kind: Kind) -> OptionSpec {
    let placeholder = if kind == Kind::Flag { "" } else { "VALUE" };
    OptionSpec {
        name: name.to_owned(),
        short,
        aliases: Vec::new(),
        kind,
        placeholder: placeholder.to_owned(),
        exact: false,
        required: false,
        repeatable: false,
        default: None,
        implies: Vec::new(),
        help: "What it is good for.".to_owned(),
    }
}
