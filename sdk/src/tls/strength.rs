//! Keys and signatures that prove nothing any more.

use crate::fields::{Fields, contents, sequence, split};

/// `rsaEncryption`, `id-RSASSA-PSS`, `id-ecPublicKey`, `id-Ed25519`, `id-Ed448`.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];

/// P-256, P-384, P-521 (RFC 5480 section 2.1.1.1).
const CURVES: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    &[0x2b, 0x81, 0x04, 0x00, 0x22],
    &[0x2b, 0x81, 0x04, 0x00, 0x23],
];

/// With RSA, DSA and ECDSA (RFC 3279 section 2.2).
const WEAK_SIGNATURES: [(&[u8], &str); 5] = [
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x02],
        "MD2",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
        "MD5",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
        "SHA-1",
    ),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03], "SHA-1"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], "SHA-1"),
];

/// The fewest bits of an RSA modulus (CA/Browser Forum, section 6.1.5).
const LEAST_RSA_BITS: usize = 2048;

/// The hash function of a certificate's signature, when it is one that can be forged.
pub(super) fn weak_signature(certificate: &Fields<'_>) -> Option<&'static str> {
    let (_, algorithm) = sequence(certificate.signature)?;
    let algorithm = contents(algorithm)?;
    let mut weak = WEAK_SIGNATURES.iter();
    weak.find(|(identifier, _)| *identifier == algorithm)
        .map(|(_, name)| *name)
}

/// What is weak about a key, a `SubjectPublicKeyInfo`.
pub(super) fn weak_key(key: &[u8]) -> Option<String> {
    let Some((algorithm, parameters, key)) = parts(key) else {
        return Some("it is malformed".to_owned());
    };
    match algorithm {
        RSA | RSA_PSS => weak_modulus(modulus_bits(key).unwrap_or_default()),
        ELLIPTIC if contents(parameters).is_some_and(|curve| CURVES.contains(&curve)) => None,
        ELLIPTIC => Some("it is on another curve than P-256, P-384 and P-521".to_owned()),
        ED25519 | ED448 => None,
        _ => Some("it is neither RSA nor elliptic".to_owned()),
    }
}

/// The algorithm, its parameters and the key of a `SubjectPublicKeyInfo`.
fn parts(key: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (_, parts) = sequence(key)?;
    let (algorithm, key) = split(parts)?;
    let (_, algorithm) = sequence(algorithm)?;
    let (identifier, parameters) = split(algorithm)?;
    // The first byte of a bit string is the number of bits that are not used.
    let key = contents(key)?.split_first()?.1;
    Some((contents(identifier)?, parameters, key))
}

/// The length of the modulus of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn modulus_bits(key: &[u8]) -> Option<usize> {
    let (_, numbers) = sequence(key)?;
    let modulus = contents(numbers)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros)?.leading_zeros() as usize;
    Some((modulus.len() - zeros) * 8 - first)
}

fn weak_modulus(bits: usize) -> Option<String> {
    if bits < LEAST_RSA_BITS {
        return Some(format!(
            "RSA of {bits} bits, {LEAST_RSA_BITS} are the least"
        ));
    }
    (!bits.is_multiple_of(8)).then(|| format!("RSA of {bits} bits, no multiple of 8"))
}
