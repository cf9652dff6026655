//! Connections of a process that does one check: system calls that wait, with the time that is left.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, bind, connect,
    recv, send, socket_with, sockopt,
};
use wasmtime::component::Linker;

use super::Transport;
use crate::bindings::monitoring::plugin::resolver::Error as ResolverError;
use crate::bindings::monitoring::plugin::sockets::Error;
use crate::network::failure;
use crate::resolver;
use crate::resolver::records::{self, Answer, Question};
use crate::state::State;

/// One check in a process, without a runtime and without a thread: [`block_on`] carries it out.
#[derive(Debug)]
pub enum Alone {}

/// Carries out what a check does alone. It waits in system calls, and is pending only to give others
/// a turn, of which there are none.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
    }
}

impl Transport for Alone {
    const ENDS_WITH_CHECK: bool = true;
    type Stream = OwnedFd;

    async fn connect_tcp(
        address: SocketAddr,
        source: Option<IpAddr>,
        deadline: Instant,
    ) -> Result<OwnedFd, Error> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let stream = socket(family)?;
        if let Some(source) = source {
            bind(&stream, &SocketAddr::new(source, 0)).map_err(reason)?;
        }
        match connect(&stream, &address) {
            Err(Errno::INPROGRESS | Errno::INTR) => {
                wait_for(&stream, PollFlags::OUT, deadline)?;
                sockopt::socket_error(&stream)
                    .and_then(|result| result)
                    .map_err(reason)?;
            }
            result => result.map_err(reason)?,
        }
        // Lines go out whole; waiting for more of them would only cost time.
        let _ = sockopt::set_tcp_nodelay(&stream, true);
        Ok(stream)
    }

    async fn connect_unix(path: &str, _: Instant) -> Result<OwnedFd, Error> {
        let stream = socket(AddressFamily::UNIX)?;
        let address = SocketAddrUnix::new(path).map_err(reason)?;
        connect(&stream, &address).map_err(reason)?;
        Ok(stream)
    }

    async fn read(stream: &mut OwnedFd, max: usize, deadline: Instant) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(max);
        loop {
            wait_for(stream, PollFlags::IN, deadline)?;
            match recv(&*stream, spare_capacity(&mut bytes), RecvFlags::empty()) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(reason(error)),
                Ok(_) => return Ok(bytes),
            }
        }
    }

    async fn write(stream: &mut OwnedFd, bytes: &[u8], deadline: Instant) -> Result<(), Error> {
        let mut left = bytes;
        while !left.is_empty() {
            if deadline <= Instant::now() {
                return Err(Error::TimedOut);
            }
            match send(&*stream, left, SendFlags::NOSIGNAL) {
                Ok(count) => left = left.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => wait_for(stream, PollFlags::OUT, deadline)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(reason(error)),
            }
        }
        Ok(())
    }

    async fn look_up(name: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
        resolver::judge(resolver::look_up_alone(name, port, deadline))
    }

    async fn ask(question: Question, deadline: Instant) -> Result<Answer, ResolverError> {
        records::ask(&question, deadline)
    }

    async fn by<F: Future + Send>(deadline: Instant, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if Instant::now() >= deadline => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    async fn aside<D: Send + 'static>(work: impl FnOnce() -> D + Send + 'static) -> D {
        work()
    }

    /// A plugin that needs any of it cannot be run alone.
    fn link_inert(_: &mut Linker<State<Self>>) -> wasmtime::Result<()> {
        Ok(())
    }
}

fn socket(family: AddressFamily) -> Result<OwnedFd, Error> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(family, SocketType::STREAM, flags, None).map_err(reason)
}

/// Waits until the system has news of it; false when the deadline came first.
pub(crate) fn wait(on: &impl AsFd, news: PollFlags, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return Ok(false);
        }
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(on, news)], Some(&left)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

fn wait_for(stream: &OwnedFd, news: PollFlags, deadline: Instant) -> Result<(), Error> {
    match wait(stream, news, deadline) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::TimedOut),
        Err(error) => Err(failure(&error)),
    }
}

fn reason(error: Errno) -> Error {
    failure(&error.into())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(100)
    }

    #[test]
    fn bytes_go_both_ways() {
        let listener = TcpListener::bind("[::1]:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut line = [0; 4];
            stream.read_exact(&mut line).unwrap();
            stream.write_all(&line).unwrap();
        });
        let deadline = Instant::now() + Duration::from_mins(1);
        block_on(async {
            let mut stream = Alone::connect_tcp(address, None, deadline).await.unwrap();
            Alone::write(&mut stream, b"EHLO", deadline).await.unwrap();
            let mut answer = Vec::new();
            loop {
                let bytes = Alone::read(&mut stream, 3, deadline).await.unwrap();
                assert!(bytes.len() <= 3);
                if bytes.is_empty() {
                    break;
                }
                answer.extend(bytes);
            }
            assert_eq!(answer, b"EHLO");
        });
        server.join().unwrap();
    }

    #[test]
    fn silence_ends_at_the_deadline_and_so_does_a_server_that_reads_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        block_on(async {
            let mut stream = Alone::connect_tcp(address, None, soon()).await.unwrap();
            let silence = Alone::read(&mut stream, 1, soon()).await;
            assert_eq!(silence, Err(Error::TimedOut));
            let much = vec![0; 64 << 20];
            let unread = Alone::write(&mut stream, &much, soon()).await;
            assert_eq!(unread, Err(Error::TimedOut));
        });
    }

    #[test]
    fn what_is_ready_too_late_is_too_late() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        block_on(async {
            let mut stream = Alone::connect_tcp(address, None, soon()).await.unwrap();
            listener.accept().unwrap().0.write_all(b"220").unwrap();
            let late = Alone::read(&mut stream, 3, Instant::now()).await;
            assert_eq!(late, Err(Error::TimedOut));
        });
    }

    #[test]
    fn failures_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let path = path.to_str().unwrap();
        block_on(async {
            let refused = Alone::connect_tcp(address, None, soon()).await.map(drop);
            assert_eq!(refused, Err(Error::Refused));
            let missing = Alone::connect_unix(path, soon()).await.map(drop);
            let text = "No such file or directory".to_owned();
            assert_eq!(missing, Err(Error::Other(text)));
            let _listener = UnixListener::bind(path).unwrap();
            assert!(Alone::connect_unix(path, soon()).await.is_ok());
        });
    }

    #[test]
    fn pending_work_ends_at_the_deadline() {
        let pending = std::future::poll_fn(|_| Poll::<()>::Pending);
        assert_eq!(block_on(Alone::by(soon(), pending)), None);
        assert_eq!(block_on(Alone::by(Instant::now(), async { 7 })), Some(7));
    }
}
