//! Connections of the machine itself, so that a plugin's tests can run all of it without a host.
//! Nothing of this is in a component.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::ConnectError;
use crate::host_name::Family;

pub(super) struct Connection {
    socket: Socket,
    deadline: Instant,
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

pub(super) fn connect_tcp(
    host: &str,
    port: u16,
    family: Family,
    timeout: Duration,
) -> Result<Connection, ConnectError> {
    let deadline = Instant::now() + timeout;
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| ConnectError::NameNotFound(error.to_string()))?;
    let mut failure = ConnectError::NameNotFound("no address of the family".to_owned());
    for address in addresses.filter(|address| match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    }) {
        let left = left(deadline).map_err(|error| reason(&error))?;
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                let socket = Socket::Tcp(stream);
                return Ok(Connection { socket, deadline });
            }
            Err(error) => failure = reason(&error),
        }
    }
    Err(failure)
}

pub(super) fn connect_unix(path: &str, timeout: Duration) -> Result<Connection, ConnectError> {
    let deadline = Instant::now() + timeout;
    let socket = UnixStream::connect(path).map_err(|error| reason(&error))?;
    let socket = Socket::Unix(socket);
    Ok(Connection { socket, deadline })
}

fn reason(error: &io::Error) -> ConnectError {
    match error.kind() {
        ErrorKind::ConnectionRefused => ConnectError::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ConnectError::TimedOut,
        ErrorKind::ConnectionReset => ConnectError::Reset,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
            ConnectError::Unreachable(error.to_string())
        }
        _ => ConnectError::Other(error.to_string()),
    }
}

/// The time that is left, never none at all: that would mean no limit.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// A socket that had to wait too long says that it would have to wait.
fn in_time<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    })
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = Some(left(self.deadline)?);
        in_time(match &mut self.socket {
            Socket::Tcp(stream) => {
                stream.set_read_timeout(left)?;
                stream.read(buffer)
            }
            Socket::Unix(stream) => {
                stream.set_read_timeout(left)?;
                stream.read(buffer)
            }
        })
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = Some(left(self.deadline)?);
        in_time(match &mut self.socket {
            Socket::Tcp(stream) => {
                stream.set_write_timeout(left)?;
                stream.write(bytes)
            }
            Socket::Unix(stream) => {
                stream.set_write_timeout(left)?;
                stream.write(bytes)
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
