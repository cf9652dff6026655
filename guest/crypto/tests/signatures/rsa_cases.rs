//! RSA keys and encodings at and beyond the bounds of what is accepted.

use std::collections::HashSet;

use rustls::SignatureScheme;

use crate::{Algorithm, rsa};

/// The cases; the file says what its columns are.
const CASES: &str = include_str!("rsa_cases.txt");

#[test]
fn all_cases_end_as_they_must() {
    let mut seen = HashSet::new();
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split('\t').collect();
        let [verdict, algorithm, name, public_key, signature] = columns[..] else {
            panic!("a case has five columns: {line}");
        };
        let result = algorithm_named(algorithm).verify_signature(
            &bytes(public_key),
            b"sandcheck",
            &bytes(signature),
        );
        match verdict {
            "accept" => assert!(result.is_ok(), "{algorithm}, {name}: refused"),
            "refuse" => assert!(result.is_err(), "{algorithm}, {name}: accepted"),
            other => panic!("a case is to accept or to refuse, not to {other}"),
        }
        assert!(seen.insert((algorithm, name)), "{algorithm}, {name}: twice");
    }
    assert_eq!(seen.len(), 85);
}

fn algorithm_named(name: &str) -> Algorithm {
    rsa(match name {
        "pkcs1-sha256" => SignatureScheme::RSA_PKCS1_SHA256,
        "pkcs1-sha384" => SignatureScheme::RSA_PKCS1_SHA384,
        "pss-sha256" => SignatureScheme::RSA_PSS_SHA256,
        "pss-sha384" => SignatureScheme::RSA_PSS_SHA384,
        "pss-sha512" => SignatureScheme::RSA_PSS_SHA512,
        other => panic!("no case is about {other}"),
    })
}

/// The bytes that a column spells in hexadecimal.
fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    let pairs = (0..hex.len())
        .step_by(2)
        .map(|start| &hex[start..start + 2]);
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
        .collect()
}
