//! Ed25519 keys (RFC 8032).

use alloc::sync::Arc;
use alloc::vec::Vec;

use ed25519_dalek::{Signer, SigningKey as Ed25519Key};
use rustls::pki_types::alg_id;
use rustls::sign::{SigningKey, public_key_to_spki};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::{Pair, Secret, unusable};

/// Parses a `CurvePrivateKey` (RFC 8410, section 7): an octet string of 32 bytes.
pub(super) fn load(der: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    let seed = der.strip_prefix(&[0x04, 0x20]);
    let seed = seed.and_then(|seed| seed.try_into().ok());
    let secret = Ed25519Key::from_bytes(seed.ok_or_else(|| unusable("it is malformed"))?);
    Ok(Arc::new(Pair {
        public: public_key_to_spki(&alg_id::ED25519, secret.verifying_key()),
        secret: Arc::new(secret),
        algorithm: SignatureAlgorithm::ED25519,
        schemes: &[SignatureScheme::ED25519],
    }))
}

impl Secret for Ed25519Key {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        Some(Signer::sign(self, message).to_bytes().to_vec())
    }
}
