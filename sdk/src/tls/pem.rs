//! Certificates, revocation lists and keys in PEM (RFC 7468).

use std::fmt;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};

/// What is wrong with a PEM text. Its `Display` completes "the file ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described by its Display")]
pub enum PemError {
    NoCertificate,
    NoRevocationList,
    Malformed,
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCertificate => "holds no certificate (PEM: -----BEGIN CERTIFICATE-----)",
            Self::NoRevocationList => "holds no revocation list (PEM: -----BEGIN X509 CRL-----)",
            Self::Malformed => "is damaged: its PEM cannot be decoded",
        })
    }
}

impl std::error::Error for PemError {}

/// All certificates of a text, in order; there has to be one.
pub(super) fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, PemError> {
    all(text, PemError::NoCertificate)
}

/// All revocation lists of a text; there has to be one.
pub(super) fn revocation_lists(
    text: &str,
) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    all(text, PemError::NoRevocationList)
}

fn all<T: PemObject>(text: &str, none: PemError) -> Result<Vec<T>, PemError> {
    let objects: Result<Vec<_>, _> = T::pem_slice_iter(text.as_bytes()).collect();
    match objects {
        Ok(objects) if objects.is_empty() => Err(none),
        Ok(objects) => Ok(objects),
        Err(_) => Err(PemError::Malformed),
    }
}
