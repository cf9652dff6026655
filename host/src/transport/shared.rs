//! Connections of a tokio runtime: any number of checks wait at the same time.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::task::spawn_blocking;
use tokio::time::{Sleep, sleep_until, timeout_at};
use wasmtime::component::Linker;

use super::Transport;
use crate::bindings::monitoring::plugin::resolver::Error as ResolverError;
use crate::bindings::monitoring::plugin::sockets::Error;
use crate::network::failure;
use crate::resolver;
use crate::resolver::records::{self, Answer, Question};
use crate::state::{State, link_inert};

/// Checks that share a runtime. It has to have its I/O and time drivers enabled.
#[derive(Debug)]
pub enum Shared {}

/// An open connection.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    /// One for all that is done with the connection: to set it costs as much as a short read.
    timer: Timer,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Transport for Shared {
    const ENDS_WITH_CHECK: bool = false;
    type Stream = Stream;

    async fn connect_tcp(
        address: SocketAddr,
        source: Option<IpAddr>,
        deadline: Instant,
    ) -> Result<Stream, Error> {
        let mut timer = Timer::new(deadline);
        let socket = match source {
            None => timer.wait(TcpStream::connect(address)).await?,
            Some(source) => timer.wait(connect_from(source, address)).await?,
        };
        // Lines go out whole; waiting for more of them would only cost time.
        let _ = socket.set_nodelay(true);
        let socket = Socket::Tcp(socket);
        Ok(Stream { socket, timer })
    }

    async fn connect_unix(path: &str, deadline: Instant) -> Result<Stream, Error> {
        let mut timer = Timer::new(deadline);
        let socket = Socket::Unix(timer.wait(UnixStream::connect(path)).await?);
        Ok(Stream { socket, timer })
    }

    async fn read(stream: &mut Stream, max: usize, deadline: Instant) -> Result<Vec<u8>, Error> {
        let Stream { socket, timer } = stream;
        timer.set(deadline);
        poll_fn(|context| timer.poll(context, |context| socket.poll_read(context, max))).await
    }

    async fn write(stream: &mut Stream, bytes: &[u8], deadline: Instant) -> Result<(), Error> {
        let Stream { socket, timer } = stream;
        timer.set(deadline);
        let mut left = bytes;
        poll_fn(|context| timer.poll(context, |context| socket.poll_write(context, &mut left)))
            .await
    }

    async fn look_up(name: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
        match timeout_at(deadline.into(), resolver::look_up(name, port, deadline)).await {
            Err(_) => Err(Error::TimedOut),
            Ok(answer) => resolver::judge(answer),
        }
    }

    async fn ask(question: Question, deadline: Instant) -> Result<Answer, ResolverError> {
        let asked = spawn_blocking(move || records::ask(&question, deadline)).await;
        asked.unwrap_or_else(|error| Err(ResolverError::Other(error.to_string())))
    }

    async fn by<F: Future + Send>(deadline: Instant, work: F) -> Option<F::Output> {
        timeout_at(deadline.into(), work).await.ok()
    }

    async fn aside<D: Send + 'static>(work: impl FnOnce() -> D + Send + 'static) -> D {
        match spawn_blocking(work).await {
            Ok(done) => done,
            // It is never cancelled.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn link_inert(linker: &mut Linker<State<Self>>) -> wasmtime::Result<()> {
        link_inert(linker)
    }
}

async fn connect_from(source: IpAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.bind(SocketAddr::new(source, 0))?;
    socket.connect(address).await
}

impl Socket {
    /// Whoever waits holds no buffer.
    fn poll_read(&self, context: &mut Context, max: usize) -> Poll<io::Result<Vec<u8>>> {
        loop {
            ready!(match self {
                Self::Tcp(socket) => socket.poll_read_ready(context),
                Self::Unix(socket) => socket.poll_read_ready(context),
            })?;
            let mut bytes = Vec::with_capacity(max);
            let read = match self {
                Self::Tcp(socket) => socket.try_read_buf(&mut bytes),
                Self::Unix(socket) => socket.try_read_buf(&mut bytes),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result.map(|_| bytes)),
            }
        }
    }

    /// All of it; what has been written is no longer among what is left.
    fn poll_write(&self, context: &mut Context, left: &mut &[u8]) -> Poll<io::Result<()>> {
        while !left.is_empty() {
            ready!(match self {
                Self::Tcp(socket) => socket.poll_write_ready(context),
                Self::Unix(socket) => socket.poll_write_ready(context),
            })?;
            let written = match self {
                Self::Tcp(socket) => socket.try_write(left),
                Self::Unix(socket) => socket.try_write(left),
            };
            match written {
                Ok(count) => *left = left.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Ends what takes longer than the deadline.
#[derive(Debug)]
struct Timer(Pin<Box<Sleep>>);

impl Timer {
    fn new(deadline: Instant) -> Self {
        Self(Box::pin(sleep_until(deadline.into())))
    }

    fn set(&mut self, deadline: Instant) {
        if self.0.deadline() != deadline.into() {
            self.0.as_mut().reset(deadline.into());
        }
    }

    async fn wait<T>(&mut self, work: impl Future<Output = io::Result<T>>) -> Result<T, Error> {
        let mut work = pin!(work);
        poll_fn(|context| self.poll(context, |context| work.as_mut().poll(context))).await
    }

    /// A server that always has something to say is not listened to for ever: what is late is late,
    /// even if it is there.
    fn poll<T>(
        &mut self,
        context: &mut Context,
        work: impl FnOnce(&mut Context) -> Poll<io::Result<T>>,
    ) -> Poll<Result<T, Error>> {
        if self.0.deadline() <= tokio::time::Instant::now() {
            return Poll::Ready(Err(Error::TimedOut));
        }
        match work(context) {
            Poll::Ready(done) => Poll::Ready(done.map_err(|error| failure(&error))),
            Poll::Pending => self.0.as_mut().poll(context).map(|()| Err(Error::TimedOut)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_ready_too_late_is_too_late() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(async {
            let now = Instant::now();
            let mut timer = Timer::new(now);
            let done = timer.wait(async { Ok(7) }).await;
            assert_eq!(done, Err(Error::TimedOut));
            timer.set(now + Duration::from_mins(1));
            let done = timer.wait(async { Ok(7) }).await;
            assert_eq!(done, Ok(7));
        });
    }
}
