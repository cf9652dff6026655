//! ECDSA on the curves P-256 and P-384 (FIPS 186-5), with signatures in DER (RFC 3279).

use core::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::elliptic_curve::sec1::Tag;
use rustls::crypto::hash::Hash;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use crate::hash::{SHA256, SHA384};

/// P-256 with SHA-256.
pub(super) static P256_SHA256: Ecdsa = Ecdsa {
    name: "ECDSA P-256 SHA-256",
    verify: verify_p256,
    hash: &SHA256,
    key_id: alg_id::ECDSA_P256,
    signature_id: alg_id::ECDSA_SHA256,
};

/// P-256 with SHA-384.
pub(super) static P256_SHA384: Ecdsa = Ecdsa {
    name: "ECDSA P-256 SHA-384",
    verify: verify_p256,
    hash: &SHA384,
    key_id: alg_id::ECDSA_P256,
    signature_id: alg_id::ECDSA_SHA384,
};

/// P-384 with SHA-256.
pub(super) static P384_SHA256: Ecdsa = Ecdsa {
    name: "ECDSA P-384 SHA-256",
    verify: verify_p384,
    hash: &SHA256,
    key_id: alg_id::ECDSA_P384,
    signature_id: alg_id::ECDSA_SHA256,
};

/// P-384 with SHA-384.
pub(super) static P384_SHA384: Ecdsa = Ecdsa {
    name: "ECDSA P-384 SHA-384",
    verify: verify_p384,
    hash: &SHA384,
    key_id: alg_id::ECDSA_P384,
    signature_id: alg_id::ECDSA_SHA384,
};

/// Verifies on one curve: takes the public key, the message's hash and the signature.
type VerifyHash = fn(&[u8], &[u8], &[u8]) -> Result<(), InvalidSignature>;

/// ECDSA on one curve with one hash function.
pub(super) struct Ecdsa {
    name: &'static str,
    verify: VerifyHash,
    hash: &'static dyn Hash,
    key_id: AlgorithmIdentifier,
    signature_id: AlgorithmIdentifier,
}

impl fmt::Debug for Ecdsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        // RFC 8422, section 5.1.1: points are uncompressed, in certificates as well.
        if public_key.first() != Some(&Tag::Uncompressed.into()) {
            return Err(InvalidSignature);
        }
        (self.verify)(public_key, self.hash.hash(message).as_ref(), signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key_id
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }
}

fn verify_p256(key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
    use p256::ecdsa::{DerSignature, VerifyingKey};

    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
    let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
    key.verify_prehash(hash, &signature)
        .map_err(|_| InvalidSignature)
}

fn verify_p384(key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
    use p384::ecdsa::{DerSignature, VerifyingKey};

    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
    let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
    key.verify_prehash(hash, &signature)
        .map_err(|_| InvalidSignature)
}
