//! The query of a request: parameters that are known, each at most once, in UTF-8.

use std::fmt;

use percent_encoding::percent_decode_str;

/// The longest query, in bytes.
pub const LIMIT: usize = 2048;

/// The longest part of it that a message shows, in characters.
const SHOWN: usize = 64;

/// What is wrong with a query, in one line. It may hold anything that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError(String);

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for QueryError {}

/// Parameters and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands behind the `?`. Other parameters than those that are known are mistakes.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, QueryError> {
        if text.len() > LIMIT {
            let found = text.len();
            return wrong(format!(
                "the query has {found} bytes, and at most {LIMIT} are read"
            ));
        }
        let mut query = Self::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            query.add(name, value, known)?;
        }
        Ok(query)
    }

    fn add(&mut self, name: &str, value: &str, known: &[&str]) -> Result<(), QueryError> {
        let name = decode(name)?;
        if !known.contains(&name.as_str()) {
            let (name, known) = (shown(&name), known.join(", "));
            return wrong(format!("there is no parameter '{name}'; there are {known}"));
        }
        if self.value(&name).is_some() {
            return wrong(format!("the parameter '{name}' is given twice"));
        }
        let value = decode(value)?;
        self.0.push((name, value));
        Ok(())
    }

    /// The value of a parameter that is given.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same, of a parameter that has to be given.
    pub fn needed(&self, name: &str) -> Result<&str, QueryError> {
        match self.value(name) {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) => wrong(format!("the parameter '{name}' is empty")),
            None => wrong(format!("the parameter '{name}' is missing")),
        }
    }
}

fn wrong<T>(reason: String) -> Result<T, QueryError> {
    Err(QueryError(reason))
}

/// As a form is encoded (`application/x-www-form-urlencoded` of the URL standard), but not more lenient.
fn decode(text: &str) -> Result<String, QueryError> {
    if let Some(escape) = bad_escape(text) {
        let escape = shown(escape);
        return wrong(format!(
            "'{escape}' is no escape; a percent sign is written %25"
        ));
    }
    let text = text.replace('+', " ");
    match percent_decode_str(&text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => wrong(format!("'{}' is not UTF-8", shown(&text))),
    }
}

fn bad_escape(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        rest = rest.get(at..)?;
        let digits = rest.as_bytes().get(1..3).unwrap_or_default();
        if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Some(rest);
        }
        rest = rest.get(3..)?;
    }
    None
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 3] = ["module", "target", "debug"];

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("module=a+b&target=%5B%3A%3A1%5D%3A25&", &KNOWN).unwrap();
        assert_eq!(query.value("module"), Some("a b"));
        assert_eq!(query.needed("target"), Ok("[::1]:25"));
        assert_eq!(query.value("debug"), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("target=a&target=b", "the parameter 'target' is given twice"),
            (
                "t%61rget=a&target=b",
                "the parameter 'target' is given twice",
            ),
            (
                "taget=a",
                "no parameter 'taget'; there are module, target, debug",
            ),
            ("target=%ff", "'%ff' is not UTF-8"),
            ("target=%zz", "'%zz' is no escape"),
            ("target=50%", "'%' is no escape"),
            ("target=%\u{fc}1", "is no escape"),
            (&"x".repeat(LIMIT + 1), "has 2049 bytes"),
        ] {
            let error = Query::parse(text, &KNOWN).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let query = Query::parse("module", &KNOWN).unwrap();
        let error = |name| query.needed(name).unwrap_err().to_string();
        assert_eq!(error("module"), "the parameter 'module' is empty");
        assert_eq!(error("target"), "the parameter 'target' is missing");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read(value in any::<String>()) {
            prop_assume!(value.len() < 200);
            let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            let query = Query::parse(&format!("target={encoded}"), &KNOWN).unwrap();
            prop_assert_eq!(query.value("target"), Some(value.as_str()));
        }
    }
}
