//! A certificate in words, for people who look for what is wrong with it.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Any, Oid};
use x509_parser::certificate::Validity;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::certificate::{date, string};
use crate::fields::Fields;

/// The subject alternative name's object identifier, 2.5.29.17, in DER.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// How names of people and machines are abbreviated (RFC 4514 section 3, and what OpenSSL adds).
const ATTRIBUTES: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// What a certificate says. What cannot be read is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// `C=DE, O=Example, CN=mx.example.org`.
    pub subject: String,
    /// The same of who signed it.
    pub issuer: String,
    /// Host names, addresses and mailboxes that it is for (RFC 5280 section 4.2.1.6).
    pub names: Vec<String>,
    /// Hexadecimal.
    pub serial: String,
    /// `Wed Aug 18 19:00:00 2027 +0000`.
    pub begins: String,
    /// The same.
    pub ends: String,
    /// The SHA-256 fingerprint of the certificate, as `openssl x509 -fingerprint` prints it.
    pub fingerprint: String,
    /// That of its key (`SubjectPublicKeyInfo`).
    pub key_fingerprint: String,
}

impl Text {
    /// Reads a certificate in DER.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        let Some(fields) = Fields::parse(der) else {
            return Self {
                fingerprint: fingerprint(der),
                ..Self::default()
            };
        };
        let validity = Validity::from_der(fields.validity).ok();
        let (begins, ends) = validity.map_or_else(Default::default, |(_, validity)| {
            (date(validity.not_before), date(validity.not_after))
        });
        Self {
            subject: name(fields.subject),
            issuer: name(fields.issuer),
            names: names(fields.rest).unwrap_or_default(),
            serial: serial(fields.serial),
            begins,
            ends,
            fingerprint: fingerprint(der),
            key_fingerprint: fingerprint(fields.key),
        }
    }
}

fn fingerprint(der: &[u8]) -> String {
    hex(&Sha256::digest(der), ":")
}

/// RFC 5280 section 4.1.2.2: positive, so that a zero may stand in front.
fn serial(number: &[u8]) -> String {
    let number = match number {
        [0, rest @ ..] if !rest.is_empty() => rest,
        number => number,
    };
    hex(number, "")
}

/// Bytes in pairs of hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], between: &str) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(between)
}

fn name(der: &[u8]) -> String {
    let Ok((_, name)) = X509Name::from_der(der) else {
        return String::new();
    };
    let parts: Vec<_> = name
        .iter_attributes()
        .map(|attribute| {
            format!(
                "{}={}",
                abbreviation(attribute.attr_type()),
                string(attribute)
            )
        })
        .collect();
    parts.join(", ")
}

fn abbreviation(kind: &Oid<'_>) -> String {
    let number = kind.to_id_string();
    let known = ATTRIBUTES.iter().find(|(known, _)| *known == number);
    known.map_or(number, |(_, short)| (*short).to_owned())
}

/// The value of a DER element.
fn content(der: &[u8]) -> Option<&[u8]> {
    Any::from_der(der).ok().map(|(_, any)| any.data)
}

/// The elements that stand one behind the other, as class and tag number, and value.
fn elements(mut der: &[u8]) -> Vec<(u32, &[u8])> {
    let mut found = Vec::new();
    while let Ok((rest, any)) = Any::from_der(der) {
        found.push((any.tag().0, any.data));
        der = rest;
    }
    found
}

/// The alternative names among what stands behind the key (RFC 5280 section 4.1: `[3]`).
fn names(rest: &[u8]) -> Option<Vec<String>> {
    let behind_key = elements(rest);
    let (_, extensions) = behind_key.into_iter().find(|(tag, _)| *tag == 3)?;
    let extensions = elements(content(extensions)?);
    let value = extensions
        .into_iter()
        .find_map(|(_, extension)| alternative_names(extension))?;
    let names = elements(content(value)?);
    Some(names.into_iter().filter_map(general_name).collect())
}

/// The value of an extension, if it is the one with the names.
fn alternative_names(extension: &[u8]) -> Option<&[u8]> {
    let parts = elements(extension);
    let (_, id) = parts.first()?;
    let (_, value) = parts.last()?;
    (*id == ALTERNATIVE_NAMES).then_some(value)
}

/// A `GeneralName`, if it is one that mail servers have.
fn general_name((tag, value): (u32, &[u8])) -> Option<String> {
    match tag {
        1 | 2 => Some(String::from_utf8_lossy(value).into_owned()),
        7 => address(value).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of DER, short enough for one byte of length.
    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        [&[tag, u8::try_from(content.len()).unwrap()], &content[..]].concat()
    }

    fn attribute(id: &[u8], text: &str) -> Vec<u8> {
        let pair = [element(6, &[id]), element(12, &[text.as_bytes()])].concat();
        element(0x31, &[&element(0x30, &[&pair])])
    }

    fn certificate() -> Vec<u8> {
        let common = attribute(&[0x55, 4, 3], "mx");
        let other = attribute(&[0x2a, 3], "x");
        let subject = element(0x30, &[&other, &common]);
        let issuer = element(0x30, &[&common]);
        let dates = element(
            0x30,
            &[
                &element(0x17, &[b"500101000000Z"]),
                &element(0x17, &[b"690101000000Z"]),
            ],
        );
        let names = [
            element(0x82, &[b"mx.example"]),
            element(0x87, &[&[192, 0, 2, 1]]),
            element(0x87, &[&[1, 2]]),
            element(0x86, &[b"http://x"]),
        ];
        let names = element(0x30, &[&names.concat()]);
        let unknown = element(0x30, &[&element(6, &[&[0x2a, 3]]), &element(4, &[b"x"])]);
        let known = element(
            0x30,
            &[
                &element(6, &[ALTERNATIVE_NAMES]),
                &element(1, &[&[0xff]]),
                &element(4, &[&names]),
            ],
        );
        let extensions = element(0xa3, &[&element(0x30, &[&unknown, &known])]);
        let (algorithm, key) = (element(0x30, &[]), element(0x30, &[]));
        let serial = element(2, &[&[0, 0xab, 1]]);
        let fields = [serial, algorithm, issuer, dates, subject, key, extensions];
        let body = fields.concat();
        // Longer than 127 bytes.
        let body = [&[0x30, 0x81, u8::try_from(body.len()).unwrap()], &body[..]].concat();
        [&[0x30, 0x81, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    }

    #[test]
    fn what_it_says_is_told() {
        let text = Text::of(&certificate());
        assert_eq!(text.subject, "1.2.3=x, CN=mx");
        assert_eq!(text.issuer, "CN=mx");
        assert_eq!(text.names, ["mx.example", "192.0.2.1"]);
        assert_eq!(text.serial, "AB01");
        assert_eq!(text.begins, "Sun Jan  1 00:00:00 1950 +0000");
        assert_eq!(text.ends, "Wed Jan  1 00:00:00 1969 +0000");
        assert_eq!(text.fingerprint.len(), 32 * 3 - 1);
        // `printf '\x30\x00' | sha256sum`
        assert!(
            text.key_fingerprint.starts_with("E4:F6:0D:0A:"),
            "{}",
            text.key_fingerprint
        );
    }

    #[test]
    fn nonsense_has_a_fingerprint() {
        for der in [&b""[..], b"\x30\x03\x02\x01\x01", &[0xff; 300]] {
            let text = Text::of(der);
            assert!(text.subject.is_empty() && text.fingerprint.len() == 95);
        }
        let whole = certificate();
        for end in 0..whole.len() {
            let _ = Text::of(&whole[..end]);
        }
    }
}
