//! What an operator's policy file says, in TOML.
//!
//! ```toml
//! [network]
//! deny = ["private", "tcp://*:1-24"]     # wins over everything
//! only = ["tcp://*.example.org:25,587"]  # when given: nothing else
//! allow = ["tcp://proxy.example.org:25"] # in addition to what the command line names
//!
//! [files]
//! only = ["/etc/ssl/*"]                  # when given: command lines may name no other file
//!
//! [limits]
//! memory = "16MiB"
//! cpu = "2s"
//! connects = 4
//!
//! [[signed]]                             # such plugins run only when one of the keys signed them
//! name = "registry.example.org/checks/*"
//! keys = ["/etc/sandcheck/keys/ops.pub"]
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use toml::Spanned;

use crate::endpoint::{Pattern, PatternError};
use crate::files::{FilePattern, Files};
use crate::grants::Rules;
use crate::limits::{ENTRIES, Entry, Limits, Unit};
use crate::signed::{NamePattern, Signed};

/// The rules and limits of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What may be connected to.
    pub rules: Rules,
    /// What may be used.
    pub limits: Limits,
    /// Who has to have signed what. All rules that name a plugin count.
    pub signed: Vec<Signed>,
}

/// What is wrong with a policy, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    reason: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for PolicyError {}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    network: Network,
    files: FilesEntry,
    limits: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    signed: Vec<SignedEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedEntry {
    name: Spanned<String>,
    keys: Spanned<Vec<PathBuf>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Network {
    allow: Vec<Spanned<String>>,
    deny: Vec<Spanned<String>>,
    only: Option<Vec<Spanned<String>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FilesEntry {
    /// Without any pattern no file may be named.
    only: Option<Vec<Spanned<String>>>,
}

/// What is wrong, and where in the text.
type Wrong = (Range<usize>, String);

impl Policy {
    /// Reads a policy. What it does not say stays as it is by default.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().unwrap_or_default();
            error_at(text, (at, error.message().to_owned()))
        })?;
        read(file).map_err(|wrong| error_at(text, wrong))
    }
}

fn error_at(text: &str, (at, reason): Wrong) -> PolicyError {
    let before = text.get(..at.start).unwrap_or(text);
    PolicyError {
        line: before.matches('\n').count() + 1,
        reason,
    }
}

fn read(file: File) -> Result<Policy, Wrong> {
    let Network { allow, deny, only } = file.network;
    if let Some([]) = only.as_deref() {
        let reason = "only = [] would refuse every connection; to do that: deny = [\"tcp://*:*\", \"unix:*\"]";
        return Err((0..0, reason.to_owned()));
    }
    Ok(Policy {
        rules: Rules {
            allow: patterns(&allow, Pattern::parse)?,
            deny: patterns(&deny, Pattern::parse_with_classes)?,
            only: patterns(&only.unwrap_or_default(), Pattern::parse_with_classes)?,
            files: files(&file.files)?,
            ..Rules::default()
        },
        limits: limits(&file.limits)?,
        signed: file
            .signed
            .into_iter()
            .map(signed)
            .collect::<Result<_, _>>()?,
    })
}

fn files(entry: &FilesEntry) -> Result<Files, Wrong> {
    let pattern = |text: &Spanned<String>| {
        FilePattern::parse(text.get_ref()).map_err(|error| (text.span(), error.to_string()))
    };
    let only = entry.only.as_ref();
    let only = only.map(|only| only.iter().map(pattern).collect());
    Ok(Files {
        only: only.transpose()?,
    })
}

fn signed(entry: SignedEntry) -> Result<Signed, Wrong> {
    let name = NamePattern::parse(entry.name.get_ref())
        .map_err(|error| (entry.name.span(), error.to_string()))?;
    let (at, keys) = (entry.keys.span(), entry.keys.into_inner());
    if keys.is_empty() {
        return Err((
            at,
            "keys = [] would refuse each of them: name a file of a public key".to_owned(),
        ));
    }
    if let Some(key) = keys.iter().find(|key| !key.is_absolute()) {
        return Err((
            at,
            format!("the key '{}' is no absolute path", key.display()),
        ));
    }
    Ok(Signed { name, keys })
}

fn patterns(
    texts: &[Spanned<String>],
    parse: impl Fn(&str) -> Result<Pattern, PatternError>,
) -> Result<Vec<Pattern>, Wrong> {
    let pattern = |text: &Spanned<String>| {
        parse(text.get_ref()).map_err(|error| (text.span(), error.to_string()))
    };
    texts.iter().map(pattern).collect()
}

fn limits(given: &BTreeMap<Spanned<String>, Spanned<toml::Value>>) -> Result<Limits, Wrong> {
    let mut limits = Limits::default();
    for (name, value) in given {
        let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name.get_ref()) else {
            let known: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
            let reason = format!(
                "there is no limit '{}'; there are {}",
                name.get_ref(),
                known.join(", ")
            );
            return Err((name.span(), reason));
        };
        let number = limit(entry, value.get_ref()).map_err(|reason| (value.span(), reason))?;
        (entry.set)(&mut limits, number);
    }
    Ok(limits)
}

fn limit(entry: &Entry, value: &toml::Value) -> Result<u64, String> {
    let number = match (value, entry.unit) {
        (toml::Value::Integer(number), Unit::Count | Unit::Bytes) => u64::try_from(*number).ok(),
        (toml::Value::String(text), Unit::Bytes) => {
            text.parse::<ByteSize>().ok().map(|size| size.as_u64())
        }
        (toml::Value::String(text), Unit::Time) => {
            humantime::parse_duration(text).ok().and_then(milliseconds)
        }
        _ => None,
    };
    let range = entry.least..=entry.most;
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let form = match entry.unit {
                Unit::Count => "a whole number",
                Unit::Bytes => "a size such as \"16MiB\", or a number of bytes",
                Unit::Time => "a time such as \"250ms\", \"5s\" or \"10m\"",
            };
            let (least, most) = (entry.unit.show(entry.least), entry.unit.show(entry.most));
            format!(
                "{} = {value} is not {form}, from {least} to {most}",
                entry.name
            )
        })
}

fn milliseconds(time: Duration) -> Option<u64> {
    u64::try_from(time.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_stays() {
        assert_eq!(Policy::parse(""), Ok(Policy::default()));
        assert_eq!(
            Policy::parse("[network]\n[limits]\n"),
            Ok(Policy::default())
        );
    }

    #[test]
    fn rules_and_limits() {
        let policy = Policy::parse(
            r#"
            [network]
            deny = ["private", "tcp://*:1-24"]
            only = ["tcp://*.example.org:25,587"]
            allow = ["tcp://proxy.example.org:25"]
            [limits]
            memory = "16MiB"
            call = 65536
            cpu = "2s"
            grace = "50ms"
            connects = 4
            "#,
        )
        .unwrap();
        assert_eq!(policy.rules.deny.len(), 2);
        assert_eq!(
            policy.rules.only[0].original(),
            "tcp://*.example.org:25,587"
        );
        assert_eq!(policy.rules.allow.len(), 1);
        let limits = &policy.limits;
        assert_eq!(
            (limits.memory, limits.call, limits.connects),
            (16 << 20, 65536, 4)
        );
        assert_eq!(limits.cpu, Duration::from_secs(2));
        assert_eq!(limits.grace, Duration::from_millis(50));
        assert_eq!(limits.traffic, Limits::default().traffic);
    }

    #[test]
    fn signers_are_demanded() {
        let policy = Policy::parse(
            "[[signed]]\nname = \"r.example/*\"\nkeys = [\"/a.pub\", \"/b.pub\"]\n\
             [[signed]]\nname = \"*\"\nkeys = [\"/c.pub\"]",
        )
        .unwrap();
        let demanded = |name| {
            policy
                .signed
                .iter()
                .filter(|rule| rule.name.names(name))
                .count()
        };
        assert_eq!(
            (demanded(Some("r.example/a")), demanded(Some("s.example/a"))),
            (2, 1)
        );
        assert_eq!(demanded(None), 1);
        assert_eq!(policy.signed[0].keys.len(), 2);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line, part) in [
            ("nonsense", 1, "expected"),
            ("[network]\nalow = []", 2, "unknown field `alow`"),
            ("[networks]", 1, "unknown field `networks`"),
            (
                "[network]\n\nallow = [\"mx:25\"]",
                3,
                "'mx:25': it begins with neither",
            ),
            ("[network]\nallow = [\"private\"]", 2, "'private'"),
            ("[network]\nallow = \"tcp://a:1\"", 2, "expected a sequence"),
            ("[network]\nonly = []", 1, "deny = "),
            (
                "[limits]\nmemroy = 1",
                2,
                "no limit 'memroy'; there are memory, ",
            ),
            (
                "[limits]\nmemory = \"lots\"",
                2,
                "memory = \"lots\" is not a size such as",
            ),
            ("[limits]\nmemory = -1", 2, "memory = -1 is not"),
            ("[limits]\nmemory = \"99TiB\"", 2, "from 64.0 KiB to"),
            ("[limits]\ncpu = 5", 2, "cpu = 5 is not a time such as"),
            (
                "[limits]\nconnects = 0.5",
                2,
                "connects = 0.5 is not a whole number",
            ),
            ("[limits]\ncpu = \"1s\"\ncpu = \"2s\"", 3, "duplicate key"),
            (
                "[[signed]]\nname = \"x y\"\nkeys = [\"/k\"]",
                2,
                "'x y' names no plugins",
            ),
            (
                "[[signed]]\nname = \"*\"\nkeys = []",
                3,
                "keys = [] would refuse",
            ),
            (
                "[[signed]]\nname = \"*\"\nkeys = [\"k\"]",
                3,
                "'k' is no absolute path",
            ),
            ("[[signed]]\nname = \"*\"", 1, "missing field `keys`"),
            (
                "[[signed]]\nname = \"*\"\nkey = \"/k\"",
                3,
                "unknown field `key`",
            ),
        ] {
            let error = Policy::parse(text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }

    #[test]
    fn every_default_can_be_written_down() {
        for entry in &ENTRIES {
            let shown = entry.show(&Limits::default());
            let value = match entry.unit {
                Unit::Count => shown,
                Unit::Bytes | Unit::Time => format!("{shown:?}"),
            };
            let policy = Policy::parse(&format!("[limits]\n{} = {value}", entry.name));
            assert_eq!(policy, Ok(Policy::default()), "{} = {value}", entry.name);
        }
    }
}
