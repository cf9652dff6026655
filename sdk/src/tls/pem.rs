//! Certificates and revocation lists in PEM (RFC 7468). A system's trust anchors are 220 KB of it, so it is
//! decoded a section at a time, not line by line.

use std::fmt;

use base64ct::{Base64, Encoding};
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
    let found = sections(text, "CERTIFICATE")?;
    if found.is_empty() {
        return Err(PemError::NoCertificate);
    }
    Ok(found.into_iter().map(CertificateDer::from).collect())
}

/// All revocation lists of a text; there has to be one.
pub(super) fn revocation_lists(
    text: &str,
) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    let found = sections(text, "X509 CRL")?;
    if found.is_empty() {
        return Err(PemError::NoRevocationList);
    }
    let lists = found.into_iter();
    Ok(lists.map(CertificateRevocationListDer::from).collect())
}

/// What stands between the lines that begin and end a section with this label. Everything else may be
/// words for people.
fn sections(text: &str, label: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, section)) = rest.split_once(&begin) {
        let (body, behind) = section.split_once(&end).ok_or(PemError::Malformed)?;
        found.push(decoded(body)?);
        rest = behind;
    }
    Ok(found)
}

fn decoded(body: &str) -> Result<Vec<u8>, PemError> {
    let bytes = body.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let mut bytes: Vec<u8> = bytes.collect();
    let length = Base64::decode_in_place(&mut bytes).map(<[u8]>::len);
    bytes.truncate(length.map_err(|_| PemError::Malformed)?);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_among_other_text() {
        let text = "a root:\n-----BEGIN CERTIFICATE-----\r\n AQ\r\nID\t\n-----END CERTIFICATE-----\n\
                    -----BEGIN PRIVATE KEY-----\nBA==\n-----END PRIVATE KEY-----\n\
                    -----BEGIN CERTIFICATE-----\nBQ==\n-----END CERTIFICATE-----";
        assert_eq!(
            sections(text, "CERTIFICATE"),
            Ok(vec![vec![1, 2, 3], vec![5]])
        );
        assert_eq!(certificates("x"), Err(PemError::NoCertificate));
        assert_eq!(revocation_lists(text), Err(PemError::NoRevocationList));
    }

    #[test]
    fn what_is_damaged_is_no_certificate() {
        for body in [
            "AQI",
            "A===",
            "A Q ID -",
            "AQID\n-----END X509 CRL-----",
            "\u{e9}",
        ] {
            let text = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
            assert_eq!(certificates(&text), Err(PemError::Malformed), "{body}");
        }
        let cut = "-----BEGIN CERTIFICATE-----\nAQID\n";
        assert_eq!(certificates(cut), Err(PemError::Malformed));
    }
}
