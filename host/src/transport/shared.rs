//! Connections of a tokio runtime: any number of checks wait at the same time.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout_at;
use wasmtime::component::Linker;

use super::Transport;
use crate::bindings::monitoring::plugin::sockets::Error;
use crate::network::failure;
use crate::resolver;
use crate::state::{State, link_inert};

/// Checks that share a runtime. It has to have its I/O and time drivers enabled.
#[derive(Debug)]
pub enum Shared {}

/// An open connection.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// To a Unix socket.
    Unix(UnixStream),
}

impl Transport for Shared {
    const ENDS_WITH_CHECK: bool = false;
    type Stream = Stream;

    async fn connect_tcp(address: SocketAddr, deadline: Instant) -> Result<Stream, Error> {
        let stream = by(deadline, TcpStream::connect(address)).await?;
        // Lines go out whole; waiting for more of them would only cost time.
        let _ = stream.set_nodelay(true);
        Ok(Stream::Tcp(stream))
    }

    async fn connect_unix(path: &str, deadline: Instant) -> Result<Stream, Error> {
        by(deadline, UnixStream::connect(path))
            .await
            .map(Stream::Unix)
    }

    async fn read(stream: &mut Stream, max: usize, deadline: Instant) -> Result<Vec<u8>, Error> {
        // Whoever waits holds no buffer.
        by(deadline, async {
            loop {
                stream.readable().await?;
                let mut bytes = Vec::with_capacity(max);
                match stream.try_read(&mut bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return result.map(|_| bytes),
                }
            }
        })
        .await
    }

    async fn write(stream: &mut Stream, bytes: &[u8], deadline: Instant) -> Result<(), Error> {
        by(deadline, async {
            let mut left = bytes;
            while !left.is_empty() {
                stream.writable().await?;
                match stream.try_write(left) {
                    Ok(count) => left = left.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
        .await
    }

    async fn look_up(name: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
        match timeout_at(deadline.into(), resolver::look_up(name, port, deadline)).await {
            Err(_) => Err(Error::TimedOut),
            Ok(answer) => resolver::judge(answer),
        }
    }

    async fn by<F: Future + Send>(deadline: Instant, work: F) -> Option<F::Output> {
        timeout_at(deadline.into(), work).await.ok()
    }

    fn link_inert(linker: &mut Linker<State<Self>>) -> wasmtime::Result<()> {
        link_inert(linker)
    }
}

impl Stream {
    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Unix(stream) => stream.writable().await,
        }
    }

    /// As much as the buffer has room for.
    fn try_read(&self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read_buf(bytes),
            Self::Unix(stream) => stream.try_read_buf(bytes),
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }
}

async fn by<T>(deadline: Instant, work: impl Future<Output = io::Result<T>>) -> Result<T, Error> {
    // A server that always has something to say is not listened to for ever.
    if deadline <= Instant::now() {
        return Err(Error::TimedOut);
    }
    match timeout_at(deadline.into(), work).await {
        Ok(result) => result.map_err(|error| failure(&error)),
        Err(_) => Err(Error::TimedOut),
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
            let done = by(now, async { Ok(7) }).await;
            assert!(matches!(done, Err(Error::TimedOut)));
            let done = by(now + Duration::from_mins(1), async { Ok(7) }).await;
            assert!(matches!(done, Ok(7)));
        });
    }
}
