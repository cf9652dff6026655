//! RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2).

use alloc::vec::Vec;
use core::fmt;

use rustls::crypto::hash::Hash;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use super::{PrivateKey, PublicKey};
use crate::hash;

/// With SHA-256.
pub(crate) static SHA256: Pkcs1 = Pkcs1 {
    name: "RSA PKCS #1 v1.5 SHA-256",
    hash: &hash::SHA256,
    digest_info: SHA256_DIGEST_INFO,
    signature_id: alg_id::RSA_PKCS1_SHA256,
};

/// With SHA-384.
pub(crate) static SHA384: Pkcs1 = Pkcs1 {
    name: "RSA PKCS #1 v1.5 SHA-384",
    hash: &hash::SHA384,
    digest_info: SHA384_DIGEST_INFO,
    signature_id: alg_id::RSA_PKCS1_SHA384,
};

/// With SHA-512.
pub(crate) static SHA512: Pkcs1 = Pkcs1 {
    name: "RSA PKCS #1 v1.5 SHA-512",
    hash: &hash::SHA512,
    digest_info: SHA512_DIGEST_INFO,
    signature_id: alg_id::RSA_PKCS1_SHA512,
};

// RFC 4055, section 5: in a certificate's algorithm identifier the parameters are NULL, and
// "implementations MUST accept the parameters being absent as well".

/// With SHA-256, in a certificate that leaves the parameters out.
pub(crate) static SHA256_ABSENT_PARAMETERS: Pkcs1 = Pkcs1 {
    name: "RSA PKCS #1 v1.5 SHA-256 (absent parameters)",
    hash: &hash::SHA256,
    digest_info: SHA256_DIGEST_INFO,
    signature_id: AlgorithmIdentifier::from_slice(&oid(11)),
};

/// With SHA-384, in a certificate that leaves the parameters out.
pub(crate) static SHA384_ABSENT_PARAMETERS: Pkcs1 = Pkcs1 {
    name: "RSA PKCS #1 v1.5 SHA-384 (absent parameters)",
    hash: &hash::SHA384,
    digest_info: SHA384_DIGEST_INFO,
    signature_id: AlgorithmIdentifier::from_slice(&oid(12)),
};

/// With SHA-512, in a certificate that leaves the parameters out.
pub(crate) static SHA512_ABSENT_PARAMETERS: Pkcs1 = Pkcs1 {
    name: "RSA PKCS #1 v1.5 SHA-512 (absent parameters)",
    hash: &hash::SHA512,
    digest_info: SHA512_DIGEST_INFO,
    signature_id: AlgorithmIdentifier::from_slice(&oid(13)),
};

/// The object identifier 1.2.840.113549.1.1.`last` in DER (RFC 8017, appendix C).
const fn oid(last: u8) -> [u8; 11] {
    [
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last,
    ]
}

// What stands before the hash in a `DigestInfo` in DER (RFC 8017, section 9.2, note 1).

const SHA256_DIGEST_INFO: [u8; 19] = digest_info(1, 32);
const SHA384_DIGEST_INFO: [u8; 19] = digest_info(2, 48);
const SHA512_DIGEST_INFO: [u8; 19] = digest_info(3, 64);

/// The hash function is 2.16.840.1.101.3.4.2.`id` and yields `length` bytes.
const fn digest_info(id: u8, length: u8) -> [u8; 19] {
    [
        0x30,
        17 + length, // DigestInfo
        0x30,
        13, // its digestAlgorithm
        0x06,
        9,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        0x02,
        id, // its algorithm
        0x05,
        0, // its parameters
        0x04,
        length, // the digest
    ]
}

/// The fewest padding bytes (RFC 8017, section 9.2).
const MIN_PADDING_LEN: usize = 8;

/// PKCS #1 v1.5 with one hash function.
pub(crate) struct Pkcs1 {
    name: &'static str,
    hash: &'static dyn Hash,
    digest_info: [u8; 19],
    signature_id: AlgorithmIdentifier,
}

impl fmt::Debug for Pkcs1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl SignatureVerificationAlgorithm for Pkcs1 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.verify(public_key, message, signature)
            .ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }
}

impl Pkcs1 {
    /// RSASSA-PKCS1-V1_5-VERIFY (RFC 8017, section 8.2.2): `Some` if the signature is valid.
    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
        let actual = PublicKey::from_der(public_key)?.encoded_message(signature)?;
        // Steps 3 and 4: encode and compare, never parse.
        let expected = self.encode(message, actual.len())?;
        (actual == expected).then_some(())
    }

    /// RSASSA-PKCS1-V1_5-SIGN (RFC 8017, section 8.2.1).
    pub(crate) fn sign(&self, key: &PrivateKey, message: &[u8]) -> Option<Vec<u8>> {
        key.sign(&self.encode(message, key.len())?)
    }

    /// EMSA-PKCS1-v1_5-ENCODE (RFC 8017, section 9.2) into `length` bytes.
    fn encode(&self, message: &[u8], length: usize) -> Option<Vec<u8>> {
        let hash = self.hash.hash(message);
        let fixed_len = 3 + self.digest_info.len() + hash.as_ref().len();
        let padding_len = length.checked_sub(fixed_len)?;
        if padding_len < MIN_PADDING_LEN {
            return None;
        }
        let mut encoded = Vec::with_capacity(length);
        encoded.extend([0x00, 0x01]);
        encoded.resize(2 + padding_len, 0xff);
        encoded.push(0x00);
        encoded.extend(self.digest_info);
        encoded.extend(hash.as_ref());
        Some(encoded)
    }
}
