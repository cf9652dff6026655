//! `{host}`, `{port}` and their like in the arguments, environment and files of a scenario.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A path of 121 characters, too long for the address of a Unix socket (`sun_path` in unix(7)).
pub(crate) fn long_path() -> String {
    format!("/{}", "x".repeat(120))
}

/// What stands for each placeholder in one run of a scenario.
pub(crate) struct Placeholders(HashMap<&'static str, String>);

impl Placeholders {
    pub(crate) fn new(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(values.into_iter().collect())
    }

    /// The text with `{name}` replaced by its value and `{x*300}` by 300 times `x`.  Other
    /// braces stay as they are.
    pub(crate) fn expand(&self, text: &str) -> String {
        static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?s)\{([a-z_][a-z_0-9]*|.\*\d+)\}").expect("a valid pattern")
        });
        PLACEHOLDER
            .replace_all(text, |found: &Captures<'_>| {
                self.value(&found[1]).unwrap_or_else(|| found[0].to_owned())
            })
            .into_owned()
    }

    fn value(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned().or_else(|| repeated(key))
    }
}

/// `x*3` as `xxx`.
fn repeated(key: &str) -> Option<String> {
    let mut characters = key.chars();
    let what = characters.next()?;
    let count = characters.as_str().strip_prefix('*')?.parse().ok()?;
    Some(what.to_string().repeat(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_and_repetitions_are_replaced() {
        let values = Placeholders::new([("port", "25".to_owned())]);
        assert_eq!(values.expand("-p {port} {x*3}{{*2}"), "-p 25 xxx{{");
    }

    #[test]
    fn anything_else_stays() {
        let values = Placeholders::new([]);
        assert_eq!(values.expand("{port} a{2} {x*} {}"), "{port} a{2} {x*} {}");
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        let values = Placeholders::new([("dir", "{port}".to_owned()), ("port", "1".to_owned())]);
        assert_eq!(values.expand("{dir}"), "{port}");
    }

    #[test]
    fn the_long_path_has_121_characters() {
        assert_eq!(long_path().len(), 121);
    }
}
