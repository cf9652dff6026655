//! What is asked: a record type of a name.

use std::ffi::OsString;

use anyhow::{Context, Result, bail, ensure};
use hickory_resolver::proto::ProtoError;
use hickory_resolver::proto::rr::{Name, RecordType};

/// How many labels stand before the host in the name of a TLSA record: `_25._tcp` (RFC 6698 section 3).
const SERVICE: usize = 2;

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

    /// The host that a TLSA record is asked of.
    pub(crate) fn host(&self) -> Option<Name> {
        let is_service = self.kind == RecordType::TLSA && self.name.iter().count() > SERVICE;
        is_service.then(|| self.name.base_name().base_name())
    }

    /// The name of the same service of another host, unless it would be too long.
    pub(crate) fn of_host(&self, host: &Name) -> Result<Name, ProtoError> {
        Name::from_labels(self.name.iter().take(SERVICE))?.append_domain(host)
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
    fn a_service_has_a_host() {
        let question = parse(&["tlsa", "_25._tcp.mail.example.org"]).unwrap();
        assert_eq!(question.host().unwrap().to_ascii(), "mail.example.org.");
        let other = Name::from_ascii("mx.example.net.").unwrap();
        let service = question.of_host(&other).unwrap();
        assert_eq!(service.to_ascii(), "_25._tcp.mx.example.net.");
        assert!(service.is_fqdn());
        let long =
            Name::from_ascii(format!("{}.", ["a".repeat(61).as_str(); 4].join("."))).unwrap();
        assert!(question.of_host(&long).is_err());
        assert_eq!(parse(&["tlsa", "_25._tcp"]).unwrap().host(), None);
        assert_eq!(parse(&["mx", "a.example.org"]).unwrap().host(), None);
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
