//! The fields of a server's certificate that the check looks at (RFC 5280 section 4.1).
//!
//! Read one by one, up to the key: a certificate whose extensions make no sense can still be looked
//! at, as with the reference. (The whole-certificate parser also brings a hash table of extensions,
//! and with it one more import into the component.)

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::certificate::Validity;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// The tag of the version, which may be left out.
const VERSION: u8 = 0xa0;

/// A server's own certificate.
pub(crate) struct Leaf<'a> {
    pub(crate) validity: Validity,
    pub(crate) subject: X509Name<'a>,
    /// The `SubjectPublicKeyInfo` as DER.
    pub(crate) key: &'a [u8],
}

impl<'a> Leaf<'a> {
    /// Reads a certificate in DER; none when it is not one.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let (_, certificate) = sequence(der)?;
        let (_, fields) = sequence(certificate)?;
        let fields = match fields.first() {
            Some(&VERSION) => skip(fields)?,
            _ => fields,
        };
        let serial_skipped = skip(fields)?;
        let signature_skipped = skip(serial_skipped)?;
        let issuer_skipped = skip(signature_skipped)?;
        let (rest, validity) = Validity::from_der(issuer_skipped).ok()?;
        let (rest, subject) = X509Name::from_der(rest).ok()?;
        let behind_key = skip(rest)?;
        let key = rest.get(..rest.len() - behind_key.len())?;
        Some(Self {
            validity,
            subject,
            key,
        })
    }
}

/// What stands behind a sequence, and what is in it.
fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, any) = Any::from_der(der).ok()?;
    (any.tag() == Tag::Sequence).then_some((rest, any.data))
}

/// What stands behind a value.
fn skip(der: &[u8]) -> Option<&[u8]> {
    Any::from_der(der).ok().map(|(rest, _)| rest)
}
