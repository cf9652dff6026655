//! Regular expressions as the scenarios write them.

use std::fmt::{self, Write};

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// A regular expression that is looked for anywhere in a text; its `.` matches line breaks too.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether the pattern occurs in the text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern that every text matches which begins like this.
    ///
    /// # Panics
    ///
    /// Never: an escaped text is a valid expression.
    #[must_use]
    pub fn beginning_with(text: &str) -> Self {
        let escaped = format!("^{}", regex::escape(text));
        Self(Regex::new(&escaped).expect("an escaped text is a valid expression"))
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(source: String) -> Result<Self, Self::Error> {
        RegexBuilder::new(&source)
            .dot_matches_new_line(true)
            .build()
            .map(Self)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        for c in self.0.as_str().chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        f.write_str("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(source: &str) -> Pattern {
        Pattern::try_from(source.to_owned()).unwrap()
    }

    #[test]
    fn is_found_anywhere_and_over_line_breaks() {
        assert!(pattern("evil.*fake").is_in("an evil\nOK fake"));
        assert!(!pattern("^OK").is_in("an evil\nOK fake"));
    }

    #[test]
    fn control_characters_may_be_written_as_they_are() {
        assert!(pattern("[\u{1b}\u{7}\u{8}]").is_in("a\u{7}b"));
    }

    #[test]
    fn messages_show_no_control_characters() {
        assert_eq!(
            pattern("\u{1b}\r|\\d\u{e9}").to_string(),
            "/\\u{1b}\\r|\\d\u{e9}/"
        );
    }
}
