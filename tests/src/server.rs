//! The scripted server that a scenario's program talks to.

mod client;
mod connection;
mod disguise;
mod fragments;
mod handshake;
mod listen;
mod scram;
pub mod script;
mod session;
mod waiting;

use std::io;
use std::io::PipeWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::process::Pid;
use socket2::Socket;

use crate::certificates::Certificates;
use client::Client;
use connection::Connection;
use listen::Endpoint;
use script::Script;
use session::Session;
use waiting::{Waiting, Woken, far_away};

/// Entries of what was received that are kept.
const RECEIVED_LIMIT: usize = 400;
/// Connections that a server takes.
const CONNECTION_LIMIT: usize = 4;

/// A server that plays its script in a thread until [`Server::finish`].
pub struct Server {
    host: &'static str,
    port: u16,
    path: PathBuf,
    client: Arc<Client>,
    kept: Vec<Socket>,
    running: Option<Running>,
}

struct Running {
    /// Closing it says that the client's process is over.
    over: PipeWriter,
    thread: JoinHandle<Transcript>,
}

/// What a server saw.
#[derive(Debug, Default)]
pub struct Transcript {
    /// The client's lines with their line ends, and other events: `<TLS>`, `<TLS FAILED>`,
    /// `<CLIENT HELLO>` for a handshake begun where the server speaks plain text, `<SNI name>`,
    /// `<SCRAM ...>` for what a login came to, and `<CONNECT>` for a further connection.
    pub received: Vec<String>,
    /// Where the client did not do what the script expects.
    pub problems: Vec<String>,
    /// The end of the certificate shown last, as the C locale writes it.
    pub not_after: Option<String>,
}

impl Transcript {
    fn note(&mut self, entry: impl Into<String>) {
        if self.received.len() < RECEIVED_LIMIT {
            self.received.push(entry.into());
        }
    }
}

impl Server {
    /// Starts to listen, and to play the script to whoever connects.  A Unix socket lies in
    /// `folder`.
    pub fn start(
        script: &Script,
        folder: &Path,
        certificates: &Arc<Certificates>,
    ) -> io::Result<Self> {
        let Endpoint {
            host,
            port,
            path,
            listener,
            kept,
        } = listen::open(script, folder)?;
        let client = Arc::new(Client::default());
        let running = listener
            .map(|listener| {
                let (script, client) = (script.clone(), client.clone());
                let certificates = certificates.clone();
                let (waiting, over) = Waiting::new()?;
                let thread = thread::spawn(move || {
                    serve(&listener, &script, &certificates, &client, &waiting)
                });
                Ok::<_, io::Error>(Running { over, thread })
            })
            .transpose()?;
        Ok(Self {
            host,
            port,
            path,
            client,
            kept,
            running,
        })
    }

    /// The address it listens on: 127.0.0.1 or `::1`.
    #[must_use]
    pub fn host(&self) -> &'static str {
        self.host
    }

    /// Its port; 0 without one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of its Unix socket; empty without one.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells the script which process group it may stop.  That must stay the client's (not waited
    /// for) until [`Server::finish`] has returned.
    pub(crate) fn client_is(&self, process: Pid) {
        self.client.is(process);
    }

    /// Reads what is still to be read, once the client's process is over.
    #[must_use]
    pub fn finish(mut self) -> Transcript {
        self.stop()
    }

    fn stop(&mut self) -> Transcript {
        self.kept.clear();
        self.running
            .take()
            .map_or_else(Transcript::default, |Running { over, thread }| {
                drop(over);
                thread.join().unwrap_or_else(|_| Transcript {
                    problems: vec!["server: its thread panicked".to_owned()],
                    ..Transcript::default()
                })
            })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(
    listener: &Socket,
    script: &Script,
    certificates: &Certificates,
    client: &Client,
    waiting: &Waiting,
) -> Transcript {
    let mut transcript = Transcript::default();
    for count in 0..CONNECTION_LIMIT {
        let Some(socket) = next_connection(listener, waiting) else {
            break;
        };
        if count > 0 {
            transcript.note("<CONNECT>");
        }
        match Connection::new(socket, waiting) {
            Ok(connection) => {
                Session::new(connection, certificates, client, &mut transcript).play(script);
            }
            Err(e) => transcript.problems.push(format!("server: {e}")),
        }
    }
    transcript
}

/// The next connection; none once the client's process is over.
fn next_connection(listener: &Socket, waiting: &Waiting) -> Option<Socket> {
    loop {
        match listener.accept() {
            Ok((socket, _)) => return Some(socket),
            Err(e) if waiting::may_be_tried_again(&e) => {}
            Err(_) => return None,
        }
        if waiting.wait_for(listener, PollFlags::IN, far_away(Instant::now())) == Woken::Over {
            return None;
        }
    }
}
