//! A connection that goes over to TLS when it is told to.

use std::io::{self, Read, Write};

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
        match std::mem::replace(&mut self.0, Channel::Closed) {
            Channel::Plain(stream) => {
                let stream = TlsStream::handshake(stream, name, early)?;
                self.0 = Channel::Tls(Box::new(stream));
            }
            other => self.0 = other,
        }
        Ok(())
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
