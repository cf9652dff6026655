//! RSASSA-PSS (RFC 8017, section 8.1) as TLS and its certificates use it: MGF1 with the same hash
//! function, and a salt as long as the hash (RFC 8446, section 4.2.3).

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use rustls::crypto::hash::{Hash, Output};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use super::{PrivateKey, PublicKey};
use crate::hash;

/// With SHA-256.
pub(crate) static SHA256: Pss = Pss {
    name: "RSA PSS SHA-256",
    hash: &hash::SHA256,
    signature_id: alg_id::RSA_PSS_SHA256,
};

/// With SHA-384.
pub(crate) static SHA384: Pss = Pss {
    name: "RSA PSS SHA-384",
    hash: &hash::SHA384,
    signature_id: alg_id::RSA_PSS_SHA384,
};

/// With SHA-512.
pub(crate) static SHA512: Pss = Pss {
    name: "RSA PSS SHA-512",
    hash: &hash::SHA512,
    signature_id: alg_id::RSA_PSS_SHA512,
};

/// PSS with one hash function.
pub(crate) struct Pss {
    name: &'static str,
    hash: &'static dyn Hash,
    signature_id: AlgorithmIdentifier,
}

impl fmt::Debug for Pss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl SignatureVerificationAlgorithm for Pss {
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

impl Pss {
    /// RSASSA-PSS-VERIFY (RFC 8017, section 8.1.2): `Some` if the signature is valid.
    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
        let key = PublicKey::from_der(public_key)?;
        let encoded = key.encoded_message(signature)?;
        // Step 2c: the encoded message has one bit less than the modulus.
        let encoded_bits = key.bits().checked_sub(1)?;
        let encoded = without_leading_zeros(&encoded, encoded_bits.div_ceil(8))?;
        self.verify_encoded(message, encoded, encoded_bits)
    }

    /// RSASSA-PSS-SIGN (RFC 8017, section 8.1.1), with a new salt.
    pub(crate) fn sign(&self, key: &PrivateKey, message: &[u8]) -> Option<Vec<u8>> {
        let mut salt = vec![0; self.hash.output_len()];
        getrandom::fill(&mut salt).ok()?;
        let encoded_bits = key.bits().checked_sub(1)?;
        key.sign(&self.encode(message, &salt, encoded_bits)?)
    }

    /// EMSA-PSS-ENCODE (RFC 8017, section 9.1.1).
    fn encode(&self, message: &[u8], salt: &[u8], encoded_bits: usize) -> Option<Vec<u8>> {
        let hash = self.salted_hash(message, salt);
        let length = encoded_bits.div_ceil(8);
        // Steps 3, 7 and 8: padding, a one, the salt.
        let fixed_len = hash.as_ref().len() + salt.len() + 2;
        let mut block = vec![0; length.checked_sub(fixed_len)?];
        block.push(0x01);
        block.extend(salt);
        // Steps 9 to 12.
        let mut encoded = self.mask(&block, hash.as_ref());
        *encoded.first_mut()? &= 0xff_u8.checked_shr(unused_bits(length, encoded_bits)?)?;
        encoded.extend(hash.as_ref());
        encoded.push(0xbc);
        Some(encoded)
    }

    /// EMSA-PSS-VERIFY (RFC 8017, section 9.1.2): `Some` if it is consistent.
    fn verify_encoded(&self, message: &[u8], encoded: &[u8], encoded_bits: usize) -> Option<()> {
        let hash_len = self.hash.output_len();
        // Steps 4 and 5: a masked data block, a hash and the trailer field.
        let (trailer, rest) = encoded.split_last()?;
        let (masked_block, hash) = split_before_last(rest, hash_len)?;
        // Steps 6 to 9.
        let used_bits = 0xff_u8.checked_shr(unused_bits(encoded.len(), encoded_bits)?)?;
        let unused_are_zero = masked_block.first()? & !used_bits == 0;
        let mut block = self.mask(masked_block, hash);
        *block.first_mut()? &= used_bits;
        // Steps 3 and 10: the padding fills what the salt leaves.
        let (padding, salt) = split_before_last(&block, hash_len)?;
        let is_consistent = *trailer == 0xbc
            && unused_are_zero
            && is_padding(padding)
            // Steps 12 to 14.
            && self.salted_hash(message, salt).as_ref() == hash;
        is_consistent.then_some(())
    }

    /// `block` with its mask, or again without it; MGF1 (RFC 8017, appendix B.2.1) makes it of `seed`.
    fn mask(&self, block: &[u8], seed: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(block.len());
        for (counter, chunk) in (0_u32..).zip(block.chunks(self.hash.output_len())) {
            let mask = self.hash_all(&[seed, &counter.to_be_bytes()]);
            masked.extend(
                chunk
                    .iter()
                    .zip(mask.as_ref())
                    .map(|(byte, mask)| byte ^ mask),
            );
        }
        masked
    }

    /// The hash of eight zeros, the message's hash and the salt (RFC 8017, section 9.1.2, steps 2,
    /// 12 and 13).
    fn salted_hash(&self, message: &[u8], salt: &[u8]) -> Output {
        self.hash_all(&[&[0; 8], self.hash.hash(message).as_ref(), salt])
    }

    fn hash_all(&self, parts: &[&[u8]]) -> Output {
        let mut context = self.hash.start();
        for part in parts {
            context.update(part);
        }
        context.finish()
    }
}

/// The last `length` of `bytes`, if those before them are zeros.
fn without_leading_zeros(bytes: &[u8], length: usize) -> Option<&[u8]> {
    let (leading, rest) = split_before_last(bytes, length)?;
    leading.iter().all(|byte| *byte == 0).then_some(rest)
}

/// Splits `bytes` before the last `length` of them.
fn split_before_last(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.len().checked_sub(length)?)
}

/// How many of the first bits of `bytes` bytes are more than `bits`: 0 to 7.
fn unused_bits(bytes: usize, bits: usize) -> Option<u32> {
    u32::try_from(bytes.checked_mul(8)?.checked_sub(bits)?).ok()
}

/// Whether these are zeros, then a one (RFC 8017, section 9.1.2, step 10).
fn is_padding(bytes: &[u8]) -> bool {
    bytes
        .split_last()
        .is_some_and(|(last, zeros)| *last == 0x01 && zeros.iter().all(|byte| *byte == 0))
}
