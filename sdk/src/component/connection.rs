//! The contract's connection as a stream.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use super::bindings::monitoring::plugin::sockets;
use crate::host_name::Family;
use crate::network::ConnectError;

pub(crate) struct Connection(sockets::Connection);

pub(crate) fn connect_tcp(
    host: &str,
    port: u16,
    family: Family,
    timeout: Duration,
) -> Result<Connection, ConnectError> {
    sockets::connect_tcp(host, port, contract_family(family), nanoseconds(timeout))
        .map(Connection)
        .map_err(connect_error)
}

pub(crate) fn connect_unix(path: &str, timeout: Duration) -> Result<Connection, ConnectError> {
    sockets::connect_unix(path, nanoseconds(timeout))
        .map(Connection)
        .map_err(connect_error)
}

pub(super) fn contract_family(family: Family) -> sockets::Family {
    match family {
        Family::Any => sockets::Family::Any,
        Family::V4 => sockets::Family::Ipv4,
        Family::V6 => sockets::Family::Ipv6,
    }
}

pub(super) fn nanoseconds(timeout: Duration) -> u64 {
    u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)
}

fn connect_error(error: sockets::Error) -> ConnectError {
    use sockets::Error as E;
    match error {
        E::AccessDenied(reason) => ConnectError::AccessDenied(reason),
        E::NotSupported => ConnectError::NotSupported,
        E::InvalidAddress(reason) => ConnectError::InvalidAddress(reason),
        E::NameNotFound(reason) => ConnectError::NameNotFound(reason),
        E::Refused => ConnectError::Refused,
        E::Unreachable(reason) => ConnectError::Unreachable(reason),
        E::TimedOut => ConnectError::TimedOut,
        E::Reset => ConnectError::Reset,
        E::Other(reason) => ConnectError::Other(reason),
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let max = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let bytes = self.0.read(max).map_err(error)?;
        let target = buffer
            .get_mut(..bytes.len())
            .ok_or(ErrorKind::InvalidData)?;
        target.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(error)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn error(error: sockets::Error) -> io::Error {
    match error {
        sockets::Error::TimedOut => ErrorKind::TimedOut.into(),
        sockets::Error::Reset => ErrorKind::ConnectionReset.into(),
        other => io::Error::other(format!("{other:?}")),
    }
}
