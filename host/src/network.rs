//! The contract's `sockets`: TCP and Unix connections, granted, bounded and timed.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use wasmtime::component::Resource;

use crate::bindings::monitoring::plugin::sockets::{Error, Family, Host, HostConnection};
use crate::error::LimitExceeded;
use crate::resolver;
use crate::state::State;

/// The most that one call reads, in bytes.
const READ_LIMIT: u32 = 64 * 1024;

/// The longest path of a Unix socket, in bytes: `sun_path` without its end (unix(7)).
const PATH_LIMIT: usize = 107;

/// An open connection.
pub struct Connection {
    stream: Stream,
    deadline: Instant,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// Accepted and reset before it was looked at.
    Reset,
}

impl Host for State {
    async fn connect_tcp(
        &mut self,
        host: String,
        port: u16,
        family: Family,
        timeout: u64,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        if !self.grants.allow_tcp(&host, port) {
            return Ok(Err(denied(&format!("tcp://{host}:{port}"))));
        }
        let deadline = self.deadline(timeout);
        let stream = connect_tcp(&host, port, family, deadline).await;
        self.keep(stream, deadline)
    }

    async fn connect_unix(
        &mut self,
        path: String,
        timeout: u64,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        if !self.grants.allow_unix(&path) {
            return Ok(Err(denied(&format!("unix:{path}"))));
        }
        if path.len() > PATH_LIMIT {
            let reason = format!(
                "path of a Unix socket too long, {} bytes of at most {PATH_LIMIT}",
                path.len()
            );
            return Ok(Err(Error::InvalidAddress(reason)));
        }
        let deadline = self.deadline(timeout);
        let stream = by(deadline, UnixStream::connect(path)).await;
        self.keep(stream.map(Stream::Unix), deadline)
    }
}

impl HostConnection for State {
    async fn read(
        &mut self,
        connection: Resource<Connection>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let connection = self.table.get_mut(&connection)?;
        let max = usize::try_from(max.clamp(1, READ_LIMIT))?;
        let read = match &mut connection.stream {
            Stream::Tcp(stream) => read(stream, max, connection.deadline).await,
            Stream::Unix(stream) => read(stream, max, connection.deadline).await,
            Stream::Reset => Err(Error::Reset),
        };
        self.count(read.as_ref().map_or(0, Vec::len))?;
        Ok(read)
    }

    async fn write(
        &mut self,
        connection: Resource<Connection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.count(bytes.len())?;
        let connection = self.table.get_mut(&connection)?;
        Ok(match &mut connection.stream {
            Stream::Tcp(stream) => write(stream, &bytes, connection.deadline).await,
            Stream::Unix(stream) => write(stream, &bytes, connection.deadline).await,
            Stream::Reset => Err(Error::Reset),
        })
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl State {
    /// When a connection's time is used up: never later than the whole run's.
    fn deadline(&self, timeout: u64) -> Instant {
        let asked = Instant::now().checked_add(Duration::from_nanos(timeout));
        asked.map_or(self.budget_end, |asked| asked.min(self.budget_end))
    }

    fn keep(
        &mut self,
        stream: Result<Stream, Error>,
        deadline: Instant,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        let connection = self.table.push(Connection { stream, deadline });
        Ok(Ok(
            connection.map_err(|_| LimitExceeded("open connections"))?
        ))
    }

    fn count(&mut self, bytes: usize) -> Result<(), LimitExceeded> {
        let left = self.traffic_left.checked_sub(bytes as u64);
        self.traffic_left = left.ok_or(LimitExceeded("bytes sent and received"))?;
        Ok(())
    }
}

fn denied(endpoint: &str) -> Error {
    Error::AccessDenied(format!("the command line does not name {endpoint}"))
}

/// Tries the addresses in turn; the last failure is the one that counts.
async fn connect_tcp(
    host: &str,
    port: u16,
    family: Family,
    deadline: Instant,
) -> Result<Stream, Error> {
    let mut failure = Error::NameNotFound("no address of that family".to_owned());
    for address in addresses(host, port, deadline).await? {
        if !suits(&address, family) {
            continue;
        }
        match by(deadline, TcpStream::connect(address)).await {
            Ok(stream) => {
                // Lines go out whole; waiting for more of them would only cost time.
                let _ = stream.set_nodelay(true);
                return Ok(Stream::Tcp(stream));
            }
            // Before the connection stands the answer is "refused"; so it stood.
            Err(Error::Reset) => return Ok(Stream::Reset),
            Err(Error::TimedOut) => return Err(Error::TimedOut),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The addresses of a host in the resolver's order. An address needs no resolver.
async fn addresses(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout_at(deadline, resolver::look_up(host, port)).await {
        Err(_) => Err(Error::TimedOut),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            Err(Error::NameNotFound(reason(&error)))
        }
        Ok(Err(error)) => Err(Error::Other(reason(&error))),
        Ok(Ok(addresses)) => Ok(addresses),
    }
}

fn suits(address: &SocketAddr, family: Family) -> bool {
    match family {
        Family::Any => true,
        Family::Ipv4 => address.is_ipv4(),
        Family::Ipv6 => address.is_ipv6(),
    }
}

async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    max: usize,
    deadline: Instant,
) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; max];
    let count = by(deadline, stream.read(&mut bytes)).await?;
    bytes.truncate(count);
    Ok(bytes)
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    deadline: Instant,
) -> Result<(), Error> {
    by(deadline, stream.write_all(bytes)).await
}

async fn by<T>(deadline: Instant, work: impl Future<Output = io::Result<T>>) -> Result<T, Error> {
    match timeout_at(deadline, work).await {
        Ok(result) => result.map_err(|error| failure(&error)),
        Err(_) => Err(Error::TimedOut),
    }
}

fn failure(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectionRefused => Error::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Error::Reset
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Error::Unreachable(reason(error))
        }
        _ => Error::Other(reason(error)),
    }
}

/// The system's words, as strerror(3) gives them.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
