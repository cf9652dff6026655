//! ECDSA keys on the curves P-256 and P-384, each with its own hash function (RFC 8446, section
//! 4.2.3). Signatures are deterministic (RFC 6979) and in DER.

use alloc::sync::Arc;
use alloc::vec::Vec;

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::PrivateKeyInfoRef;
use rustls::crypto::hash::Hash;
use rustls::pki_types::alg_id;
use rustls::sign::{SigningKey, public_key_to_spki};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::{Pair, Secret, unusable};
use crate::hash::{SHA256, SHA384};

const OTHER_CURVE: &str = "it is malformed, or on another curve than P-256 and P-384";

/// Parses an `ECPrivateKey` (RFC 5915, section 3).
pub(super) fn load(der: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    let p256 = p256::SecretKey::from_sec1_der(der).ok();
    let p384 = p384::SecretKey::from_sec1_der(der).ok();
    pair(p256, p384)
}

pub(super) fn load_pkcs8(key: &PrivateKeyInfoRef<'_>) -> Result<Arc<dyn SigningKey>, Error> {
    let p256 = p256::SecretKey::try_from(key.clone()).ok();
    let p384 = p384::SecretKey::try_from(key.clone()).ok();
    pair(p256, p384)
}

fn pair(
    p256: Option<p256::SecretKey>,
    p384: Option<p384::SecretKey>,
) -> Result<Arc<dyn SigningKey>, Error> {
    match (p256, p384) {
        (Some(key), _) => Ok(on_p256(&key)),
        (None, Some(key)) => Ok(on_p384(&key)),
        (None, None) => Err(unusable(OTHER_CURVE)),
    }
}

fn on_p256(key: &p256::SecretKey) -> Arc<dyn SigningKey> {
    let secret = p256::ecdsa::SigningKey::from(key);
    let public = secret.verifying_key().to_sec1_point(false);
    Arc::new(Pair {
        public: public_key_to_spki(&alg_id::ECDSA_P256, public.as_bytes()),
        secret: Arc::new(secret),
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    })
}

fn on_p384(key: &p384::SecretKey) -> Arc<dyn SigningKey> {
    let secret = p384::ecdsa::SigningKey::from(key);
    let public = secret.verifying_key().to_sec1_point(false);
    Arc::new(Pair {
        public: public_key_to_spki(&alg_id::ECDSA_P384, public.as_bytes()),
        secret: Arc::new(secret),
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP384_SHA384],
    })
}

impl Secret for p256::ecdsa::SigningKey {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let hash = SHA256.hash(message);
        let signature: p256::ecdsa::DerSignature = self.sign_prehash(hash.as_ref()).ok()?;
        Some(signature.as_bytes().to_vec())
    }
}

impl Secret for p384::ecdsa::SigningKey {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let hash = SHA384.hash(message);
        let signature: p384::ecdsa::DerSignature = self.sign_prehash(hash.as_ref()).ok()?;
        Some(signature.as_bytes().to_vec())
    }
}
