//! Fingerprints of certificates and of their keys.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::certificate_text::hex;

/// The SHA-256 of a certificate, or of its key (`SubjectPublicKeyInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Hexadecimal digits, in pairs with colons or without, as `openssl x509 -fingerprint -sha256`
    /// prints them, with `sha256:` before them or not; or `sha256//` and Base64, as curl's
    /// `--pinnedpubkey` takes it. None when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(base64) = text.strip_prefix("sha256//") {
            let hash = Base64::decode_vec(base64).ok()?;
            return hash.try_into().ok().map(Self);
        }
        let digits = match text.rsplit_once('=') {
            Some((label, digits)) => is_label(label).then_some(digits)?,
            None => without_prefix(text),
        };
        hexadecimal(digits).map(Self)
    }

    /// Whether it is that of the certificate, or of its key.
    pub(super) fn is_of(&self, prints: &Fingerprints) -> bool {
        self.0 == prints.certificate || self.0 == prints.key
    }
}

/// `sha256 Fingerprint`, in any case.
fn is_label(label: &str) -> bool {
    label.eq_ignore_ascii_case("sha256 Fingerprint") || label.eq_ignore_ascii_case("sha256")
}

/// `sha256:` in any case is left out.
fn without_prefix(text: &str) -> &str {
    match text.split_once(':') {
        Some((prefix, digits)) if prefix.eq_ignore_ascii_case("sha256") => digits,
        _ => text,
    }
}

fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let pairs: Vec<&str> = if text.contains(':') {
        text.split(':').collect()
    } else {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let pairs = pairs.iter().map(|pair| str::from_utf8(pair));
        rest.is_empty()
            .then(|| pairs.collect::<Result<_, _>>().ok())??
    };
    let bytes: Option<Vec<u8>> = pairs.into_iter().map(byte).collect();
    bytes?.try_into().ok()
}

/// Two digits; `from_str_radix` alone would take a sign.
fn byte(pair: &str) -> Option<u8> {
    let is_pair = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_pair.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
}

/// What a certificate's pins can be.
pub(super) struct Fingerprints {
    certificate: [u8; 32],
    key: [u8; 32],
}

impl Fingerprints {
    /// Of a certificate and its `SubjectPublicKeyInfo`, both in DER.
    pub(super) fn new(certificate: &[u8], key: &[u8]) -> Self {
        Self {
            certificate: Sha256::digest(certificate).into(),
            key: Sha256::digest(key).into(),
        }
    }

    /// The certificate's in pairs of digits.
    pub(super) fn certificate(&self) -> String {
        hex(&self.certificate, ":")
    }

    /// The key's in Base64.
    pub(super) fn key(&self) -> String {
        Base64::encode_string(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_is_read() {
        let prints = Fingerprints::new(b"certificate", b"key");
        let colons = prints.certificate();
        let bare = colons.replace(':', "");
        for form in [
            colons.clone(),
            bare.to_lowercase(),
            format!("sha256:{bare}"),
            format!("SHA256:{colons}"),
            format!("sha256 Fingerprint={colons}"),
            format!("SHA256 Fingerprint={colons}\n"),
            format!("sha256//{}", prints.key()),
        ] {
            let pin = Pin::parse(&form).unwrap_or_else(|| panic!("{form}"));
            assert!(pin.is_of(&prints), "{form}");
            assert!(!pin.is_of(&Fingerprints::new(b"other", b"others")));
        }
    }

    #[test]
    fn what_is_no_sha256_is_refused() {
        let bare = "0".repeat(64);
        for bad in [
            String::new(),
            "0".repeat(40),
            "0".repeat(63),
            "0".repeat(66),
            format!("sha1:{bare}"),
            format!("SHA1 Fingerprint={bare}"),
            format!("{}g", "0".repeat(63)),
            format!("+1{}", "0".repeat(62)),
            format!("{}:0", "0".repeat(63)),
            "é".repeat(32),
            "sha256//".to_owned(),
            "sha256//AAAA".to_owned(),
            format!("sha256//{bare}"),
        ] {
            assert_eq!(Pin::parse(&bad), None, "{bad}");
        }
    }
}
