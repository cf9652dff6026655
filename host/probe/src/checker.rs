//! `POST /v1/checker` of Icinga's `ifw-api`: an object of arguments in, an object with the result out
//! (`lib/methods/ifwapichecktask.cpp` of Icinga 2.14).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::given::Given;

/// The arguments of a command, as they were sent and in that order: `-H`, `--port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments(pub Vec<(String, Given)>);

/// What is wrong with a body, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyError(String);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BodyError {}

impl Arguments {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        serde_json::from_slice(body)
            .map_err(|error| BodyError(format!("the body cannot be read: {error}")))
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ArgumentsVisitor)
    }
}

struct ArgumentsVisitor;

impl<'de> Visitor<'de> for ArgumentsVisitor {
    type Value = Arguments;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of options and their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments, A::Error> {
        let (mut arguments, mut names) = (Vec::new(), BTreeSet::new());
        while let Some((name, value)) = map.next_entry::<String, Given>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("'{name}' is given twice")));
            }
            arguments.push((name, value));
        }
        Ok(Arguments(arguments))
    }
}

/// What Icinga reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// 0 to 3.
    pub exitcode: u8,
    /// The text without performance data.
    pub checkresult: String,
    /// One entry for each metric.
    pub perfdata: Vec<String>,
}

impl Outcome {
    /// The body of the answer.
    #[must_use]
    pub fn json(&self, command: &str) -> String {
        let named = Named {
            command,
            outcome: self,
        };
        // Texts and a number: nothing can fail.
        serde_json::to_string(&named).unwrap_or_default()
    }
}

struct Named<'a> {
    command: &'a str,
    outcome: &'a Outcome,
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.command, self.outcome)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_as_icinga_sends_them() {
        let body = br#"{"-C":["NOOP","RSET"],"-H":"mx","-S":true,"-p":25,"-q":null}"#;
        let arguments = Arguments::parse(body).unwrap().0;
        let names: Vec<_> = arguments.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["-C", "-H", "-S", "-p", "-q"]);
        assert_eq!(arguments[2].1, Given::Switch(true));
        assert_eq!(Arguments::parse(b"{}").unwrap().0, []);
    }

    #[test]
    fn what_is_no_body() {
        for (body, part) in [
            (&b""[..], "EOF while parsing"),
            (b"[]", "expected an object of options"),
            (b"{\"-H\":{}}", "expected a text, a number"),
            (b"{\"-H\":\"a\",\"-H\":\"b\"}", "'-H' is given twice"),
            (b"{} x", "trailing characters"),
            (b"{\"-H\":\"\xff\"}", "invalid unicode"),
        ] {
            let error = Arguments::parse(body).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_answer_has_the_documented_shape() {
        let outcome = Outcome {
            exitcode: 2,
            checkresult: "SMTP CRITICAL - \"x\"\n".to_owned(),
            perfdata: vec!["time=0.1s".to_owned()],
        };
        assert_eq!(
            outcome.json("check_smtp"),
            r#"{"check_smtp":{"exitcode":2,"checkresult":"SMTP CRITICAL - \"x\"\n","perfdata":["time=0.1s"]}}"#
        );
    }
}
