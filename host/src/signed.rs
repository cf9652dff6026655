//! Whose signature an operator demands, for which plugins.

use std::fmt;
use std::path::PathBuf;

/// Plugins of such a name run only when one of these keys has signed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Which plugins.
    pub name: NamePattern,
    /// Files of public keys.
    pub keys: Vec<PathBuf>,
}

/// `registry.example.org/checks/check_smtp`, `registry.example.org/checks/*` for all below, or `*` for
/// every plugin, files among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, NamePatternError> {
        let name = text.strip_suffix("/*").unwrap_or(text);
        let is_name = |part: &str| {
            let is_meant = |c: char| c.is_ascii_alphanumeric() || "._-:[]".contains(c);
            !part.is_empty() && part.chars().all(is_meant)
        };
        if text == "*" || name.split('/').all(is_name) && name.contains(['.', ':', '/']) {
            return Ok(Self(text.to_owned()));
        }
        Err(NamePatternError(text.to_owned()))
    }

    /// Whether it names this plugin: `registry.example.org/checks/check_smtp`, or nothing for a file.
    #[must_use]
    pub fn names(&self, plugin: Option<&str>) -> bool {
        let Some(plugin) = plugin else {
            return self.0 == "*";
        };
        match self.0.strip_suffix('*') {
            Some(before) => plugin.starts_with(before),
            None => plugin == self.0,
        }
    }

    /// The text that it was written as.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.0
    }
}

/// A text that is no pattern of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePatternError(String);

impl fmt::Display for NamePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' names no plugins; accepted: REGISTRY/NAME without a version, REGISTRY/FOLDER/* for all \
             below, * for every plugin",
            self.0
        )
    }
}

impl std::error::Error for NamePatternError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_plugins() {
        for (pattern, plugin, names) in [
            ("r.example/a/b", Some("r.example/a/b"), true),
            ("r.example/a/b", Some("r.example/a/bc"), false),
            ("r.example/a/b", Some("r.example/a/b/c"), false),
            ("r.example/a/*", Some("r.example/a/b"), true),
            ("r.example/a/*", Some("r.example/ab"), false),
            ("r.example/*", Some("r.example:5000/a"), false),
            ("r.example:5000/*", Some("r.example:5000/a/b"), true),
            ("r.example/*", None, false),
            ("*", Some("r.example/a"), true),
            ("*", None, true),
        ] {
            let pattern = NamePattern::parse(pattern).unwrap();
            assert_eq!(pattern.names(plugin), names, "{pattern:?} {plugin:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said_to_be_none() {
        for text in [
            "",
            "/",
            "a",
            "*/a",
            "a/**",
            "r.example/a b",
            "oci://r.example/a",
            "r.example/a@sha256:0",
            "r.example//*",
        ] {
            let error = NamePattern::parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("'{text}' names no plugins; accepted: ")),
                "{error}"
            );
        }
    }
}
