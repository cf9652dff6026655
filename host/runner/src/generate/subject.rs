//! What has options: a plugin, or `sandcheck` itself.

use sandcheck::form::Form;
use sandcheck::types::{Kind, Manifest, OptionSpec};

use super::text;

/// All that a page or a completion tells. Texts are lines without invisible characters, not quoted.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The name of the command.
    pub(crate) name: String,
    /// With the program's name before it.
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) description: Vec<String>,
    /// None for a plugin.
    pub(crate) commands: Vec<Command>,
    pub(crate) flags: Vec<Flag>,
    /// What they mean, where the description does not say it.
    pub(crate) exit_codes: &'static str,
}

/// What stands behind the program's name.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: String,
    /// How it is written behind that.
    pub(crate) usage: String,
    pub(crate) summary: String,
    /// Its plain words.
    pub(crate) words: Completes,
}

/// An option.
#[derive(Debug)]
pub(crate) struct Flag {
    /// `-H`
    pub(crate) short: Option<String>,
    /// `--hostname`
    pub(crate) long: String,
    /// Whole words.
    pub(crate) aliases: Vec<String>,
    pub(crate) value: Option<Value>,
    pub(crate) help: Vec<String>,
    pub(crate) default: Option<String>,
    pub(crate) required: bool,
    pub(crate) repeatable: bool,
    /// Of these commands; of all when there is none.
    pub(crate) commands: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) placeholder: String,
    pub(crate) completes: Completes,
}

/// What a shell may offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completes {
    Nothing,
    Hosts,
    Files,
    Folders,
    Words(&'static [&'static str]),
}

impl Subject {
    pub(crate) fn of_plugin(manifest: &Manifest) -> Self {
        let own = manifest.options.iter().map(Flag::of_option);
        Self {
            name: manifest.name.clone(),
            version: format!("{} {}", manifest.name, manifest.version),
            summary: text::sentence(&manifest.summary),
            description: text::lines(&manifest.description),
            commands: Vec::new(),
            flags: Flag::of_the_host().into_iter().chain(own).collect(),
            exit_codes: "0 is OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
        }
    }

    /// The options that a command takes.
    pub(crate) fn flags_of(&self, command: &str) -> impl Iterator<Item = &Flag> {
        self.flags.iter().filter(move |flag| {
            flag.commands.is_empty() || flag.commands.iter().any(|name| name == command)
        })
    }
}

impl Flag {
    /// An option without anything.
    pub(crate) fn new(short: Option<&str>, long: &str, help: &str) -> Self {
        Self {
            short: short.map(str::to_owned),
            long: long.to_owned(),
            aliases: Vec::new(),
            value: None,
            help: text::lines(help),
            default: None,
            required: false,
            repeatable: false,
            commands: Vec::new(),
        }
    }

    /// Those that each plugin has.
    fn of_the_host() -> [Self; 3] {
        let file = Value {
            placeholder: "[SECTION][@FILE]".to_owned(),
            completes: Completes::Nothing,
        };
        [
            Self::new(Some("-h"), "--help", "Print the help page"),
            Self::new(Some("-V"), "--version", "Print the version"),
            Self {
                value: Some(file),
                repeatable: true,
                ..Self::new(None, "--extra-opts", "Read options from an ini file first")
            },
        ]
    }

    fn of_option(option: &OptionSpec) -> Self {
        Self {
            short: option.short.map(|short| format!("-{short}")),
            long: format!("--{}", option.name),
            aliases: option.aliases.clone(),
            value: (option.kind != Kind::Flag).then(|| Value {
                placeholder: text::visible(&option.placeholder),
                completes: completes(option.kind),
            }),
            help: text::lines(&option.help),
            default: option.default.as_deref().map(text::visible),
            required: option.required,
            repeatable: option.repeatable,
            commands: Vec::new(),
        }
    }

    /// As it is called in the command line; with aliases of more than one letter, but without those that
    /// have one dash, which are there for old configurations.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        let aliases = aliases.filter(|alias| alias.starts_with("--"));
        let short = self.short.iter().map(String::as_str);
        short.chain([self.long.as_str()]).chain(aliases)
    }
}

fn completes(kind: Kind) -> Completes {
    match kind {
        Kind::Host | Kind::Nodename | Kind::Domain => Completes::Hosts,
        Kind::File | Kind::Anchors => Completes::Files,
        Kind::Output => Completes::Words(&Form::WORDS),
        _ => Completes::Nothing,
    }
}
