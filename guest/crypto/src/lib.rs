//! A [rustls] crypto provider in pure Rust, made for WebAssembly components.
//!
//! It is for clients: it negotiates TLS 1.2 and 1.3, agrees on keys, protects records, verifies
//! signatures, and makes those of a client that shows a certificate. No
//! cryptographic primitive is written here: every one comes from the `RustCrypto` and dalek crates,
//! and this crate is the glue between them and rustls' traits.
//!
//! | offered | which |
//! |---|---|
//! | TLS 1.3 suites | AES-256-GCM, AES-128-GCM, ChaCha20-Poly1305 |
//! | TLS 1.2 suites | ECDHE with ECDSA or RSA, with the same three ciphers |
//! | groups | X25519, secp256r1, secp384r1 |
//! | signatures | ECDSA (P-256, P-384), Ed25519, RSA PKCS #1 v1.5 and PSS (1024 to 8192 bits) |
//! | keys of clients | the same, RSA of 2048 bits at least; in PKCS #8, PKCS #1 or SEC 1 |
//!
//! The crate needs `alloc` but not `std`, and its only import from the system is randomness: in a
//! component for WASI 0.2 that is `wasi:random/random`.
//!
//! # Example
//!
//! ```
//! use rustls::{ClientConfig, RootCertStore};
//!
//! # fn main() -> Result<(), rustls::Error> {
//! let builder = ClientConfig::builder_with_provider(sandcheck_crypto::provider().into());
//! let config = builder
//!     .with_safe_default_protocol_versions()?
//!     .with_root_certificates(RootCertStore::empty())
//!     .with_no_client_auth();
//! assert!(!config.fips());
//! # Ok(())
//! # }
//! ```
//!
//! # What each dependency is for
//!
//! - `aes-gcm`, `chacha20poly1305`: record protection
//! - `sha2`, `hmac`: transcript hashes and the key schedule
//! - `x25519-dalek`, `p256`, `p384`: key agreement; the latter two do ECDSA as well, and read PKCS #8
//! - `ed25519-dalek`: Ed25519
//! - `crypto-bigint`: the modular exponentiation of RSA
//! - `pkcs1`: strict DER parsing of RSA keys
//! - `getrandom`: the system's randomness
//! - `zeroize`: wipes secrets that only this crate holds

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod aead;
mod hash;
mod hmac;
mod kx;
mod random;
mod rsa;
mod sign;
mod suites;
mod verify;

use rustls::crypto::CryptoProvider;

/// The provider: what a rustls client needs to talk TLS 1.2 and 1.3.
///
/// Its lists are ordered by preference.
#[must_use]
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: suites::ALL.to_vec(),
        kx_groups: kx::ALL.to_vec(),
        signature_verification_algorithms: verify::ALGORITHMS,
        secure_random: &random::SystemRandom,
        key_provider: &sign::ClientKeys,
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use rustls::crypto::GetRandomFailed;
    use rustls::{CipherSuite, NamedGroup, SignatureScheme, SupportedCipherSuite};

    use zeroize::ZeroizeOnDrop;

    use super::provider;

    #[test]
    fn suites_are_in_order_of_preference() {
        let suites: Vec<_> = provider()
            .cipher_suites
            .iter()
            .map(SupportedCipherSuite::suite)
            .collect();
        assert_eq!(
            suites,
            [
                CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS13_AES_128_GCM_SHA256,
                CipherSuite::TLS13_AES_256_GCM_SHA384,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            ]
        );
    }

    #[test]
    fn groups_are_in_order_of_preference() {
        let groups: Vec<_> = provider()
            .kx_groups
            .iter()
            .map(|group| group.name())
            .collect();
        assert_eq!(
            groups,
            [
                NamedGroup::X25519,
                NamedGroup::secp256r1,
                NamedGroup::secp384r1
            ]
        );
    }

    #[test]
    fn schemes_are_in_order_of_preference() {
        let schemes = provider()
            .signature_verification_algorithms
            .supported_schemes();
        assert_eq!(
            schemes,
            [
                SignatureScheme::ECDSA_NISTP384_SHA384,
                SignatureScheme::ECDSA_NISTP256_SHA256,
                SignatureScheme::ED25519,
                SignatureScheme::RSA_PSS_SHA512,
                SignatureScheme::RSA_PSS_SHA384,
                SignatureScheme::RSA_PSS_SHA256,
                SignatureScheme::RSA_PKCS1_SHA512,
                SignatureScheme::RSA_PKCS1_SHA384,
                SignatureScheme::RSA_PKCS1_SHA256,
            ]
        );
    }

    #[test]
    fn algorithms_of_schemes_are_offered_for_certificates_as_well() {
        let algorithms = provider().signature_verification_algorithms;
        for algorithm in algorithms
            .mapping
            .iter()
            .flat_map(|(_, algorithms)| *algorithms)
        {
            let listed = algorithms.all.iter().any(|other| {
                other.public_key_alg_id() == algorithm.public_key_alg_id()
                    && other.signature_alg_id() == algorithm.signature_alg_id()
            });
            assert!(listed, "{algorithm:?}");
        }
    }

    #[test]
    fn random_bytes_differ() -> Result<(), GetRandomFailed> {
        let (mut one, mut other) = ([0; 32], [0; 32]);
        provider().secure_random.fill(&mut one)?;
        provider().secure_random.fill(&mut other)?;
        assert_ne!(one, other);
        Ok(())
    }

    #[test]
    fn what_holds_secrets_wipes_them() {
        fn check<T: ZeroizeOnDrop>() {}

        check::<aes_gcm::Aes128Gcm>();
        check::<aes_gcm::Aes256Gcm>();
        check::<chacha20poly1305::ChaCha20Poly1305>();
        // The state of HMAC is two states of its hash function; it has no mark of its own.
        check::<sha2::Sha256>();
        check::<sha2::Sha384>();
        check::<x25519_dalek::StaticSecret>();
        check::<x25519_dalek::SharedSecret>();
        check::<p256::SecretKey>();
        check::<p256::ecdh::SharedSecret>();
        check::<p384::SecretKey>();
        check::<p384::ecdh::SharedSecret>();
        check::<p256::ecdsa::SigningKey>();
        check::<p384::ecdsa::SigningKey>();
        check::<ed25519_dalek::SigningKey>();
    }
}
