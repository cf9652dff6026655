//! The other side of very many connections at a time: an SMTP server, without TLS, that takes its
//! time for the greeting, or never gives one.
//!
//!     crowd-server MILLISECONDS|never
//!
//! It prints its port, then serves any number of sessions until it is killed.

use std::env;
use std::future::pending;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

/// Connections that may wait to be accepted; Linux has no more by default (`somaxconn`).
const BACKLOG: u32 = 4096;

fn main() -> Result<()> {
    let word = env::args().nth(1).unwrap_or_default();
    let delay = match word.as_str() {
        "never" => None,
        number => Some(Duration::from_millis(
            number
                .parse()
                .context("usage: crowd-server MILLISECONDS|never")?,
        )),
    };
    allow_files()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(delay))
}

/// As many connections as this user may have.
fn allow_files() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    Ok(setrlimit(Resource::Nofile, all)?)
}

async fn serve(delay: Option<Duration>) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(BACKLOG)?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            match delay {
                // A client that went away is no concern of the others.
                Some(delay) => drop(session(stream, delay).await),
                None => pending().await,
            }
        });
    }
}

async fn session(stream: TcpStream, delay: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    sleep(delay).await;
    stream.write_all(b"220 mx.example.org ESMTP\r\n").await?;
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        if line.starts_with(b"QUIT") {
            return stream.write_all(b"221 2.0.0 Bye\r\n").await;
        }
        stream.write_all(b"250 mx.example.org\r\n").await?;
        line.clear();
    }
    Ok(())
}
