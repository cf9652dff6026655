//! The fields of a certificate that are looked at (RFC 5280 section 4.1).
//!
//! Found one by one and read when they are asked for: a server whose certificate has extensions or
//! dates that make no sense can still be talked to, as with the reference. (The
//! whole-certificate parser also brings a hash table of extensions, and with it one more import
//! into the component.)

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::prelude::FromDer;

/// The tag of the version, which may be left out.
const VERSION: u8 = 0xa0;

/// A certificate's fields as DER.
#[cfg_attr(
    not(feature = "tls"),
    allow(dead_code, reason = "chains are verified with TLS alone")
)]
pub(crate) struct Fields<'a> {
    /// The serial number, without its header.
    pub(crate) serial: &'a [u8],
    /// The `AlgorithmIdentifier` of the signature.
    pub(crate) signature: &'a [u8],
    /// The `Name` of the issuer.
    pub(crate) issuer: &'a [u8],
    /// The `Validity`.
    pub(crate) validity: &'a [u8],
    /// The `Name` of the subject.
    pub(crate) subject: &'a [u8],
    /// The `SubjectPublicKeyInfo`.
    pub(crate) key: &'a [u8],
    /// What stands behind the key: identifiers, extensions, or nothing.
    pub(crate) rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Finds the fields of a certificate in DER; none when it is not one.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let (_, certificate) = sequence(der)?;
        let (_, fields) = sequence(certificate)?;
        let fields = match fields.first() {
            Some(&VERSION) => split(fields)?.1,
            _ => fields,
        };
        let (serial, fields) = split(fields)?;
        let (signature, fields) = split(fields)?;
        let (issuer, fields) = split(fields)?;
        let (validity, fields) = split(fields)?;
        let (subject, fields) = split(fields)?;
        let (key, rest) = split(fields)?;
        Some(Self {
            serial: contents(serial)?,
            signature,
            issuer,
            validity,
            subject,
            key,
            rest,
        })
    }
}

/// What stands behind a sequence, and what is in it.
pub(crate) fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, any) = Any::from_der(der).ok()?;
    (any.tag() == Tag::Sequence).then_some((rest, any.data))
}

/// A value, and what stands behind it.
pub(crate) fn split(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, _) = Any::from_der(der).ok()?;
    der.split_at_checked(der.len().checked_sub(rest.len())?)
}

/// What is in a value.
pub(crate) fn contents(der: &[u8]) -> Option<&[u8]> {
    Any::from_der(der).ok().map(|(_, any)| any.data)
}
