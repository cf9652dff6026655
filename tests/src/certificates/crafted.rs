//! Certificates that no authority would issue, put together from DER (RFC 5280 section 4.1).

use serde::Deserialize;

use super::der::{
    BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING,
    context, value, values,
};
use crate::bytes::Bytes;
use crate::hex::Hex;

/// `id-at-commonName` (2.5.4.3).
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// `id-ce-subjectAltName` (2.5.29.17).
const SUBJECT_ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
/// An extension that nobody knows (2.5.29.127).
const UNKNOWN_EXTENSION: [u8; 3] = [0x55, 0x1d, 0x7f];
/// `ecdsa-with-SHA256` (1.2.840.10045.4.3.2).
const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `dNSName` of a `GeneralName`: context-specific and primitive.
const DNS_NAME: u8 = 0x82;

/// What is peculiar about a certificate; without any of it, it is valid until 2049 and its common
/// name is `mx.example.org`.  It is signed by nobody.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crafted {
    /// The subject's common name.
    common_name: Option<Value>,
    /// The beginning of its validity,
    not_before: Option<Value>,
    /// and its end.
    not_after: Option<Value>,
    /// How many names it has beside that.
    names: usize,
    /// How many bytes an unknown extension holds.
    padding: Option<usize>,
    /// Only so many bytes of it are shown.
    keep: Option<usize>,
    /// It is these bytes, instead of all that.
    der: Option<Hex>,
    /// How often it is shown, as if it were a chain; once unless said otherwise.
    chain: Option<usize>,
    /// Whether the handshake is signed with a key that is not the certificate's.
    pub(super) other_key: bool,
}

/// A value of ASN.1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    /// The octet that says what it is.
    tag: u8,
    /// What it holds,
    text: Bytes,
    /// so many times.
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

impl Value {
    fn der(&self) -> Vec<u8> {
        value(self.tag, &self.text.0.repeat(self.times))
    }
}

impl Crafted {
    /// The certificates to show; `key` is a `SubjectPublicKeyInfo`.
    pub(super) fn chain(&self, key: &[u8]) -> Vec<Vec<u8>> {
        let mut der = match &self.der {
            Some(der) => der.bytes(&[]),
            None => self.certificate(key),
        };
        der.truncate(self.keep.unwrap_or(usize::MAX));
        vec![der; self.chain.unwrap_or(1)]
    }

    fn certificate(&self, key: &[u8]) -> Vec<u8> {
        let unsigned = values(
            SEQUENCE,
            &[
                value(context(0), &value(INTEGER, &[2])),
                value(INTEGER, &[1]),
                algorithm(),
                name(&value(UTF8_STRING, b"Nobody")),
                self.validity(),
                name(
                    &self
                        .common_name
                        .as_ref()
                        .map_or_else(usual_name, Value::der),
                ),
                key.to_vec(),
                self.extensions(),
            ],
        );
        values(
            SEQUENCE,
            &[unsigned, algorithm(), value(BIT_STRING, &[0; 65])],
        )
    }

    fn validity(&self) -> Vec<u8> {
        let time = |given: &Option<Value>, usual: &[u8]| {
            let usual = || value(UTC_TIME, usual);
            given.as_ref().map_or_else(usual, Value::der)
        };
        let begin = time(&self.not_before, b"200101000000Z");
        let end = time(&self.not_after, b"491231235959Z");
        values(SEQUENCE, &[begin, end])
    }

    fn extensions(&self) -> Vec<u8> {
        let names: Vec<_> = (0..self.names)
            .map(|n| value(DNS_NAME, format!("mx{n}.example.org").as_bytes()))
            .collect();
        let names = (!names.is_empty())
            .then(|| extension(&SUBJECT_ALTERNATIVE_NAME, &values(SEQUENCE, &names)));
        let padding = self
            .padding
            .map(|length| extension(&UNKNOWN_EXTENSION, &vec![0; length]));
        let all: Vec<_> = names.into_iter().chain(padding).collect();
        if all.is_empty() {
            return Vec::new();
        }
        value(context(3), &values(SEQUENCE, &all))
    }
}

fn usual_name() -> Vec<u8> {
    value(UTF8_STRING, b"mx.example.org")
}

fn algorithm() -> Vec<u8> {
    value(SEQUENCE, &value(OBJECT_IDENTIFIER, &ECDSA_WITH_SHA256))
}

/// A name of one common name.
fn name(common_name: &[u8]) -> Vec<u8> {
    let attribute = [value(OBJECT_IDENTIFIER, &COMMON_NAME), common_name.to_vec()];
    value(SEQUENCE, &value(SET, &values(SEQUENCE, &attribute)))
}

fn extension(identifier: &[u8], contents: &[u8]) -> Vec<u8> {
    let identifier = value(OBJECT_IDENTIFIER, identifier);
    values(SEQUENCE, &[identifier, value(OCTET_STRING, contents)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(text: &str) -> Vec<Vec<u8>> {
        let crafted: Crafted = toml::from_str(text).unwrap();
        crafted.chain(&value(SEQUENCE, b""))
    }

    #[test]
    fn values_are_put_where_they_belong() {
        let der = &chain(
            "common_name = {tag = 30, text = '\u{e9}x', times = 2}\n\
             not_after = {tag = 24, text = '99991231235959Z'}",
        )[0];
        let holds = |bytes: &[u8]| der.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(b"\x06\x03\x55\x04\x03\x1e\x04\xe9x\xe9x"));
        assert!(holds(b"\x17\x0d200101000000Z\x18\x0f99991231235959Z"));
    }

    #[test]
    fn a_certificate_may_be_long_short_repeated_or_missing() {
        let usual = chain("")[0].len();
        assert!(chain("padding = 100_000")[0].len() > usual + 100_000);
        assert!(chain("names = 1000")[0].len() > usual + 1000 * 16);
        assert_eq!(chain("keep = 10")[0].len(), 10);
        assert_eq!(chain("der = '30 00'\nchain = 3"), vec![vec![0x30, 0]; 3]);
        assert!(chain("chain = 0").is_empty());
    }
}
