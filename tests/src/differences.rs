//! The list of known differences from the reference, each with its reason.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::case::Case;
use crate::corpus::because;

/// Cases that are expected to fail, and why.
#[derive(Debug, Default)]
pub struct KnownDifferences(BTreeMap<String, String>);

impl KnownDifferences {
    /// The list in this file, whose cases must all exist.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a case named twice, and one that does not exist.
    pub fn load(path: &Path, cases: &[Case]) -> io::Result<Self> {
        let known = fs::read_to_string(path)
            .and_then(|text| parse(&text))
            .map_err(|e| because(path, &e))?;
        match known.unknown(cases) {
            Some(label) => Err(because(path, &format!("there is no case `{label}`"))),
            None => Ok(known),
        }
    }

    /// Why the case with this label is expected to fail, if it is.
    #[must_use]
    pub fn reason(&self, label: &str) -> Option<&str> {
        self.0.get(label).map(String::as_str)
    }

    fn unknown(&self, cases: &[Case]) -> Option<&str> {
        self.0
            .keys()
            .map(String::as_str)
            .find(|label| !cases.iter().any(|c| c.label() == *label))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    difference: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    case: String,
    reason: String,
}

fn parse(text: &str) -> io::Result<KnownDifferences> {
    let file: File = toml::from_str(text).map_err(io::Error::other)?;
    let mut known = BTreeMap::new();
    for Difference { case, reason } in file.difference {
        if known.insert(case.clone(), reason).is_some() {
            return Err(io::Error::other(format!("`{case}` is listed twice")));
        }
    }
    Ok(KnownDifferences(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[difference]]\ncase = 'g/n'\nreason = 'r'\n";

    #[test]
    fn a_listed_case_has_a_reason() {
        let known = parse(ONE).unwrap();
        assert_eq!(known.reason("g/n"), Some("r"));
        assert_eq!(known.reason("g/other"), None);
    }

    #[test]
    fn a_case_is_listed_once() {
        let error = parse(&ONE.repeat(2)).unwrap_err();
        assert!(error.to_string().contains("listed twice"));
    }

    #[test]
    fn a_listed_case_must_exist() {
        assert_eq!(parse(ONE).unwrap().unknown(&[]), Some("g/n"));
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert!(parse("# nothing\n").unwrap().0.is_empty());
    }
}
