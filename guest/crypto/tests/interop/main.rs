//! Conversations with the servers of OpenSSL and `GnuTLS`, also with a byte changed on the way.
//!
//! Needs the programs `openssl` (3.0 or later) and `gnutls-serv`; a test that misses one fails and
//! says which package has it.

mod authority;
mod client;
mod server;

use rustls::HandshakeKind::{Full, FullWithHelloRetryRequest, Resumed};
use rustls::SignatureScheme::{
    ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384, ED25519, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, Error, InconsistentKeys, NamedGroup, ProtocolVersion, SignatureScheme,
};

use authority::{Issued, Kind};
use client::{GROUPS, Negotiated, Offer, VERSIONS};
use server::Server;

#[test]
fn openssl_rsa_2048() {
    openssl_matrix(Kind::Rsa2048);
}

#[test]
fn openssl_rsa_3072() {
    openssl_matrix(Kind::Rsa3072);
}

#[test]
fn openssl_rsa_4096() {
    openssl_matrix(Kind::Rsa4096);
}

#[test]
fn openssl_p256() {
    openssl_matrix(Kind::P256);
}

#[test]
fn openssl_p384() {
    openssl_matrix(Kind::P384);
}

#[test]
fn openssl_ed25519() {
    openssl_matrix(Kind::Ed25519);
}

/// Both versions, with each of their suites and each group.
fn openssl_matrix(kind: Kind) {
    let issued = Issued::new(kind);
    let server = Server::openssl(&issued, &[]);
    let mut handshakes = 0;
    for version in VERSIONS {
        for suite in client::suites(version, kind) {
            for group in GROUPS {
                let offer = Offer::new(version).suite(suite);
                let offer = offer.groups(&client::groups(version, kind, group));
                let negotiated = client::converse(&server, &issued, offer).unwrap();
                let expected = Negotiated {
                    version,
                    suite,
                    group: Some(group),
                    kind: Full,
                };
                assert_eq!(negotiated, expected, "{kind:?}");
                handshakes += 1;
            }
        }
    }
    assert_eq!(handshakes, 2 * 3 * 3);
}

#[test]
fn openssl_asks_for_another_group() {
    let issued = Issued::new(Kind::P256);
    let names = [
        ("X25519", GROUPS[0]),
        ("P-256", GROUPS[1]),
        ("P-384", GROUPS[2]),
    ];
    for (name, wanted) in names {
        let server = Server::openssl(&issued, &["-groups", name]);
        asks_for_another_group(&server, &issued, wanted);
    }
}

/// Has the server, which knows the group `wanted` alone, answer key shares of the others with a
/// `HelloRetryRequest` (RFC 8446, section 4.1.4).
fn asks_for_another_group(server: &Server, issued: &Issued, wanted: NamedGroup) {
    for first in GROUPS.into_iter().filter(|group| *group != wanted) {
        let offer = Offer::new(ProtocolVersion::TLSv1_3).groups(&[first, wanted]);
        let negotiated = client::converse(server, issued, offer).unwrap();
        assert_eq!(
            negotiated.kind, FullWithHelloRetryRequest,
            "{first:?} {wanted:?}"
        );
        assert_eq!(negotiated.group, Some(wanted));
    }
}

#[test]
fn openssl_signs_with_every_rsa_scheme() {
    let issued = Issued::new(Kind::Rsa2048);
    let server = Server::openssl(&issued, &[]);
    let pss = [RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512];
    let pkcs1 = [RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512];
    signs_with(&server, &issued, ProtocolVersion::TLSv1_3, &pss);
    signs_with(&server, &issued, ProtocolVersion::TLSv1_2, &pss);
    signs_with(&server, &issued, ProtocolVersion::TLSv1_2, &pkcs1);
}

#[test]
fn openssl_signs_with_every_elliptic_scheme() {
    // TLS 1.2 allows either hash function with either curve.
    let schemes = [
        (
            Kind::P256,
            ECDSA_NISTP256_SHA256,
            &[ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384][..],
        ),
        (
            Kind::P384,
            ECDSA_NISTP384_SHA384,
            &[ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384],
        ),
        (Kind::Ed25519, ED25519, &[ED25519]),
    ];
    for (kind, of_tls_1_3, of_tls_1_2) in schemes {
        let issued = Issued::new(kind);
        let server = Server::openssl(&issued, &[]);
        signs_with(&server, &issued, ProtocolVersion::TLSv1_3, &[of_tls_1_3]);
        signs_with(&server, &issued, ProtocolVersion::TLSv1_2, of_tls_1_2);
    }
}

/// Offers each of `schemes` alone.
fn signs_with(
    server: &Server,
    issued: &Issued,
    version: ProtocolVersion,
    schemes: &[SignatureScheme],
) {
    for scheme in schemes {
        let offer = Offer::new(version).scheme(*scheme);
        let negotiated = client::converse(server, issued, offer);
        assert_eq!(
            negotiated.map(|negotiated| negotiated.kind),
            Ok(Full),
            "{version:?} {scheme:?}"
        );
    }
}

#[test]
fn openssl_asks_for_a_certificate() {
    let pkcs1 = "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";
    let pss = "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512";
    let rsa = format!("{pss}:{pkcs1}");
    for (kind, schemes) in [
        (Kind::Rsa2048, rsa.as_str()),
        (Kind::Rsa4096, "rsa_pss_rsae_sha256"),
        (Kind::P256, "ecdsa_secp256r1_sha256"),
        (Kind::P384, "ecdsa_secp384r1_sha384"),
        (Kind::Ed25519, "ed25519"),
    ] {
        let issued = Issued::new(kind);
        for scheme in schemes.split(':') {
            for version in VERSIONS {
                // RFC 8446, section 4.2.3: not in TLS 1.3.
                if version == ProtocolVersion::TLSv1_3 && pkcs1.contains(scheme) {
                    continue;
                }
                shows_its_certificate(&issued, version, scheme);
            }
        }
    }
}

/// The server ends the conversation when it has no reason to trust the client.
fn shows_its_certificate(issued: &Issued, version: ProtocolVersion, scheme: &str) {
    let authority = issued.authority();
    let options = ["-Verify", "1", "-verify_return_error", "-CAfile"];
    let options = options.into_iter().chain([authority.to_str().unwrap()]);
    let options: Vec<_> = options.chain(["-client_sigalgs", scheme]).collect();
    let server = Server::openssl(issued, &options);
    let offer = Offer::new(version).identified();
    let negotiated = client::converse(&server, issued, offer);
    let kind = negotiated.map(|negotiated| negotiated.kind);
    assert_eq!(kind, Ok(Full), "{version:?} {scheme}");
}

#[test]
fn keys_are_read_in_every_form() {
    for (kind, traditional) in [
        (Kind::Rsa2048, "RSA PRIVATE KEY"),
        (Kind::P256, "EC PRIVATE KEY"),
        (Kind::P384, "EC PRIVATE KEY"),
    ] {
        let issued = Issued::new(kind);
        let (chain, key) = issued.identity();
        let other = issued.traditional_key(traditional);
        let provider = sandcheck_crypto::provider();
        for key in [key, other] {
            let certified = CertifiedKey::from_der(chain.clone(), key, &provider).unwrap();
            assert_eq!(certified.keys_match(), Ok(()), "{kind:?}");
        }
        let (_, stranger) = Issued::new(kind).identity();
        let mismatch = CertifiedKey::from_der(chain, stranger, &provider).unwrap_err();
        let expected = Error::InconsistentKeys(InconsistentKeys::KeyMismatch);
        assert_eq!(mismatch, expected, "{kind:?}");
    }
}

#[test]
fn keys_that_are_of_no_use_say_why() {
    let provider = sandcheck_crypto::provider();
    for (arguments, reason) in [
        (
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..],
            "no RSA key of 2048 to 8192 bits",
        ),
        (
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
            "on another curve than P-256 and P-384",
        ),
        (
            &["-algorithm", "ED448"],
            "neither RSA nor elliptic nor Ed25519",
        ),
    ] {
        let key = authority::generated_key(arguments);
        let error = provider.key_provider.load_private_key(key).unwrap_err();
        assert!(error.to_string().contains(reason), "{arguments:?}: {error}");
    }
    for malformed in [&b""[..], b"\x30\x00", &[0xff; 60]] {
        for key in [
            PrivatePkcs8KeyDer::from(malformed).into(),
            PrivatePkcs1KeyDer::from(malformed).into(),
            PrivateSec1KeyDer::from(malformed).into(),
        ] {
            let key: PrivateKeyDer<'static> = PrivateKeyDer::clone_key(&key);
            assert!(provider.key_provider.load_private_key(key).is_err());
        }
    }
}

#[test]
fn openssl_resumes_sessions() {
    let issued = Issued::new(Kind::P256);
    let server = Server::openssl(&issued, &[]);
    for version in VERSIONS {
        let config = Offer::new(version).resumable().config(&issued);
        for expected in [Full, Resumed, Resumed] {
            let negotiated = client::converse_with(&server, &config).unwrap();
            assert_eq!(negotiated.kind, expected, "{version:?}");
        }
    }
}

#[test]
fn openssl_follows_key_updates() {
    let issued = Issued::new(Kind::P256);
    let server = Server::openssl(&issued, &[]);
    for suite in client::suites(ProtocolVersion::TLSv1_3, Kind::P256) {
        let offer = Offer::new(ProtocolVersion::TLSv1_3).suite(suite);
        client::converse_with_key_update(&server, &offer.config(&issued)).unwrap();
    }
}

#[test]
fn certificates_of_an_impostor_are_refused() {
    // Same names, other keys: only the signature in the certificate tells them apart.
    for kind in [Kind::Rsa2048, Kind::P256, Kind::P384, Kind::Ed25519] {
        let (trusted, impostor) = (Issued::new(kind), Issued::new(kind));
        let server = Server::openssl(&impostor, &[]);
        for version in VERSIONS {
            let result = client::converse(&server, &trusted, Offer::new(version));
            let expected = Error::InvalidCertificate(CertificateError::BadSignature);
            assert_eq!(result, Err(expected), "{kind:?} {version:?}");
        }
    }
}

#[test]
fn a_changed_byte_breaks_the_handshake() {
    let issued = Issued::new(Kind::Rsa2048);
    let server = Server::openssl(&issued, &[]);
    for version in VERSIONS {
        let config = Offer::new(version).config(&issued);
        let length = client::handshake_changing(&server, &config, None).unwrap();
        assert!(length > 1000, "{version:?}: {length} bytes");
        for position in (0..length).step_by(11) {
            let result = client::handshake_changing(&server, &config, Some(position));
            assert!(result.is_err(), "{version:?}: byte {position} of {length}");
        }
    }
}

#[test]
fn gnutls_rsa() {
    gnutls_matrix(Kind::Rsa3072);
}

#[test]
fn gnutls_p384() {
    gnutls_matrix(Kind::P384);
}

#[test]
fn gnutls_ed25519() {
    gnutls_matrix(Kind::Ed25519);
}

/// Both versions, with each of their suites and one of the groups in turn.
fn gnutls_matrix(kind: Kind) {
    let issued = Issued::new(kind);
    let server = Server::gnutls(&issued, "NORMAL");
    let mut handshakes = 0;
    for version in VERSIONS {
        for (suite, group) in client::suites(version, kind).into_iter().zip(GROUPS) {
            let offer = Offer::new(version).suite(suite);
            let offer = offer.groups(&client::groups(version, kind, group));
            let negotiated = client::converse(&server, &issued, offer).unwrap();
            let expected = Negotiated {
                version,
                suite,
                group: Some(group),
                kind: Full,
            };
            assert_eq!(negotiated, expected, "{kind:?}");
            handshakes += 1;
        }
    }
    assert_eq!(handshakes, 2 * 3);
}

#[test]
fn gnutls_asks_for_another_group() {
    let issued = Issued::new(Kind::P256);
    let names = [
        ("X25519", GROUPS[0]),
        ("SECP256R1", GROUPS[1]),
        ("SECP384R1", GROUPS[2]),
    ];
    for (name, wanted) in names {
        let priority = format!("NORMAL:-GROUP-ALL:+GROUP-{name}");
        asks_for_another_group(&Server::gnutls(&issued, &priority), &issued, wanted);
    }
}
