//! RSA private keys and their one operation.

use alloc::vec::Vec;

use crypto_bigint::BoxedUint;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use pkcs1::RsaPrivateKeyRef;
use pkcs1::der::{Decode, Encode};
use zeroize::Zeroizing;

use super::PublicKey;

/// A private key. Its exponent is used whole: the primes would make it several times faster, and one
/// wrong result with them would tell the key.
pub(crate) struct PrivateKey {
    public: PublicKey,
    public_der: Vec<u8>,
    exponent: Zeroizing<BoxedUint>,
}

impl PrivateKey {
    /// Parses an `RSAPrivateKey` (RFC 8017, appendix A.1.2) in strict DER.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let key = RsaPrivateKeyRef::from_der(der).ok()?;
        let public_der = key.public_key().to_der().ok()?;
        let public = PublicKey::from_der(&public_der)?;
        let precision = public.modulus.bits_precision();
        let exponent = key.private_exponent.as_bytes();
        let exponent = Zeroizing::new(BoxedUint::from_be_slice(exponent, precision).ok()?);
        Some(Self {
            public,
            public_der,
            exponent,
        })
    }

    /// The modulus' length in bits.
    pub(crate) fn bits(&self) -> usize {
        self.public.bits()
    }

    /// The modulus' length in bytes.
    pub(super) fn len(&self) -> usize {
        self.public.len()
    }

    /// The public key as an `RSAPublicKey` (RFC 8017, appendix A.1.1).
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_der
    }

    /// RSASP1 (RFC 8017, section 5.2.1): the signature for an encoded message; none when the key is
    /// not a pair. The time that it takes does not depend on the exponent.
    pub(super) fn sign(&self, encoded: &[u8]) -> Option<Vec<u8>> {
        let modulus = &self.public.modulus;
        let message = BoxedUint::from_be_slice(encoded, modulus.bits_precision()).ok()?;
        if message >= *modulus.as_ref() {
            return None;
        }
        let parameters = BoxedMontyParams::new(modulus.clone());
        let base = BoxedMontyForm::new(message.clone(), &parameters);
        let signature = base.pow(&self.exponent).retrieve();
        let is_right = self.public.power(signature.clone()) == message;
        is_right.then(|| self.public.to_bytes(&signature)).flatten()
    }
}
