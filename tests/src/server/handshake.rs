//! The server's side of a TLS handshake.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use rustix::event::PollFlags;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{Accepted, Acceptor, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::Transcript;
use super::connection::{Connection, STEP_LIMIT};
use super::disguise::{self, all_to_send};
use super::fragments::fragmented;
use super::script::{Tls, Version};
use super::waiting::{Stop, may_be_tried_again};
use crate::certificates::{Certificates, Credentials, Identity};

/// A fatal `handshake_failure` alert in a record of its own (RFC 8446 sections 5.1 and 6.2): what
/// a server says that has no certificate to show.
const HANDSHAKE_FAILURE: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];

/// Changes the connection to TLS and notes that it did; a handshake that fails is noted too.
pub(super) fn begin_tls(
    connection: &mut Connection<'_>,
    tls: &Tls,
    certificates: &Certificates,
    transcript: &mut Transcript,
) -> Result<(), Stop> {
    let secure = shake_hands(connection, tls, certificates, transcript);
    transcript.note(if secure.is_ok() {
        "<TLS>"
    } else {
        "<TLS FAILED>"
    });
    connection.secure(secure?);
    Ok(())
}

fn shake_hands(
    connection: &mut Connection<'_>,
    tls: &Tls,
    certificates: &Certificates,
    transcript: &mut Transcript,
) -> Result<ServerConnection, Stop> {
    if connection.has_rest() {
        return Err(Stop); // The client sent data before the handshake.
    }
    let accepted = client_hello(connection)?;
    let credentials = credentials_for(&accepted, tls, transcript);
    let identity = certificates
        .identity(credentials)
        .map_err(|e| blame(transcript, &e))?;
    let Some(identity) = identity else {
        let _ = connection.socket().write_all(&HANDSHAKE_FAILURE);
        return Err(Stop);
    };
    transcript.not_after.clone_from(&identity.not_after);
    let config = configuration(tls, identity).map_err(|e| blame(transcript, &e))?;
    let secure = accepted
        .into_connection(Arc::new(config))
        .map_err(|(_, mut alert)| {
            let _ = alert.write_all(&mut connection.socket());
            Stop
        })?;
    complete(connection, secure, tls.fragment)
}

/// A mistake of ours, not of the client.
fn blame(transcript: &mut Transcript, error: &dyn std::fmt::Display) -> Stop {
    transcript.problems.push(format!("server: {error}"));
    Stop
}

fn client_hello(connection: &Connection<'_>) -> Result<Accepted, Stop> {
    let until = Instant::now() + STEP_LIMIT;
    let mut acceptor = Acceptor::default();
    loop {
        match acceptor.read_tls(&mut connection.socket()) {
            Ok(0) => return Err(Stop),
            Ok(_) => {}
            Err(e) if may_be_tried_again(&e) && connection.wait(PollFlags::IN, until) => continue,
            Err(_) => return Err(Stop),
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => {}
            Err((_, mut alert)) => {
                let _ = alert.write_all(&mut connection.socket());
                return Err(Stop);
            }
        }
    }
}

/// What to show to this client.  The server name is noted where the script asks for it.
fn credentials_for<'a>(
    accepted: &Accepted,
    tls: &'a Tls,
    transcript: &mut Transcript,
) -> &'a Credentials {
    let Some(other) = &tls.sni else {
        return &tls.credentials;
    };
    let hello = accepted.client_hello();
    let name = hello.server_name();
    transcript.note(format!("<SNI {}>", name.unwrap_or("None")));
    if name.is_some() {
        other
    } else {
        &tls.credentials
    }
}

fn configuration(tls: &Tls, identity: Identity) -> Result<ServerConfig, rustls::Error> {
    let versions: Vec<_> = [(Version::V1_2, &TLS12), (Version::V1_3, &TLS13)]
        .into_iter()
        .filter(|&(version, _)| tls.min.is_none_or(|min| version >= min))
        .filter(|&(version, _)| tls.max.is_none_or(|max| version <= max))
        .map(|(_, version): (_, &'static SupportedProtocolVersion)| version)
        .collect();
    let provider = Arc::new(disguise::provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions)?
        .with_client_cert_verifier(verifier(tls, &identity, provider.clone())?);
    let key = provider.key_provider.load_private_key(identity.key)?;
    // Not `with_single_cert`, which looks at the certificate.
    let certified = SingleCertAndKey::from(CertifiedKey::new(identity.chain, key));
    let mut config = builder.with_cert_resolver(Arc::new(certified));
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Where the client has to show a certificate, only the server's own and its authority are trusted.
fn verifier(
    tls: &Tls,
    identity: &Identity,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
    if !tls.client_cert {
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    let trusted = identity.chain.iter().chain(&identity.trusted);
    roots.add_parsable_certificates(trusted.cloned());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|e| rustls::Error::General(e.to_string()))
}

/// Sends and receives until the handshake is over.
fn complete(
    connection: &mut Connection<'_>,
    mut secure: ServerConnection,
    fragment: Option<usize>,
) -> Result<ServerConnection, Stop> {
    let until = Instant::now() + STEP_LIMIT;
    loop {
        let bytes = all_to_send(&mut secure).map_err(|_| Stop)?;
        connection.send(&match fragment {
            Some(most) => fragmented(&bytes, most),
            None => bytes,
        })?;
        if !secure.is_handshaking() {
            return Ok(secure);
        }
        match secure.read_tls(&mut connection.socket()) {
            Ok(0) => return Err(Stop),
            Ok(_) => {}
            Err(e) if may_be_tried_again(&e) && connection.wait(PollFlags::IN, until) => continue,
            Err(_) => return Err(Stop),
        }
        if secure.process_new_packets().is_err() {
            // What is to be sent is an alert.
            let bytes = all_to_send(&mut secure).map_err(|_| Stop)?;
            connection.send(&bytes)?;
            return Err(Stop);
        }
    }
}
