//! Manifests that any component could have.

use arbitrary::Arbitrary;
use sandcheck::types::{Argument, Kind, Manifest, OptionSpec};

/// A manifest and the words of a command line.
#[derive(Arbitrary, Debug)]
pub struct Plugin {
    name: String,
    version: String,
    summary: String,
    description: String,
    word: Option<String>,
    options: Vec<Opt>,
    /// The words.
    pub words: Vec<String>,
}

#[derive(Arbitrary, Debug)]
struct Opt {
    name: String,
    short: Option<char>,
    aliases: Vec<String>,
    kind: u8,
    placeholder: String,
    exact: bool,
    required: bool,
    repeatable: bool,
    default: Option<String>,
    implies: Vec<(String, Option<String>)>,
    help: String,
}

const KINDS: [Kind; 16] = [
    Kind::Flag,
    Kind::Text,
    Kind::Integer,
    Kind::Number,
    Kind::Duration,
    Kind::Range,
    Kind::Host,
    Kind::Port,
    Kind::Secret,
    Kind::Timeout,
    Kind::Nodename,
    Kind::File,
    Kind::Anchors,
    Kind::Output,
    Kind::Source,
    Kind::Domain,
];

impl Plugin {
    /// As the component would describe itself.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            name: self.name.clone(),
            version: self.version.clone(),
            summary: self.summary.clone(),
            description: self.description.clone(),
            word: self.word.clone(),
            options: self.options.iter().map(Opt::spec).collect(),
        }
    }
}

impl Opt {
    fn spec(&self) -> OptionSpec {
        OptionSpec {
            name: self.name.clone(),
            short: self.short,
            aliases: self.aliases.clone(),
            kind: KINDS[usize::from(self.kind) % KINDS.len()],
            placeholder: self.placeholder.clone(),
            exact: self.exact,
            required: self.required,
            repeatable: self.repeatable,
            default: self.default.clone(),
            implies: self.implies.iter().map(argument).collect(),
            help: self.help.clone(),
        }
    }
}

fn argument((name, value): &(String, Option<String>)) -> Argument {
    Argument {
        name: name.clone(),
        value: value.clone(),
    }
}
