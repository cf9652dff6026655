//! The value of an option, as JSON and YAML write it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

/// What is given for an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Switch(bool),
    /// A text or a number.
    Text(String),
    /// Several of them.
    List(Vec<String>),
}

/// The form, for messages.
const FORM: &str = "a text, a number, true, or a list of texts and numbers";

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_none<E>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        Given::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Switch(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Given, E> {
        Ok(Given::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Given, E> {
        Ok(Given::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Given, E> {
        Ok(Given::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let mut texts = Vec::new();
        while let Some(item) = items.next_element::<Given>()? {
            match item {
                Given::Text(text) => texts.push(text),
                Given::Null | Given::Switch(_) | Given::List(_) => {
                    return Err(de::Error::custom(format!("expected {FORM}")));
                }
            }
        }
        Ok(Given::List(texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let text = |text: &str| Given::Text(text.to_owned());
        for (json, expected) in [
            ("null", Given::Null),
            ("true", Given::Switch(true)),
            ("\"a b\"", text("a b")),
            ("25", text("25")),
            ("-1", text("-1")),
            ("2.5", text("2.5")),
            (
                "[\"a\", 1]",
                Given::List(vec!["a".to_owned(), "1".to_owned()]),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Given>(json).unwrap(), expected);
        }
        for json in ["{}", "[[]]", "[true]", "[null]"] {
            let error = serde_json::from_str::<Given>(json).unwrap_err();
            assert!(error.to_string().contains(FORM), "{json}: {error}");
        }
    }
}
