//! Verification of signatures through the provider's public face.

mod mutation;
mod odd_keys;
mod rsa_cases;
mod vectors;
mod wycheproof;

use rustls::SignatureScheme;
use rustls::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use sandcheck_crypto::provider;

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// ECDSA on P-256.
fn p256(scheme: SignatureScheme) -> Algorithm {
    algorithm(scheme, alg_id::ECDSA_P256)
}

/// ECDSA on P-384.
fn p384(scheme: SignatureScheme) -> Algorithm {
    algorithm(scheme, alg_id::ECDSA_P384)
}

fn ed25519() -> Algorithm {
    algorithm(SignatureScheme::ED25519, alg_id::ED25519)
}

fn rsa(scheme: SignatureScheme) -> Algorithm {
    algorithm(scheme, alg_id::RSA_ENCRYPTION)
}

/// What the provider verifies signatures of `scheme` with when the key is of the kind `key`.
fn algorithm(scheme: SignatureScheme, key: AlgorithmIdentifier) -> Algorithm {
    let algorithms = provider().signature_verification_algorithms;
    let mut of_scheme = algorithms
        .mapping
        .iter()
        .filter(|(other, _)| *other == scheme);
    let (_, candidates) = of_scheme.next().expect("the provider knows the scheme");
    *candidates
        .iter()
        .find(|algorithm| algorithm.public_key_alg_id() == key)
        .expect("the scheme goes with the key")
}

#[test]
fn schemes_of_tls_1_3_fix_the_curve() {
    // RFC 8446, section 4.2.3: rustls takes the first algorithm for TLS 1.3.
    let algorithms = provider().signature_verification_algorithms;
    let first = |scheme| {
        let entry = algorithms
            .mapping
            .iter()
            .find(|(other, _)| *other == scheme);
        entry
            .and_then(|(_, candidates)| candidates.first())
            .map(|first| first.public_key_alg_id())
    };
    assert_eq!(
        first(SignatureScheme::ECDSA_NISTP256_SHA256),
        Some(alg_id::ECDSA_P256)
    );
    assert_eq!(
        first(SignatureScheme::ECDSA_NISTP384_SHA384),
        Some(alg_id::ECDSA_P384)
    );
}

#[test]
fn certificates_may_leave_the_parameters_of_rsa_out() {
    // RFC 4055, section 5. Contents of AlgorithmIdentifier: the object identifier alone.
    let algorithms = provider().signature_verification_algorithms;
    for with_null in [
        alg_id::RSA_PKCS1_SHA256,
        alg_id::RSA_PKCS1_SHA384,
        alg_id::RSA_PKCS1_SHA512,
    ] {
        let without = with_null.as_ref().strip_suffix(&[0x05, 0x00]).unwrap();
        let of_both: Vec<_> = algorithms
            .all
            .iter()
            .filter(|algorithm| {
                let id = algorithm.signature_alg_id();
                id == with_null || id.as_ref() == without
            })
            .collect();
        assert_eq!(of_both.len(), 2);
    }
}
