//! The contract's `sockets`: TCP and Unix connections, granted, bounded and timed.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use wasmtime::component::Resource;

use crate::bindings::monitoring::plugin::sockets::{Error, Family, Host, HostConnection};
use crate::grants::Refusal;
use crate::limits::LimitExceeded;
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
        self.count_connect()?;
        if let Err(refusal) = self.grants.allow_host(&host, port) {
            return Ok(Err(self.refuse(refusal)));
        }
        let deadline = self.deadline(timeout);
        let addresses = if let Ok(address) = host.parse::<IpAddr>() {
            vec![SocketAddr::new(address, port)]
        } else {
            self.count_look_up()?;
            match look_up(&host, port, deadline).await {
                Ok(addresses) => addresses,
                Err(error) => return Ok(Err(error)),
            }
        };
        match self.allowed(&host, addresses, family) {
            Ok(addresses) => {
                let stream = connect_tcp(&addresses, deadline).await;
                self.keep(stream, deadline)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn connect_unix(
        &mut self,
        path: String,
        timeout: u64,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        self.count_connect()?;
        if let Err(refusal) = self.grants.allow_unix(&path) {
            return Ok(Err(self.refuse(refusal)));
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
        self.used.connections -= 1;
        Ok(())
    }
}

impl State {
    /// When a connection's time is used up: never later than the whole run's.
    fn deadline(&self, timeout: u64) -> Instant {
        let now = Instant::now();
        let end = self.budget.map_or(now, |budget| budget.end);
        let asked = now.checked_add(Duration::from_nanos(timeout));
        asked.map_or(end, |asked| asked.min(end))
    }

    /// Tells the plugin, and remembers it for the operator.
    fn refuse(&mut self, refusal: Refusal) -> Error {
        let error = Error::AccessDenied(refusal.to_string());
        self.refusal.get_or_insert(refusal);
        error
    }

    /// The addresses of the family that may be connected to. None at all is a failure.
    fn allowed(
        &mut self,
        host: &str,
        addresses: Vec<SocketAddr>,
        family: Family,
    ) -> Result<Vec<SocketAddr>, Error> {
        let mut allowed = Vec::with_capacity(addresses.len());
        let mut refused = None;
        for address in addresses
            .into_iter()
            .filter(|address| suits(address, family))
        {
            match self
                .grants
                .allow_address(host, address.ip(), address.port())
            {
                Ok(()) => allowed.push(address),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match (allowed.is_empty(), refused) {
            (false, _) => Ok(allowed),
            (true, Some(refusal)) => Err(self.refuse(refusal)),
            (true, None) => Err(Error::NameNotFound("no address of that family".to_owned())),
        }
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
        self.limits
            .check("connections", self.used.connections + 1)?;
        self.used.connections += 1;
        Ok(Ok(self.table.push(Connection { stream, deadline })?))
    }

    fn count_connect(&mut self) -> Result<(), LimitExceeded> {
        self.used.connects += 1;
        self.limits.check("connects", self.used.connects)
    }

    fn count_look_up(&mut self) -> Result<(), LimitExceeded> {
        self.used.look_ups += 1;
        self.limits.check("look-ups", self.used.look_ups)
    }

    fn count(&mut self, bytes: usize) -> Result<(), LimitExceeded> {
        self.used.traffic = self.used.traffic.saturating_add(bytes as u64);
        if self.used.traffic > self.limits.traffic {
            return Err(self.limits.exceeded("traffic"));
        }
        Ok(())
    }
}

/// Tries the addresses in turn; the last failure is the one that counts.
async fn connect_tcp(addresses: &[SocketAddr], deadline: Instant) -> Result<Stream, Error> {
    let mut failure = Error::NameNotFound("no address".to_owned());
    for address in addresses {
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

/// The addresses of a name in the resolver's order.
async fn look_up(name: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
    match timeout_at(deadline, resolver::look_up(name, port)).await {
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
    // A server that always has something to say is not listened to for ever.
    if deadline <= Instant::now() {
        return Err(Error::TimedOut);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_too_late_is_too_late() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(async {
            let now = Instant::now();
            let done = by(now, async { Ok(7) }).await;
            assert!(matches!(done, Err(Error::TimedOut)));
            let done = by(now + Duration::from_mins(1), async { Ok(7) }).await;
            assert!(matches!(done, Ok(7)));
        });
    }
}
