//! RSA keys of 2048 to 8192 bits.

use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::pki_types::alg_id;
use rustls::sign::{SigningKey, public_key_to_spki};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::{Pair, Secret, unusable};
use crate::rsa::{PrivateKey, pkcs1, pss};

/// Weaker keys prove nothing any more.
const LEAST_BITS: usize = 2048;

/// Parses an `RSAPrivateKey` (RFC 8017, appendix A.1.2).
pub(super) fn load(der: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    let reason = "it is malformed, or no RSA key of 2048 to 8192 bits";
    let key = PrivateKey::from_der(der)
        .filter(|key| key.bits() >= LEAST_BITS)
        .ok_or_else(|| unusable(reason))?;
    Ok(Arc::new(Pair {
        public: public_key_to_spki(&alg_id::RSA_ENCRYPTION, key.public_key()),
        secret: Arc::new(key),
        algorithm: SignatureAlgorithm::RSA,
        schemes: &[
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
        ],
    }))
}

impl Secret for PrivateKey {
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        match scheme {
            SignatureScheme::RSA_PSS_SHA256 => pss::SHA256.sign(self, message),
            SignatureScheme::RSA_PSS_SHA384 => pss::SHA384.sign(self, message),
            SignatureScheme::RSA_PSS_SHA512 => pss::SHA512.sign(self, message),
            SignatureScheme::RSA_PKCS1_SHA256 => pkcs1::SHA256.sign(self, message),
            SignatureScheme::RSA_PKCS1_SHA384 => pkcs1::SHA384.sign(self, message),
            SignatureScheme::RSA_PKCS1_SHA512 => pkcs1::SHA512.sign(self, message),
            _ => None,
        }
    }
}
