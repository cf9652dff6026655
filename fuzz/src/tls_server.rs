//! A real TLS server in memory, with a certificate that is any bytes, whose output may be damaged.

use std::io::{self, Read, Write};
use std::sync::Arc;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, ServerConnection};
use rustls::sign::{self, CertifiedKey};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use crate::conversation::Manner;

/// The private key whose public key the certificates among the seeds hold. Nothing else uses it.
const KEY: [u8; 32] = *b"sandcheck fuzzing, no secret key";

/// How often a client may read on after the end before it counts as one that hangs.
const PATIENCE: usize = 64;

/// One end of a connection, to be given to the check as `&mut TlsServer`.
pub struct TlsServer<'a> {
    connection: ServerConnection,
    manner: Manner,
    /// What it says in clear before it expects TLS.
    clear: &'a [u8],
    /// What it says once there is TLS.
    says: &'a [u8],
    /// What was not read yet, and how much was.
    outgoing: Vec<u8>,
    sent: usize,
    reads_at_end: usize,
    /// What it was told, one entry for each write.
    pub heard: Vec<Vec<u8>>,
}

impl<'a> TlsServer<'a> {
    /// A server that sends `certificate` as its own.
    pub fn new(
        certificate: &[u8],
        manner: Manner,
        clear: &'a [u8],
        says: &'a [u8],
    ) -> Result<Self, Error> {
        let versions = if manner.old_tls { [&TLS12] } else { [&TLS13] };
        let certified = CertifiedKey::new(
            vec![CertificateDer::from(certificate.to_vec())],
            Arc::new(Key),
        );
        let config = ServerConfig::builder_with_provider(Arc::new(sandcheck_crypto::provider()))
            .with_protocol_versions(&versions)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(Arc::new(certified))));
        Ok(Self {
            connection: ServerConnection::new(Arc::new(config))?,
            manner,
            clear,
            says,
            outgoing: clear.to_vec(),
            sent: 0,
            reads_at_end: 0,
            heard: Vec::new(),
        })
    }

    /// The half of the public key that every form of it holds.
    pub fn public_key() -> Vec<u8> {
        let key = signing_key();
        let point = key.verifying_key().to_sec1_point(false);
        point.x().map(|x| x.to_vec()).unwrap_or_default()
    }

    /// Whether the client finished the handshake.
    pub fn is_secured(&self) -> bool {
        !self.connection.is_handshaking()
    }

    fn hear(&mut self, mut records: &[u8]) {
        while !records.is_empty() && self.connection.read_tls(&mut records).is_ok() {
            // What is wrong with a client's records is told to it in an alert.
            let _ = self.connection.process_new_packets();
        }
        if self.is_secured() {
            let says = std::mem::take(&mut self.says);
            let _ = self.connection.writer().write_all(says);
        }
        let start = self.outgoing.len();
        while self.connection.wants_write() && self.connection.write_tls(&mut self.outgoing).is_ok()
        {
        }
        let damaged = self
            .manner
            .damaged
            .and_then(|at| (at + self.clear.len()).checked_sub(self.sent));
        if let Some(byte) = damaged
            .filter(|at| *at >= start)
            .and_then(|at| self.outgoing.get_mut(at))
        {
            *byte ^= 1;
        }
    }
}

impl Read for TlsServer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.outgoing.is_empty() {
            self.reads_at_end += 1;
            assert!(
                self.reads_at_end < PATIENCE,
                "the check reads on and on after the end"
            );
            let silence = Err(io::ErrorKind::TimedOut.into());
            return if self.manner.silent { silence } else { Ok(0) };
        }
        let limit = self.manner.piece.unwrap_or(usize::MAX).min(buffer.len());
        let count = self.outgoing.as_slice().read(&mut buffer[..limit])?;
        self.outgoing.drain(..count);
        self.sent += count;
        Ok(count)
    }
}

impl Write for TlsServer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self
            .manner
            .lines
            .is_some_and(|lines| self.heard.len() >= lines)
        {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.heard.push(bytes.to_vec());
        if bytes.first().is_some_and(|first| *first < b' ') {
            self.hear(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&KEY.into()).expect("a number below the order of the curve")
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Key;

impl sign::SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn sign::Signer>> {
        let known = offered.contains(&SignatureScheme::ECDSA_NISTP256_SHA256);
        known.then(|| Box::new(Self) as Box<dyn sign::Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl sign::Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: DerSignature = signing_key().sign(message);
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
