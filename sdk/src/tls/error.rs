//! Why there is no TLS.

use std::fmt;
use std::io;

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

use super::rejection::Rejection;

/// Why a handshake failed. Described in words that tell what to look at.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is described by its Display")]
pub enum TlsError {
    TimedOut,
    Injected(usize),
    NotTls,
    OldVersion,
    NotTls13,
    Rejected(Rejection),
    Closed,
    Refused(AlertDescription),
    TooLong,
    Stream(io::Error),
    Protocol(rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the time was used up"),
            Self::Injected(count) => write!(
                f,
                "{count} bytes of plain text came behind the reply to STARTTLS (possible injection)"
            ),
            Self::NotTls => f.write_str("the server sent something that is not TLS"),
            Self::OldVersion => f.write_str(
                "the server speaks neither TLS 1.2 nor TLS 1.3, older versions are unsafe",
            ),
            Self::NotTls13 => f.write_str("the server does not speak TLS 1.3"),
            Self::Rejected(rejection) => write!(f, "{rejection}"),
            Self::Closed => f.write_str("the server closed the connection during the handshake"),
            Self::Refused(alert) => {
                write!(
                    f,
                    "the server refused the handshake with the alert {alert:?}{}",
                    advice(*alert)
                )
            }
            Self::TooLong => f.write_str("the server sent too long a handshake"),
            Self::Stream(error) => write!(f, "{error}"),
            Self::Protocol(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for TlsError {}

fn advice(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::HandshakeFailure => {
            ": no certificate of its own, no cipher suite in common, or it wants a client certificate"
        }
        AlertDescription::CertificateRequired => ": it wants a client certificate",
        AlertDescription::UnrecognisedName => ": it does not know the host name",
        _ => "",
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
            | rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::OldVersion,
            rustls::Error::AlertReceived(alert) => Self::Refused(alert),
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            other => Self::Protocol(other),
        }
    }
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Stream(error),
        }
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::TimedOut => io::ErrorKind::TimedOut.into(),
            TlsError::Stream(error) => error,
            other => Self::new(io::ErrorKind::InvalidData, other.to_string()),
        }
    }
}
