//! The certificate and key that a client shows.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{Error, PemObject};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::pem::{self, PemError};
use super::provider;
use crate::fields::Fields;

/// A client's certificate with its chain, and its key.
#[derive(Clone, Debug)]
pub struct Identity(Arc<SingleCertAndKey>);

/// Why there is no [`Identity`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described by its Display")]
pub enum IdentityError {
    Certificate(PemError),
    NoKey,
    EncryptedKey,
    /// The text says what is wrong with the key.
    Key(String),
    Mismatch,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) => write!(f, "the client certificate's file {error}"),
            Self::NoKey => f.write_str("there is no private key (PEM: -----BEGIN PRIVATE KEY-----)"),
            Self::EncryptedKey => f.write_str(
                "the private key is encrypted; `openssl pkey -in FILE -out FILE` writes one that is not",
            ),
            Self::Key(reason) => write!(f, "the private key cannot be used: {reason}"),
            Self::Mismatch => f.write_str("the private key is not that of the client certificate"),
        }
    }
}

impl std::error::Error for IdentityError {}

impl Identity {
    /// Reads a certificate with its chain, its own first, and a key: PKCS #8, PKCS #1 or SEC 1; RSA of
    /// 2048 bits at least, ECDSA on P-256 or P-384, Ed25519. Both in PEM; one text may serve as both.
    pub fn parse(certificates: &str, key: &str) -> Result<Self, IdentityError> {
        let chain = pem::certificates(certificates).map_err(IdentityError::Certificate)?;
        let key = provider()
            .key_provider
            .load_private_key(private_key(key)?)
            .map_err(|error| IdentityError::Key(reason(error)))?;
        let own = chain.first().and_then(|own| Fields::parse(own));
        let own = own.ok_or(IdentityError::Certificate(PemError::Malformed))?;
        if key.public_key().is_none_or(|key| *key != *own.key) {
            return Err(IdentityError::Mismatch);
        }
        let certified = CertifiedKey::new(chain, key);
        Ok(Self(Arc::new(certified.into())))
    }

    /// As the handshake wants it.
    pub(super) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::clone(&self.0)
    }
}

fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, IdentityError> {
    // PKCS #8's way (RFC 7468 section 11), and the one before it (RFC 1421 section 4.6.1.1).
    let is_encrypted =
        text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED");
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        _ if is_encrypted => IdentityError::EncryptedKey,
        Error::NoItemsFound => IdentityError::NoKey,
        _ => IdentityError::Key("its PEM is damaged".to_owned()),
    })
}

/// The provider's own words.
fn reason(error: rustls::Error) -> String {
    match error {
        rustls::Error::General(reason) => reason,
        other => other.to_string(),
    }
}
