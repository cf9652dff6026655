//! Connections to the service being checked.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use crate::host_name::{Family, Host};

#[cfg(target_arch = "wasm32")]
use crate::component::connection as system;
#[cfg(not(target_arch = "wasm32"))]
mod system;

/// Why there is no connection. Its `Display` is the reason in the words of the system
/// (`Connection refused`), without the address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the contract documents each; the names are the same"
)]
pub enum ConnectError {
    /// The host's policy does not allow it; the text says what would.
    AccessDenied(String),
    NotSupported,
    InvalidAddress(String),
    NameNotFound(String),
    Refused,
    Unreachable(String),
    TimedOut,
    Reset,
    Other(String),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied(reason)
            | Self::InvalidAddress(reason)
            | Self::NameNotFound(reason)
            | Self::Unreachable(reason)
            | Self::Other(reason) => reason,
            Self::NotSupported => "not supported by the host",
            Self::Refused => "Connection refused",
            Self::TimedOut => "Connection timed out",
            Self::Reset => "Connection reset by peer",
        })
    }
}

impl std::error::Error for ConnectError {}

/// An open connection. Dropping it closes it.
///
/// Reading returns 0 bytes once the peer closed its side. When the time is used up, both directions
/// fail with [`io::ErrorKind::TimedOut`].
pub struct Connection(system::Connection);

/// Opens a connection to a Unix socket, or to `port` of a host over TCP. A component that calls it
/// can do both; see [`connect_tcp`].
///
/// `timeout` covers the look-up of the name and everything that is done with the connection.
pub fn connect(
    host: &Host,
    port: u16,
    family: Family,
    timeout: Duration,
) -> Result<Connection, ConnectError> {
    match host {
        Host::Path(path) => connect_unix(path, timeout),
        host => connect_tcp(&host.to_string(), port, family, timeout),
    }
}

/// Opens a TCP connection to a host name or an address. A component that only calls this one cannot
/// open Unix sockets: its imports say so.
pub fn connect_tcp(
    host: &str,
    port: u16,
    family: Family,
    timeout: Duration,
) -> Result<Connection, ConnectError> {
    system::connect_tcp(host, port, family, timeout).map(Connection)
}

/// Opens a connection to a Unix stream socket by its absolute path.
pub fn connect_unix(path: &str, timeout: Duration) -> Result<Connection, ConnectError> {
    system::connect_unix(path, timeout).map(Connection)
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
