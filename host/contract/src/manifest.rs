//! What a manifest has to be like before anything is concluded from it.

use std::collections::BTreeSet;
use std::fmt;

use crate::budget;
use crate::form::Form;
use crate::types::{Kind, Manifest, OptionSpec};

/// The longest name of a plugin or an option, in bytes.
const NAME_LIMIT: usize = 64;

/// Names that belong to the host.
const RESERVED: [&str; 3] = ["help", "version", "extra-opts"];

/// Kinds that at most one option has.
const SINGLE: [(Kind, &str); 4] = [
    (Kind::Timeout, "timeout"),
    (Kind::Nodename, "nodename"),
    (Kind::Output, "output"),
    (Kind::Source, "source"),
];

/// The letters that stand for some of them.
const RESERVED_LETTERS: [char; 2] = ['h', 'V'];

/// Why a manifest is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError(String);

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ManifestError {}

/// A manifest for a host to keep, so that it need not ask again. Only this version of the library can
/// read it.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn to_bytes(manifest: &Manifest) -> Vec<u8> {
    postcard::to_allocvec(manifest).unwrap_or_default()
}

/// A manifest that was kept.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Option<Manifest> {
    postcard::from_bytes(bytes).ok()
}

/// Checks a manifest against what the contract says of its names.
pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    if !is_command_name(&manifest.name) {
        return wrong(format!("'{}' is no name of a command", manifest.name));
    }
    if !is_version(&manifest.version) {
        return wrong(format!("'{}' is no version", manifest.version));
    }
    let mut names = BTreeSet::new();
    for option in &manifest.options {
        check_names(option)?;
        check_default(option)?;
        let long = std::iter::once(option.name.as_str()).chain(spellings(option));
        let short = option.short.map(|short| format!("-{short}"));
        for name in long.map(str::to_owned).chain(short) {
            if let Some(name) = names.replace(name) {
                return wrong(format!("the option '{name}' is declared twice"));
            }
        }
    }
    check_references(manifest)
}

fn wrong(reason: String) -> Result<(), ManifestError> {
    Err(ManifestError(reason))
}

/// The further spellings, long ones without their dashes so that they clash with names.
fn spellings(option: &OptionSpec) -> impl Iterator<Item = &str> {
    let aliases = option.aliases.iter();
    aliases.map(|alias| alias.strip_prefix("--").unwrap_or(alias))
}

fn check_names(option: &OptionSpec) -> Result<(), ManifestError> {
    let name = &option.name;
    if !is_option_name(name) {
        return wrong(format!("'{name}' is no name of an option"));
    }
    if RESERVED.contains(&name.as_str()) {
        return wrong(format!("the option '{name}' belongs to the host"));
    }
    if let Some(short) = option.short {
        if !short.is_ascii_alphanumeric() {
            return wrong(format!("'-{short}' is no name of an option"));
        }
        if RESERVED_LETTERS.contains(&short) {
            return wrong(format!("the option '-{short}' belongs to the host"));
        }
    }
    let is_reserved = |name: &&str| RESERVED.contains(name) || matches!(*name, "-h" | "-V");
    if let Some(name) = spellings(option).find(is_reserved) {
        return wrong(format!("the option '{name}' belongs to the host"));
    }
    match option.aliases.iter().find(|alias| !is_alias(alias)) {
        Some(alias) => wrong(format!("'{alias}' is no spelling of an option")),
        None => Ok(()),
    }
}

/// The host itself reads the values of some kinds.
fn check_default(option: &OptionSpec) -> Result<(), ManifestError> {
    let Some(default) = &option.default else {
        return Ok(());
    };
    let number = default.parse::<u64>().ok().filter(|number| *number > 0);
    let is_right = match option.kind {
        Kind::Timeout => budget::is_right(default),
        Kind::Port => number.is_some_and(|port| port <= u16::MAX.into()),
        // A plugin names no files, no addresses and no secrets of the machine that it runs on.
        Kind::Flag | Kind::File | Kind::Anchors | Kind::Source => false,
        Kind::Output => Form::named(default).is_some(),
        _ => true,
    };
    if is_right {
        return Ok(());
    }
    wrong(format!(
        "'{default}' is no default for the option '{}'",
        option.name
    ))
}

/// What one part of a manifest says of another.
fn check_references(manifest: &Manifest) -> Result<(), ManifestError> {
    let is_option = |name: &str| manifest.options.iter().any(|option| option.name == name);
    if let Some(word) = manifest.word.as_deref().filter(|word| !is_option(word)) {
        return wrong(format!(
            "a plain word is for the option '{word}', which there is not"
        ));
    }
    let mut implied = manifest.options.iter().flat_map(|option| &option.implies);
    if let Some(argument) = implied.find(|argument| !is_option(&argument.name)) {
        return wrong(format!(
            "the option '{}' is implied, which there is not",
            argument.name
        ));
    }
    let of_kind = |kind| {
        manifest
            .options
            .iter()
            .filter(move |option| option.kind == kind)
    };
    for (kind, name) in SINGLE {
        if of_kind(kind).count() > 1 {
            return wrong(format!("more than one option is of the kind {name}"));
        }
    }
    Ok(())
}

/// ASCII letters, digits, `_`, `-`, `.`.
fn is_command_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    is_short(name) && name.chars().all(is_part)
}

/// `1.2.3`, and what may stand behind that in a semantic version.
fn is_version(version: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    is_short(version) && version.chars().all(is_part)
}

/// Lower-case letters, digits and inner dashes.
fn is_option_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    is_short(name) && !name.starts_with('-') && !name.ends_with('-') && name.chars().all(is_part)
}

/// One or two dashes, and a letter or digit behind them.
fn is_alias(alias: &str) -> bool {
    let name = alias.strip_prefix("--").or_else(|| alias.strip_prefix('-'));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    name.is_some_and(|name| is_short(name) && !name.starts_with('-') && name.chars().all(is_part))
}

fn is_short(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{argument, manifest, option};

    fn reason(change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = manifest(vec![
            option("hostname", 'H', Kind::Host),
            option("port", 'p', Kind::Port),
        ]);
        assert_eq!(check(&manifest), Ok(()));
        change(&mut manifest);
        check(&manifest).unwrap_err().to_string()
    }

    #[test]
    fn names_are_unique_and_well_formed() {
        assert_eq!(
            reason(|m| m.options.push(option("port", 'x', Kind::Text))),
            "the option 'port' is declared twice"
        );
        assert_eq!(
            reason(|m| m.options.push(option("other", 'p', Kind::Text))),
            "the option '-p' is declared twice"
        );
        assert_eq!(
            reason(|m| m.options[0].aliases.push("--port".to_owned())),
            "the option 'port' is declared twice"
        );
        for letter in ["-p", "-H"] {
            assert_eq!(
                reason(|m| m.options[0].aliases.push(letter.to_owned())),
                format!("the option '{letter}' is declared twice")
            );
        }
        for name in [
            "",
            "-a",
            "a-",
            "A",
            "a b",
            "a\nb",
            "a=b",
            "a|b",
            "\u{1b}[2J",
            "\u{fc}",
        ] {
            let found = reason(|m| m.options.push(option(name, 'x', Kind::Text)));
            assert!(
                found.ends_with("is no name of an option"),
                "{name}: {found}"
            );
        }
        for name in RESERVED {
            reason(|m| m.options.push(option(name, 'x', Kind::Text)));
        }
        for alias in ["", "-", "--", "port", "---x", "--a=b", "-a b"] {
            let found = reason(|m| m.options[0].aliases.push(alias.to_owned()));
            assert!(
                found.ends_with("is no spelling of an option"),
                "{alias}: {found}"
            );
        }
        for letter in ['-', 'h', 'V', '\u{fc}'] {
            reason(|m| m.options[0].short = Some(letter));
        }
        for alias in ["--help", "--version", "-h"] {
            let found = reason(|m| m.options[0].aliases.push(alias.to_owned()));
            assert!(found.ends_with("belongs to the host"), "{alias}: {found}");
        }
        for version in ["", "1 2", "1\u{1b}[2J"] {
            assert!(reason(|m| version.clone_into(&mut m.version)).ends_with("is no version"));
        }
        for name in ["", "a b", "check\nit", &"x".repeat(65)] {
            assert!(reason(|m| name.clone_into(&mut m.name)).ends_with("is no name of a command"));
        }
    }

    #[test]
    fn defaults_are_of_their_kind() {
        for (kind, default) in [
            (Kind::Timeout, "0"),
            (Kind::Timeout, "-1"),
            (Kind::Timeout, "ten"),
            (Kind::Port, "0"),
            (Kind::Port, "65536"),
            (Kind::Flag, "x"),
            (Kind::Timeout, "10:BAD"),
            (Kind::File, "/etc/shadow"),
            (Kind::Anchors, "system"),
            (Kind::Source, "127.0.0.1"),
            (Kind::Output, "xml"),
        ] {
            let found = reason(|m| {
                let mut other = option("other", 'o', kind);
                other.default = Some(default.to_owned());
                m.options.push(other);
            });
            assert!(
                found.contains("is no default for the option 'other'"),
                "{found}"
            );
        }
    }

    #[test]
    fn what_is_referred_to_exists() {
        reason(|m| m.word = Some("other".to_owned()));
        reason(|m| m.options[0].implies.push(argument("other", "x")));
        reason(|m| {
            m.options.push(option("time", 't', Kind::Timeout));
            m.options.push(option("limit", 'l', Kind::Timeout));
        });
    }
}
