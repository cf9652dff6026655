//! RSA public keys and their one operation. Nothing here is secret.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use pkcs1::RsaPublicKeyRef;
use pkcs1::der::Decode;

/// How many bits a modulus may have: few enough for old mail servers, not so many that a server
/// could make us work at length.
const MODULUS_BITS: RangeInclusive<u32> = 1024..=8192;

/// How many bits a public exponent may have. RFC 8017, section 3.1: it is at least 3.
const EXPONENT_BITS: RangeInclusive<u32> = 2..=33;

/// A public key: modulus and exponent are odd and within bounds.
pub(super) struct PublicKey {
    pub(super) modulus: Odd<BoxedUint>,
    exponent: Odd<BoxedUint>,
}

impl PublicKey {
    /// Parses an `RSAPublicKey` (RFC 8017, appendix A.1.1) in strict DER.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let key = RsaPublicKeyRef::from_der(der).ok()?;
        Some(Self {
            modulus: odd_integer(key.modulus.as_bytes(), &MODULUS_BITS)?,
            exponent: odd_integer(key.public_exponent.as_bytes(), &EXPONENT_BITS)?,
        })
    }

    /// The modulus' length in bits.
    pub(super) fn bits(&self) -> usize {
        self.modulus.bits() as usize
    }

    /// The modulus' length in bytes.
    pub(super) fn len(&self) -> usize {
        self.bits().div_ceil(8)
    }

    /// The encoded message that `signature` was made of, as long as the modulus (RFC 8017,
    /// sections 8.1.2 and 8.2.2, steps 1 and 2).
    pub(super) fn encoded_message(&self, signature: &[u8]) -> Option<Vec<u8>> {
        // Step 1: signature and modulus are equally long.
        if signature.len() != self.len() {
            return None;
        }
        let precision = self.modulus.bits_precision();
        let signature = BoxedUint::from_be_slice(signature, precision).ok()?;
        // RFC 8017, section 5.2.2, step 1: the representative is below the modulus.
        if signature >= *self.modulus.as_ref() {
            return None;
        }
        self.to_bytes(&self.power(signature))
    }

    /// A number below the modulus in as many bytes as the modulus has (RFC 8017, section 4.1).
    pub(super) fn to_bytes(&self, number: &BoxedUint) -> Option<Vec<u8>> {
        let bytes = number.to_be_bytes();
        let excess = bytes.len().checked_sub(self.len())?;
        bytes.get(excess..).map(<[u8]>::to_vec)
    }

    /// `base` to the power of the exponent, modulo the modulus (RFC 8017, section 5.2.2, step 2).
    ///
    /// Squares and multiplies by the exponent's bits from the second down, which takes half the
    /// time of crypto-bigint's `pow`: that one hides the exponent, and this one is public.
    pub(super) fn power(&self, base: BoxedUint) -> BoxedUint {
        let parameters = BoxedMontyParams::new_vartime(self.modulus.clone());
        let base = BoxedMontyForm::new(base, &parameters);
        let mut power = base.clone();
        for bit in (0..self.exponent.bits()).rev().skip(1) {
            power = power.square();
            if self.exponent.bit_vartime(bit) {
                power = power.mul(&base);
            }
        }
        power.retrieve()
    }
}

/// The number that `bytes` stand for, if it is odd and has as many bits as `bits` allows.
fn odd_integer(bytes: &[u8], bits: &RangeInclusive<u32>) -> Option<Odd<BoxedUint>> {
    let number = BoxedUint::from_be_slice_vartime(bytes);
    if !bits.contains(&number.bits()) {
        return None;
    }
    Odd::new(number).into_option()
}
