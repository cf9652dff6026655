//! The transports: what a server listens on, and the ways not to listen.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use super::script::{Script, Transport};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 5;
/// As port + 65536 has five digits for these, however the program cuts it.
const LOW_PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Connections that fill the queue of a listener whose backlog is zero, with some to spare.
const QUEUE_FILLERS: usize = 4;
/// The queue is full well within this time.
const QUEUE_FILLED: Duration = Duration::from_millis(50);

/// Where the client is to connect.
pub(super) struct Endpoint {
    pub(super) host: &'static str,
    pub(super) port: u16,
    pub(super) path: PathBuf,
    pub(super) listener: Option<Socket>,
    /// Sockets to be open as long as the server is.
    pub(super) kept: Vec<Socket>,
}

impl Endpoint {
    fn nowhere() -> Self {
        Self {
            host: "127.0.0.1",
            port: 0,
            path: PathBuf::new(),
            listener: None,
            kept: Vec::new(),
        }
    }

    fn listening(listener: Socket) -> io::Result<Self> {
        listener.listen(BACKLOG)?;
        listener.set_nonblocking(true)?;
        let there = Self::at(&listener)?;
        Ok(Self {
            listener: Some(listener),
            ..there
        })
    }

    fn keeping(kept: Vec<Socket>) -> io::Result<Self> {
        let there = kept.first().map_or_else(|| Ok(Self::nowhere()), Self::at)?;
        Ok(Self { kept, ..there })
    }

    fn at(socket: &Socket) -> io::Result<Self> {
        let address = socket.local_addr()?.as_socket();
        Ok(Self {
            host: if address.is_some_and(|a| a.is_ipv6()) {
                "::1"
            } else {
                "127.0.0.1"
            },
            port: address.map_or(0, |a| a.port()),
            ..Self::nowhere()
        })
    }
}

pub(super) fn open(script: &Script, folder: &Path) -> io::Result<Endpoint> {
    let path = folder.join("s");
    match script.transport {
        Transport::Tcp4 if script.low_port => Endpoint::listening(bound_to_low_port()?),
        Transport::Tcp4 => Endpoint::listening(bound((Ipv4Addr::LOCALHOST, 0))?),
        Transport::Tcp6 => Endpoint::listening(bound((Ipv6Addr::LOCALHOST, 0))?),
        Transport::Unix => Ok(Endpoint {
            path: path.clone(),
            ..Endpoint::listening(unix(&path)?)?
        }),
        Transport::UnixStale => unix(&path).map(|_| Endpoint {
            path,
            ..Endpoint::nowhere()
        }),
        Transport::Refused => Endpoint::keeping(vec![bound((Ipv4Addr::LOCALHOST, 0))?]),
        Transport::Refused6 => Endpoint::keeping(vec![bound((Ipv6Addr::LOCALHOST, 0))?]),
        Transport::Blackhole => Endpoint::keeping(black_hole()?),
        Transport::None => Ok(Endpoint::nowhere()),
    }
}

fn bound(address: impl Into<SocketAddr>) -> io::Result<Socket> {
    let address = SockAddr::from(address.into());
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    socket.bind(&address)?;
    Ok(socket)
}

fn bound_to_low_port() -> io::Result<Socket> {
    let random = RandomState::new();
    (0..200_u16)
        .map(|attempt| {
            let offset = random.hash_one(attempt) % u64::from(LOW_PORTS.end - LOW_PORTS.start);
            LOW_PORTS.start + u16::try_from(offset).unwrap_or(0)
        })
        .find_map(|port| bound((Ipv4Addr::LOCALHOST, port)).ok())
        .ok_or_else(|| io::Error::from(io::ErrorKind::AddrInUse))
}

fn unix(path: &Path) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    Ok(socket)
}

/// A listener whose queue is full, first, and what fills it.
fn black_hole() -> io::Result<Vec<Socket>> {
    let listener = bound((Ipv4Addr::LOCALHOST, 0))?;
    listener.listen(0)?;
    let address = listener.local_addr()?;
    let mut sockets = vec![listener];
    for _ in 0..QUEUE_FILLERS {
        let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        filler.set_nonblocking(true)?;
        // It is not waited for: the first do get connected, the others never.
        let _ = filler.connect(&address);
        sockets.push(filler);
    }
    thread::sleep(QUEUE_FILLED);
    Ok(sockets)
}
