//! The contract's `sockets`: TCP and Unix connections, granted, bounded and timed.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use sandcheck_contract::reason;
use wasmtime::component::{Resource, ResourceTableError};

use crate::bindings::monitoring::plugin::sockets::{Error, Family, Host, HostConnection};
use crate::grants::Refusal;
use crate::limits::LimitExceeded;
use crate::state::State;
use crate::transport::Transport;

/// The most that one call reads, in bytes.
const READ_LIMIT: u32 = 64 * 1024;

/// The longest path of a Unix socket, in bytes: `sun_path` without its end (unix(7)).
const PATH_LIMIT: usize = 107;

/// What a plugin's handle of a connection stands for: an [`Open`] one in the table.
pub enum Connection {}

/// An open connection.
struct Open<T: Transport> {
    stream: Stream<T>,
    deadline: Instant,
}

enum Stream<T: Transport> {
    Connected(T::Stream),
    /// Accepted and reset before it was looked at.
    Reset,
}

impl<T: Transport> Host for State<T> {
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
        let addresses = match self.addresses(&host, port, deadline).await? {
            Ok(addresses) => addresses,
            Err(error) => return Ok(Err(error)),
        };
        match self.allowed(&host, addresses, family) {
            Ok(addresses) => {
                let stream = connect_tcp::<T>(&addresses, self.grants.source(), deadline).await;
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
        let stream = T::connect_unix(&path, deadline).await;
        self.keep(stream.map(Stream::Connected), deadline)
    }
}

impl<T: Transport> HostConnection for State<T> {
    async fn read(
        &mut self,
        connection: Resource<Connection>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let connection = self.open(&connection)?;
        let max = usize::try_from(max.clamp(1, READ_LIMIT))?;
        let read = match &mut connection.stream {
            Stream::Connected(stream) => T::read(stream, max, connection.deadline).await,
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
        let connection = self.open(&connection)?;
        Ok(match &mut connection.stream {
            Stream::Connected(stream) => T::write(stream, &bytes, connection.deadline).await,
            Stream::Reset => Err(Error::Reset),
        })
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table
            .delete(Resource::<Open<T>>::new_own(connection.rep()))?;
        self.used.connections -= 1;
        Ok(())
    }
}

impl<T: Transport> State<T> {
    /// When a call's or a connection's time is used up: never later than the whole run's.
    pub(crate) fn deadline(&self, timeout: u64) -> Instant {
        let now = Instant::now();
        let end = self.budget.map_or(now, |budget| budget.end);
        let asked = now.checked_add(Duration::from_nanos(timeout));
        asked.map_or(end, |asked| asked.min(end))
    }

    /// The addresses of a host. Those that the plugin asked for before in this run stay what they are,
    /// also where there are none.
    async fn addresses(
        &mut self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<Result<Vec<SocketAddr>, Error>, LimitExceeded> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Ok(vec![SocketAddr::new(address, port)]));
        }
        let Some((_, found)) = self.looked_up.iter().find(|(name, _)| name == host) else {
            self.count_look_up()?;
            return Ok(T::look_up(host, port, deadline).await);
        };
        let mut found = found.clone();
        for address in found.iter_mut().flatten() {
            address.set_port(port);
        }
        Ok(found)
    }

    fn refuse(&mut self, refusal: Refusal) -> Error {
        Error::AccessDenied(self.remember(refusal))
    }

    /// What the plugin is told. The operator is told it too, whatever the plugin makes of it.
    pub(crate) fn remember(&mut self, refusal: Refusal) -> String {
        let words = refusal.to_string();
        self.refusal.get_or_insert(refusal);
        words
    }

    /// The addresses of the family that may be connected to. None at all is a failure.
    fn allowed(
        &mut self,
        host: &str,
        addresses: Vec<SocketAddr>,
        family: Family,
    ) -> Result<Vec<SocketAddr>, Error> {
        let addresses = self.grants.reachable(addresses, SocketAddr::is_ipv4);
        let addresses = addresses.map_err(Error::Unreachable)?;
        let meant = addresses
            .into_iter()
            .filter(|address| suits(address.ip(), family));
        let endpoint = |address: &SocketAddr| (address.ip(), address.port());
        match self.grants.permitted(host, meant, endpoint) {
            Ok(none) if none.is_empty() => {
                Err(Error::NameNotFound("no address of that family".to_owned()))
            }
            Ok(permitted) => Ok(permitted),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn keep(
        &mut self,
        stream: Result<Stream<T>, Error>,
        deadline: Instant,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        self.limits
            .check("connections", self.used.connections + 1)?;
        self.used.connections += 1;
        let open = self.table.push(Open { stream, deadline })?;
        Ok(Ok(Resource::new_own(open.rep())))
    }

    fn open(
        &mut self,
        connection: &Resource<Connection>,
    ) -> Result<&mut Open<T>, ResourceTableError> {
        self.table.get_mut(&Resource::new_borrow(connection.rep()))
    }

    fn count_connect(&mut self) -> Result<(), LimitExceeded> {
        self.used.connects += 1;
        self.limits.check("connects", self.used.connects)
    }

    pub(crate) fn count_look_up(&mut self) -> Result<(), LimitExceeded> {
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
async fn connect_tcp<T: Transport>(
    addresses: &[SocketAddr],
    source: Option<IpAddr>,
    deadline: Instant,
) -> Result<Stream<T>, Error> {
    let mut failure = Error::NameNotFound("no address".to_owned());
    for address in addresses {
        match T::connect_tcp(*address, source, deadline).await {
            Ok(stream) => return Ok(Stream::Connected(stream)),
            // Before the connection stands the answer is "refused"; so it stood.
            Err(Error::Reset) => return Ok(Stream::Reset),
            Err(Error::TimedOut) => return Err(Error::TimedOut),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

pub(crate) fn suits(address: IpAddr, family: Family) -> bool {
    match family {
        Family::Any => true,
        Family::Ipv4 => address.is_ipv4(),
        Family::Ipv6 => address.is_ipv6(),
    }
}

/// What a system call's error means to a plugin.
pub(crate) fn failure(error: &io::Error) -> Error {
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
