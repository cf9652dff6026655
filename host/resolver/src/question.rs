//! What is asked: a record type of a name.

use std::ffi::OsString;

use anyhow::{Context, Result, bail, ensure};
use hickory_resolver::proto::rr::{Name, RecordType};

/// A name, in full, and a record type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) name: Name,
    pub(crate) kind: RecordType,
}

impl Question {
    /// Of the words of the command line: `mx example.org`, `tlsa _25._tcp.mx.example.org`.
    pub(crate) fn parse(words: &[OsString]) -> Result<Self> {
        let words: Vec<_> = words.iter().filter_map(|word| word.to_str()).collect();
        let [kind, name] = words.as_slice() else {
            bail!("this is a part of sandcheck and not for people: mx|tlsa NAME");
        };
        let kind = match *kind {
            "mx" => RecordType::MX,
            "tlsa" => RecordType::TLSA,
            other => bail!("no record type that is asked for: {other}"),
        };
        ensure!(name.is_ascii(), "no name of the domain name system: {name}");
        let mut name = Name::from_ascii(name)
            .with_context(|| format!("no name of the domain name system: {name}"))?;
        // Otherwise the search list of resolv.conf(5) would be tried.
        name.set_fqdn(true);
        Ok(Self { name, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Question> {
        Question::parse(&words.iter().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_whole() {
        let question = parse(&["tlsa", "_25._tcp.mx.example.org"]).unwrap();
        assert_eq!(question.name.to_ascii(), "_25._tcp.mx.example.org.");
        assert_eq!(question.kind, RecordType::TLSA);
        assert_eq!(
            parse(&["mx", "example"]).unwrap().name,
            parse(&["mx", "example."]).unwrap().name
        );
    }

    #[test]
    fn nothing_else_is_asked() {
        let long = "a".repeat(64);
        for words in [
            &[][..],
            &["mx"],
            &["mx", "a", "b"],
            &["any", "example.org"],
            &["mx", "a..b"],
            &["mx", "b\u{fc}cher.example"],
            &["mx", &long],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
