//! A connection that goes over to TLS when it is told to.

use std::io::{self, Read, Write};

#[cfg(feature = "tls")]
use crate::tls::{AlertDescription, CertificateDer, Terms};
use crate::tls::{TlsError, TlsStream};

/// A connection, in clear or over TLS.
pub struct Stream<S>(Channel<S>);

enum Channel<S> {
    Plain(S),
    Tls(Box<TlsStream<S>>),
    Closed,
}

impl<S: Read + Write> Stream<S> {
    /// Takes over an open connection, in clear.
    pub fn new(stream: S) -> Self {
        Self(Channel::Plain(stream))
    }

    /// Goes over to TLS 1.2 or 1.3. Neither chain nor name of the certificate is verified, only
    /// that the server holds its key. A second call does nothing. After a failure the connection is
    /// closed.
    ///
    /// `name` is the host name to ask for (RFC 6066 section 3). `early` is what came in clear and
    /// was not read by the protocol: any such byte fails the handshake.
    pub fn secure(&mut self, name: Option<&str>, early: &[u8]) -> Result<(), TlsError> {
        self.change(|stream| TlsStream::handshake(stream, name, early))
    }

    /// As [`Self::secure`], on terms: the certificate may have to be verified. The server hears nothing
    /// but an alert when it does not keep to them.
    #[cfg(feature = "tls")]
    pub fn secure_on(&mut self, terms: &Terms, early: &[u8]) -> Result<(), TlsError> {
        self.change(|stream| TlsStream::handshake_on(stream, terms, early))
    }

    fn change(
        &mut self,
        handshake: impl FnOnce(S) -> Result<TlsStream<S>, TlsError>,
    ) -> Result<(), TlsError> {
        match std::mem::replace(&mut self.0, Channel::Closed) {
            Channel::Plain(stream) => self.0 = Channel::Tls(Box::new(handshake(stream)?)),
            other => self.0 = other,
        }
        Ok(())
    }

    /// The chain that was verified, in DER: the server's own certificate first, the trust anchor's last.
    #[cfg(feature = "tls")]
    pub fn verified_chain(&self) -> &[CertificateDer<'static>] {
        match &self.0 {
            Channel::Tls(stream) => stream.verified_chain(),
            Channel::Plain(_) | Channel::Closed => &[],
        }
    }

    /// The alert with which the server ended the connection after the handshake.
    #[cfg(feature = "tls")]
    pub fn refusal(&self) -> Option<AlertDescription> {
        match &self.0 {
            Channel::Tls(stream) => stream.refusal(),
            Channel::Plain(_) | Channel::Closed => None,
        }
    }

    /// The server's own certificate in DER, once there is TLS.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.tls()?.certificate()
    }

    /// The TLS that there is.
    pub fn tls(&self) -> Option<&TlsStream<S>> {
        match &self.0 {
            Channel::Tls(stream) => Some(stream),
            Channel::Plain(_) | Channel::Closed => None,
        }
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Channel::Plain(stream) => stream.read(buffer),
            Channel::Tls(stream) => stream.read(buffer),
            Channel::Closed => Ok(0),
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Channel::Plain(stream) => stream.write(bytes),
            Channel::Tls(stream) => stream.write(bytes),
            Channel::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Channel::Plain(stream) => stream.flush(),
            Channel::Tls(stream) => stream.flush(),
            Channel::Closed => Ok(()),
        }
    }
}
