//! One session's connection: lines out, replies in, in clear or over TLS.

use std::io::{self, Read, Write};

use sandcheck_plugin::stream::Stream;
#[cfg(feature = "tls")]
use sandcheck_plugin::tls::AlertDescription;
use sandcheck_plugin::tls::TlsError;
#[cfg(feature = "extended")]
use sandcheck_plugin::tls::{CertificateDer, Terms, TlsStream};

use crate::reply::{Reply, ReplyReader};

/// How much is read at once, in bytes.
const READ_SIZE: usize = 4096;

/// Why nothing could be sent or no reply could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The time for the whole check was used up.
    TimedOut,
    /// The connection is closed or broken, or what came is no reply.
    Lost,
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::TimedOut {
            Self::TimedOut
        } else {
            Self::Lost
        }
    }
}

/// The connection of a session.
pub struct Wire<S> {
    stream: Stream<S>,
    reader: ReplyReader,
}

impl<S: Read + Write> Wire<S> {
    /// Takes over an open connection.
    pub fn new(stream: S) -> Self {
        Self {
            stream: Stream::new(stream),
            reader: ReplyReader::default(),
        }
    }

    /// Sends a line; its end is added (RFC 5321 section 2.3.8).
    pub fn send(&mut self, line: &str) -> Result<(), WireError> {
        let line = format!("{line}\r\n");
        Ok(self.stream.write_all(line.as_bytes())?)
    }

    /// Sends bytes that are no line, before the session begins. A connection that is lost shows when the
    /// greeting is read.
    pub fn send_as_it_is(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        match self.stream.write_all(bytes).map_err(WireError::from) {
            Err(WireError::TimedOut) => Err(WireError::TimedOut),
            Ok(()) | Err(WireError::Lost) => Ok(()),
        }
    }

    /// The next reply. One that came before its command is taken for it.
    pub fn reply(&mut self) -> Result<Reply, WireError> {
        let mut buffer = [0; READ_SIZE];
        loop {
            match self.reader.take() {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(_) => return Err(WireError::Lost),
            }
            let count = self.stream.read(&mut buffer)?;
            if count == 0 {
                return Err(WireError::Lost);
            }
            self.reader.push(buffer.get(..count).unwrap_or_default());
        }
    }

    /// Goes over to TLS. Whatever came in plain text and was not read is an error, and nothing of
    /// it is kept (RFC 3207 section 6). After a failure the connection is closed.
    pub fn secure(&mut self, name: Option<&str>) -> Result<(), TlsError> {
        let early = self.reader.drain();
        self.stream.secure(name, &early)
    }

    /// As [`Self::secure`], on terms.
    #[cfg(feature = "extended")]
    pub fn secure_on(&mut self, terms: &Terms) -> Result<(), TlsError> {
        let early = self.reader.drain();
        self.stream.secure_on(terms, &early)
    }

    /// The chain that was verified, the server's own certificate first.
    #[cfg(feature = "extended")]
    pub fn verified_chain(&self) -> &[CertificateDer<'static>] {
        self.stream.verified_chain()
    }

    /// The alert with which the server ended TLS after the handshake.
    #[cfg(feature = "tls")]
    pub fn refusal(&self) -> Option<AlertDescription> {
        self.stream.refusal()
    }

    /// The TLS that there is.
    #[cfg(feature = "extended")]
    pub(crate) fn tls(&self) -> Option<&TlsStream<S>> {
        self.stream.tls()
    }

    /// The server's own certificate in DER, once there is TLS.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.stream.certificate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn plain_text_before_tls_fails_the_handshake() {
        let mut wire = Wire::new(Cursor::new(b"220 go\r\n250 injected\r\n".to_vec()));
        wire.reply().unwrap();
        let error = wire.secure(None).unwrap_err();
        assert!(matches!(error, TlsError::Injected(14)), "{error}");
        assert_eq!(wire.reply(), Err(WireError::Lost));
        assert_eq!(wire.send("EHLO x"), Err(WireError::Lost));
    }
}
