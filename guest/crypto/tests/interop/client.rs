//! A rustls client with the provider, made to offer what a test is about.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, WebPkiSupportedAlgorithms};
use rustls::pki_types::ServerName;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, Error, HandshakeKind, NamedGroup, ProtocolVersion,
    SignatureScheme, StreamOwned,
};
use sandcheck_crypto::provider;

use crate::authority::{HOST, Issued, Kind};
use crate::server::Server;

pub(crate) const VERSIONS: [ProtocolVersion; 2] =
    [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3];

pub(crate) const GROUPS: [NamedGroup; 3] = [
    NamedGroup::X25519,
    NamedGroup::secp256r1,
    NamedGroup::secp384r1,
];

/// A server that is silent for so long has lost its way.
const PATIENCE: Duration = Duration::from_secs(20);

/// The suites of `version` that go with a certificate of the kind `kind`.
pub(crate) fn suites(version: ProtocolVersion, kind: Kind) -> [CipherSuite; 3] {
    match (version, kind.is_rsa()) {
        (ProtocolVersion::TLSv1_3, _) => [
            CipherSuite::TLS13_AES_256_GCM_SHA384,
            CipherSuite::TLS13_AES_128_GCM_SHA256,
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        (_, true) => [
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        (_, false) => [
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
    }
}

/// What to offer so that `group` is used. In TLS 1.2 the list must name the certificate's curve as
/// well (RFC 8422, section 5.1.1).
pub(crate) fn groups(version: ProtocolVersion, kind: Kind, group: NamedGroup) -> Vec<NamedGroup> {
    let of_certificate = match (version, kind) {
        (ProtocolVersion::TLSv1_2, Kind::P256) => Some(NamedGroup::secp256r1),
        (ProtocolVersion::TLSv1_2, Kind::P384) => Some(NamedGroup::secp384r1),
        _ => None,
    };
    let of_certificate = of_certificate.filter(|other| *other != group);
    [group].into_iter().chain(of_certificate).collect()
}

/// What a client offers; without further words, all that the provider has for one version.
pub(crate) struct Offer {
    provider: CryptoProvider,
    resumption: Resumption,
    /// Whether the server's own certificate is shown to it.
    identified: bool,
}

impl Offer {
    pub(crate) fn new(version: ProtocolVersion) -> Self {
        let mut provider = provider();
        provider
            .cipher_suites
            .retain(|suite| suite.version().version == version);
        Self {
            provider,
            resumption: Resumption::disabled(),
            identified: false,
        }
    }

    /// Only this suite.
    pub(crate) fn suite(mut self, suite: CipherSuite) -> Self {
        self.provider
            .cipher_suites
            .retain(|other| other.suite() == suite);
        self
    }

    /// Only these groups, the key share being of the first.
    pub(crate) fn groups(mut self, groups: &[NamedGroup]) -> Self {
        let all = self.provider.kx_groups;
        let named = |name| all.iter().copied().find(|group| group.name() == name);
        self.provider.kx_groups = groups.iter().copied().filter_map(named).collect();
        self
    }

    /// Only this scheme for the signature in the handshake.
    pub(crate) fn scheme(mut self, scheme: SignatureScheme) -> Self {
        let WebPkiSupportedAlgorithms { all, mapping } =
            self.provider.signature_verification_algorithms;
        let entry = mapping
            .iter()
            .copied()
            .filter(|(other, _)| *other == scheme);
        let mapping = Vec::leak(entry.collect());
        self.provider.signature_verification_algorithms =
            WebPkiSupportedAlgorithms { all, mapping };
        self
    }

    /// With sessions to be resumed.
    pub(crate) fn resumable(mut self) -> Self {
        self.resumption = Resumption::default();
        self
    }

    /// With a certificate and its key: those of the server.
    pub(crate) fn identified(mut self) -> Self {
        self.identified = true;
        self
    }

    pub(crate) fn config(self, issued: &Issued) -> Arc<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(self.provider.into())
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .unwrap()
            .with_root_certificates(issued.trust_anchors());
        let mut config = if self.identified {
            let (chain, key) = issued.identity();
            builder.with_client_auth_cert(chain, key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        config.resumption = self.resumption;
        config.into()
    }
}

/// What came of an offer.
#[derive(Debug, PartialEq)]
pub(crate) struct Negotiated {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    /// None in a session of TLS 1.2 that was resumed.
    pub(crate) group: Option<NamedGroup>,
    pub(crate) kind: HandshakeKind,
}

/// Connects and talks: `Err` is what the client has against the server.
pub(crate) fn converse(
    server: &Server,
    issued: &Issued,
    offer: Offer,
) -> Result<Negotiated, Error> {
    converse_with(server, &offer.config(issued))
}

pub(crate) fn converse_with(
    server: &Server,
    config: &Arc<ClientConfig>,
) -> Result<Negotiated, Error> {
    let mut stream = handshake(server, config)?;
    talk(&mut stream, server);
    Ok(negotiated(&stream.conn))
}

/// Renews the keys of both directions (RFC 8446, section 4.6.3) between two talks.
/// `s_server` takes a second's rest after it.
pub(crate) fn converse_with_key_update(
    server: &Server,
    config: &Arc<ClientConfig>,
) -> Result<(), Error> {
    let mut stream = handshake(server, config)?;
    talk(&mut stream, server);
    stream.conn.refresh_traffic_keys()?;
    talk(&mut stream, server);
    Ok(())
}

fn connect(
    server: &Server,
    config: &Arc<ClientConfig>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(HOST).unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    let socket = TcpStream::connect(server.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(connection, socket)
}

fn handshake(
    server: &Server,
    config: &Arc<ClientConfig>,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Error> {
    let mut stream = connect(server, config);
    match stream.conn.complete_io(&mut stream.sock) {
        Ok(_) => Ok(stream),
        Err(error) => Err(error.downcast().expect("the client refuses the server")),
    }
}

/// Sends lines, one of them almost a record long, and checks the answers.
fn talk(stream: &mut StreamOwned<ClientConnection, TcpStream>, server: &Server) {
    for length in [1, 100, 16_000] {
        let line: String = ('a'..='z').cycle().take(length).collect();
        writeln!(stream, "{line}").unwrap();
        let mut answer = String::new();
        BufReader::new(&mut *stream).read_line(&mut answer).unwrap();
        assert_eq!(answer.trim_end(), (server.answer)(&line));
    }
}

fn negotiated(connection: &ClientConnection) -> Negotiated {
    Negotiated {
        version: connection.protocol_version().unwrap(),
        suite: connection.negotiated_cipher_suite().unwrap().suite(),
        group: connection
            .negotiated_key_exchange_group()
            .map(SupportedKxGroup::name),
        kind: connection.handshake_kind().unwrap(),
    }
}

/// How long a client waits that has been told to expect more than the server will send.
const SILENCE: Duration = Duration::from_secs(1);

/// Shakes hands, while one bit of one byte of what the server sends, counted without the headers
/// of records, is changed on the way. Returns how many bytes it sent.
pub(crate) fn handshake_changing(
    server: &Server,
    config: &Arc<ClientConfig>,
    position: Option<usize>,
) -> io::Result<usize> {
    let StreamOwned { mut conn, mut sock } = connect(server, config);
    if position.is_some() {
        sock.set_read_timeout(Some(SILENCE))?;
    }
    let mut received = 0;
    while conn.is_handshaking() {
        while conn.wants_write() {
            conn.write_tls(&mut sock)?;
        }
        let (header, mut payload) = read_record(&mut sock)?;
        let offset = position.and_then(|position| position.checked_sub(received));
        if let Some(byte) = offset.and_then(|offset| payload.get_mut(offset)) {
            *byte ^= 0x01;
        }
        received += payload.len();
        feed(&mut conn, &[&header[..], &payload].concat())?;
    }
    Ok(received)
}

fn feed(connection: &mut ClientConnection, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        connection.read_tls(&mut bytes)?;
        connection.process_new_packets().map_err(io::Error::other)?;
    }
    Ok(())
}

/// Header and payload of a record (RFC 8446, section 5.1).
fn read_record(source: &mut impl Read) -> io::Result<([u8; 5], Vec<u8>)> {
    let mut header = [0; 5];
    source.read_exact(&mut header)?;
    let [_, _, _, high, low] = header;
    let mut payload = vec![0; u16::from_be_bytes([high, low]).into()];
    source.read_exact(&mut payload)?;
    Ok((header, payload))
}
