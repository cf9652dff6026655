//! What a client and a server of one connection have in common, by rustls' own computation for the server.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{CipherSuite, ServerConfig, ServerConnection};
use sandcheck_plugin::tls::TlsStream;

/// The binding as the client has it, and as a server has it that speaks one suite.
fn bindings(suite: CipherSuite) -> (Option<[u8; 32]>, [u8; 32]) {
    let (near, far) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || accept(far, suite));
    let client = TlsStream::handshake(near, None, &[]).unwrap();
    // The client stays until the server has said all that it has to say.
    (client.channel_binding(), server.join().unwrap())
}

fn accept(mut stream: UnixStream, suite: CipherSuite) -> [u8; 32] {
    let mut connection = ServerConnection::new(config(suite)).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).unwrap();
    }
    connection
        .export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b""))
        .unwrap()
}

fn config(suite: CipherSuite) -> Arc<ServerConfig> {
    let mut provider = sandcheck_crypto::provider();
    provider
        .cipher_suites
        .retain(|other| other.suite() == suite);
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["mx.example.org".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key);
    config.unwrap().into()
}

#[test]
fn both_ends_have_the_same() {
    for suite in [
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ] {
        let (near, far) = bindings(suite);
        assert_eq!(near, Some(far), "{suite:?}");
    }
}

#[test]
fn no_two_connections_have_the_same() {
    let binding = || bindings(CipherSuite::TLS13_AES_128_GCM_SHA256).0.unwrap();
    assert_ne!(binding(), binding());
}

#[test]
fn there_is_none_in_tls_1_2() {
    let suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    assert_eq!(bindings(suite).0, None);
}
