//! TLS over any stream: a driver of rustls' unbuffered API, which needs no `std` feature.

mod config;
mod dane;
mod error;
mod exporter;
mod handshake_signature;
mod identity;
mod names;
mod pem;
mod pin;
mod reasons;
mod rejection;
mod strength;
mod terms;
mod trust;

use std::io::{self, Read, Write};
use std::sync::Arc;

pub use rustls::AlertDescription;
use rustls::ProtocolVersion;
use rustls::client::UnbufferedClientConnection;
pub use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
};

use config::{provider, server_name};
pub use dane::{Dane, Unusable};
pub use error::TlsError;
use exporter::Exporter;
pub use identity::{Identity, IdentityError};
pub use pem::PemError;
pub use pin::Pin;
pub use rejection::Rejection;
use terms::Judge;
pub use terms::{Terms, Version};
pub use trust::{InvalidName, PeerName, Trust};

/// How much a server may send without a byte of data in it: several of the longest handshake messages
/// (64 KiB each). Tickets and messages without end stop there, whatever the time allows.
const SILENCE_LIMIT: usize = 256 * 1024;

/// RFC 9266 section 2.
const CHANNEL_BINDING: &[u8] = b"EXPORTER-Channel-Binding";

/// How much is read at once: a little more than one record.
const READ_SIZE: usize = 18 * 1024;

/// A stream with TLS on it.
pub struct TlsStream<S> {
    connection: UnbufferedClientConnection,
    stream: S,
    /// Undecoded TLS.
    incoming: Vec<u8>,
    /// Encoded TLS that has not been sent.
    outgoing: Vec<u8>,
    /// Decoded data that has not been read.
    plain: Vec<u8>,
    /// How many bytes came since the last data.
    silent: usize,
    ended: bool,
    exporter: Arc<Exporter>,
    /// Who judged the certificate, where there were terms.
    judge: Option<Arc<Judge>>,
    /// With which alert the server ended it after the handshake.
    refusal: Option<AlertDescription>,
}

/// What a handshake came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// `TLS_AES_128_GCM_SHA256`.
    pub suite: String,
    /// How keys were exchanged: `X25519`.
    pub group: &'static str,
}

/// What one step of the connection came to.
enum Step {
    /// There is more to do at once.
    Again,
    /// Bytes from the peer are needed.
    Read,
    /// Data can be sent, or comes when the peer sends it.
    Ready,
}

impl<S: Read + Write> TlsStream<S> {
    /// Does the handshake as a client.
    ///
    /// `name` is sent to the server when it is a host name (RFC 6066 section 3). `early` is what
    /// came before the handshake began. Any such byte fails it, after the first flight of the
    /// handshake was sent: nothing that came in plain text is taken for TLS or kept.
    pub fn handshake(stream: S, name: Option<&str>, early: &[u8]) -> Result<Self, TlsError> {
        let exporter = Arc::<Exporter>::default();
        let config = config::plain(&exporter)?;
        let connection = UnbufferedClientConnection::new(config, server_name(name))?;
        Self::begin(stream, connection, exporter, None, early)
    }

    /// As [`Self::handshake`], on terms that the server has to keep to: the handshake fails with an
    /// alert before anything else is sent when it does not.
    pub fn handshake_on(stream: S, terms: &Terms, early: &[u8]) -> Result<Self, TlsError> {
        let exporter = Arc::<Exporter>::default();
        let (config, judge) = config::on_terms(terms, &exporter)?;
        let name = server_name(terms.name.as_deref());
        let connection = UnbufferedClientConnection::new(config, name)?;
        let begun = Self::begin(
            stream,
            connection,
            exporter,
            Some(Arc::clone(&judge)),
            early,
        );
        begun.map_err(|error| match (error, judge.rejection()) {
            (_, Some(rejection)) => TlsError::Rejected(rejection),
            (TlsError::OldVersion, None) if terms.version == Version::V1_3 => TlsError::NotTls13,
            (error, None) => error,
        })
    }

    fn begin(
        stream: S,
        connection: UnbufferedClientConnection,
        exporter: Arc<Exporter>,
        judge: Option<Arc<Judge>>,
        early: &[u8],
    ) -> Result<Self, TlsError> {
        let mut tls = Self {
            connection,
            stream,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            plain: Vec::new(),
            silent: 0,
            ended: false,
            exporter,
            judge,
            refusal: None,
        };
        loop {
            match tls.step(None)? {
                Step::Again => {}
                Step::Ready => return Ok(tls),
                Step::Read if !early.is_empty() => return Err(TlsError::Injected(early.len())),
                Step::Read => tls.fill()?,
            }
        }
    }

    /// What the two ends of this connection have in common and no other connection has: the channel
    /// binding `tls-exporter` (RFC 9266). There is none in TLS 1.2.
    pub fn channel_binding(&self) -> Option<[u8; 32]> {
        let suite = self.connection.negotiated_cipher_suite()?.tls13()?;
        self.exporter.export(suite, CHANNEL_BINDING)
    }

    /// The server's own certificate in DER.
    pub fn certificate(&self) -> Option<&[u8]> {
        let sent = self.connection.peer_certificates().unwrap_or_default();
        sent.first().map(|certificate| &**certificate)
    }

    /// The chain that was verified, the server's own certificate first and the trust anchor's last, in
    /// DER; nothing where no verification was asked for.
    pub fn verified_chain(&self) -> &[CertificateDer<'static>] {
        self.judge.as_ref().map_or(&[], |judge| judge.chain())
    }

    /// The alert with which the server ended the connection after the handshake. In TLS 1.3 a server
    /// looks at the client's certificate only then (RFC 8446 section 4.4.2.4).
    pub fn refusal(&self) -> Option<AlertDescription> {
        self.refusal
    }

    /// All certificates that the server showed, in DER, its own first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        let sent = self.connection.peer_certificates().unwrap_or_default();
        sent.iter().map(|certificate| &**certificate)
    }

    /// What both sides agreed on, by the names that are registered.
    pub fn agreed(&self) -> Agreed {
        let version = match self.connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "",
        };
        let suite = self.connection.negotiated_cipher_suite();
        let suite = suite.and_then(|suite| suite.suite().as_str());
        let group = self.connection.negotiated_key_exchange_group();
        let group = group.and_then(|group| group.name().as_str());
        Agreed {
            version,
            // rustls puts the version into the name.
            suite: suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1),
            group: group.unwrap_or_default(),
        }
    }

    /// Advances the connection once; `data` is encrypted and sent when the connection is ready.
    fn step(&mut self, data: Option<&[u8]>) -> Result<Step, TlsError> {
        let UnbufferedStatus { discard, state, .. } =
            self.connection.process_tls_records(&mut self.incoming);
        let step = match state {
            Err(error) => {
                self.incoming.drain(..discard.min(self.incoming.len()));
                self.send_alert();
                let error = TlsError::from(error);
                if let TlsError::Refused(alert) = error {
                    self.refusal = Some(alert);
                }
                return Err(error);
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                append(&mut self.outgoing, |buffer| {
                    data.encode(buffer).map_err(|error| encode_error(&error))
                })?;
                Step::Again
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                self.stream.write_all(&self.outgoing)?;
                self.outgoing.clear();
                data.done();
                Step::Again
            }
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    self.plain.extend_from_slice(record?.payload);
                }
                if !self.plain.is_empty() {
                    self.silent = 0;
                }
                Step::Again
            }
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                if let Some(data) = data {
                    append(&mut self.outgoing, |buffer| {
                        traffic
                            .encrypt(data, buffer)
                            .map_err(|error| encrypt_error(&error))
                    })?;
                    self.stream.write_all(&self.outgoing)?;
                    self.outgoing.clear();
                }
                Step::Ready
            }
            Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                self.ended = true;
                Step::Again
            }
            // BlockedHandshake; nothing else occurs on a client.
            Ok(_) => Step::Read,
        };
        self.incoming.drain(..discard.min(self.incoming.len()));
        Ok(step)
    }

    /// Tells the server what was wrong, if it still listens.
    fn send_alert(&mut self) {
        // Not every error has an alert, and without one rustls looks at what came once more.
        let UnbufferedStatus { state, .. } =
            self.connection.process_tls_records(&mut self.incoming);
        if let Ok(ConnectionState::EncodeTlsData(mut data)) = state {
            let encoded = append(&mut self.outgoing, |buffer| {
                data.encode(buffer).map_err(|error| encode_error(&error))
            });
            if encoded.is_ok() {
                // The handshake failed already; there is nothing to do about an alert that fails.
                let _ = self.stream.write_all(&self.outgoing);
            }
        }
    }

    fn fill(&mut self) -> Result<(), TlsError> {
        if self.silent > SILENCE_LIMIT {
            return Err(TlsError::TooLong);
        }
        let length = self.incoming.len();
        self.incoming.resize(length + READ_SIZE, 0);
        let read = self
            .stream
            .read(self.incoming.get_mut(length..).unwrap_or_default());
        self.incoming
            .truncate(length + *read.as_ref().unwrap_or(&0));
        match read? {
            0 => Err(TlsError::Closed),
            count => {
                self.silent += count;
                Ok(())
            }
        }
    }
}

impl<S: Read + Write> Read for TlsStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.plain.is_empty() && !self.ended {
            match self.step(None)? {
                Step::Again => {}
                Step::Read | Step::Ready if !self.plain.is_empty() => {}
                // An end without close_notify is an end: the last reply decides what it means.
                Step::Read | Step::Ready => match self.fill() {
                    Err(TlsError::Closed) => self.ended = true,
                    result => result?,
                },
            }
        }
        let count = buffer.len().min(self.plain.len());
        let (target, source) = (buffer.get_mut(..count), self.plain.get(..count));
        if let (Some(target), Some(source)) = (target, source) {
            target.copy_from_slice(source);
        }
        self.plain.drain(..count);
        Ok(count)
    }
}

impl<S: Read + Write> Write for TlsStream<S> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        loop {
            match self.step(Some(data))? {
                Step::Again => {}
                Step::Ready => return Ok(data.len()),
                Step::Read => return Err(io::ErrorKind::NotConnected.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Appends what `write` puts into a buffer that is made as large as it asks for.
fn append(
    out: &mut Vec<u8>,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Insufficient>,
) -> Result<(), TlsError> {
    let length = out.len();
    let needed = match write(&mut []) {
        Ok(_) => return Ok(()),
        Err(Insufficient::Size(needed)) => needed,
        Err(Insufficient::Never) => return Err(rustls::Error::EncryptError.into()),
    };
    out.resize(length + needed, 0);
    let written = write(out.get_mut(length..).unwrap_or_default());
    out.truncate(length + *written.as_ref().unwrap_or(&0));
    written
        .map(|_| ())
        .map_err(|_| rustls::Error::EncryptError.into())
}

/// Why nothing was written.
enum Insufficient {
    /// The buffer has to be this large.
    Size(usize),
    /// No buffer would do.
    Never,
}

fn encode_error(error: &EncodeError) -> Insufficient {
    match error {
        EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => {
            Insufficient::Size(*required_size)
        }
        EncodeError::AlreadyEncoded => Insufficient::Never,
    }
}

fn encrypt_error(error: &EncryptError) -> Insufficient {
    match error {
        EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => {
            Insufficient::Size(*required_size)
        }
        EncryptError::EncryptExhausted => Insufficient::Never,
    }
}
