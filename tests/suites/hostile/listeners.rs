//! Real listeners, which count who comes: two on TCP ports of 127.0.0.1, one on 127.0.0.2 and one
//! on `::1`, where there is one, and two on Unix sockets.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use serde::Deserialize;

/// What a listener does with a connection.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Manner {
    /// Greets, and waits for the end.
    #[default]
    Banner,
    /// Reads to the end.
    Drain,
    /// Writes to the end.
    Flood,
    /// Waits until the attack is over, and neither reads nor writes.
    Silent,
}

/// All listeners of one attack.
pub(crate) struct Listeners {
    pub(crate) port: u16,
    pub(crate) other: u16,
    pub(crate) socket: PathBuf,
    pub(crate) other_socket: PathBuf,
    /// Where the attack may go.
    granted: Vec<Listener>,
    /// Where it may not.
    others: Vec<Listener>,
}

/// How many came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) granted: usize,
    pub(crate) others: usize,
}

impl Listeners {
    /// Listens; Unix sockets lie in the folder.
    pub(crate) fn start(folder: &Path, manner: Manner) -> io::Result<Self> {
        let (first, second) = (tcp(Ipv4Addr::LOCALHOST, 0)?, tcp(Ipv4Addr::LOCALHOST, 0)?);
        let (port, other) = (first.local_addr()?.port(), second.local_addr()?.port());
        let (socket, other_socket) = (folder.join("server.sock"), folder.join("other.sock"));
        let mut others = vec![
            Listener::tcp(second, manner)?,
            Listener::tcp(tcp(Ipv4Addr::new(127, 0, 0, 2), port)?, manner)?,
            Listener::unix(&other_socket, manner)?,
        ];
        // Not every machine has IPv6.
        if let Ok(v6) = TcpListener::bind(("::1", port)) {
            others.push(Listener::tcp(v6, manner)?);
        }
        Ok(Self {
            granted: vec![
                Listener::tcp(first, manner)?,
                Listener::unix(&socket, manner)?,
            ],
            port,
            other,
            socket,
            other_socket,
            others,
        })
    }

    /// Stops, and says how many came.
    pub(crate) fn finish(self) -> Reached {
        let count = |listeners: Vec<Listener>| listeners.into_iter().map(Listener::finish).sum();
        Reached {
            granted: count(self.granted),
            others: count(self.others),
        }
    }
}

fn tcp(address: Ipv4Addr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((address, port))
}

/// One listener and its thread.
struct Listener {
    socket: Socket,
    address: Address,
    over: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Listener {
    fn tcp(listener: TcpListener, manner: Manner) -> io::Result<Self> {
        let address = Address::Tcp(listener.local_addr()?);
        Self::start(Socket::Tcp(listener), address, manner)
    }

    fn unix(path: &Path, manner: Manner) -> io::Result<Self> {
        let socket = Socket::Unix(UnixListener::bind(path)?);
        Self::start(socket, Address::Unix(path.to_owned()), manner)
    }

    fn start(socket: Socket, address: Address, manner: Manner) -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let (accepting, is_over) = (socket.try_clone()?, over.clone());
        Ok(Self {
            socket,
            address,
            over,
            thread: thread::spawn(move || accept(&accepting, manner, &is_over)),
        })
    }

    /// Stops, and says how many came: those that the thread has accepted, and those that still
    /// wait, without the one that wakes it.
    fn finish(self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let _own = match &self.address {
            Address::Tcp(address) => TcpStream::connect(address).map(Stream::Tcp),
            Address::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        };
        let accepted = self.thread.join().unwrap_or(usize::MAX);
        let waiting = self.socket.waiting();
        accepted.saturating_add(waiting).saturating_sub(1)
    }
}

impl Socket {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone()?),
            Self::Unix(listener) => Self::Unix(listener.try_clone()?),
        })
    }

    fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(listener) => Stream::Tcp(listener.accept()?.0),
            Self::Unix(listener) => Stream::Unix(listener.accept()?.0),
        })
    }

    /// How many nobody has accepted yet.
    fn waiting(&self) -> usize {
        let unblocked = match self {
            Self::Tcp(listener) => listener.set_nonblocking(true),
            Self::Unix(listener) => listener.set_nonblocking(true),
        };
        unblocked.map_or(usize::MAX, |()| {
            std::iter::from_fn(|| self.accept().ok()).count()
        })
    }
}

/// Serves everybody until it is over, and counts them.
fn accept(socket: &Socket, manner: Manner, over: &AtomicBool) -> usize {
    let mut streams = Vec::new();
    while let Ok(stream) = socket.accept() {
        if let (Manner::Banner | Manner::Drain | Manner::Flood, Ok(served)) =
            (manner, stream.try_clone())
        {
            // It ends with the connection, at the latest when the streams are shut down.
            thread::spawn(move || serve(served, manner));
        }
        streams.push(stream);
        if over.load(Ordering::SeqCst) {
            break;
        }
    }
    streams.iter().for_each(Stream::shut_down);
    streams.len()
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn shut_down(&self) {
        // It fails when the other side was first.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

fn serve(stream: Stream, manner: Manner) {
    match stream {
        Stream::Tcp(mut stream) => behave(&mut stream, manner),
        Stream::Unix(mut stream) => behave(&mut stream, manner),
    }
}

/// Errors are the end of the connection.
fn behave(stream: &mut (impl Read + Write), manner: Manner) {
    if matches!(manner, Manner::Flood) {
        let bytes = vec![b'x'; 64 << 10];
        while stream.write_all(&bytes).is_ok() {}
    }
    if matches!(manner, Manner::Banner) {
        let _ = stream.write_all(b"220 hello\r\n");
    }
    let _ = io::copy(stream, &mut io::sink());
}
