//! The other end of a check: the project's scripted server in a process of its own, or nobody.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, anyhow};

/// tcpmux, RFC 1078. Nobody listens there, and since no system hands it out as an ephemeral
/// port, a client cannot connect to itself by accident either.
const REFUSED_PORT: u16 = 1;

/// Whom a scenario checks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// Nobody: the arguments decide the outcome.
    None,
    /// A port of this machine where nobody listens.
    Refused,
    /// A server without STARTTLS.
    Plain,
    /// A server with STARTTLS and the certificate that its `--cert` knows by this name.
    Tls(&'static str),
}

impl Peer {
    /// How the native client is asked for the same; it does nothing else.
    pub(crate) fn native_words(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Plain => Some(&[]),
            Self::Tls(_) => Some(&["starttls"]),
            Self::None | Self::Refused => None,
        }
    }

    /// Brings the peer up, with the program at `server` where one is needed.
    pub(crate) fn start(self, server: &Path) -> Result<Endpoint> {
        match self {
            Self::None => Ok(Endpoint {
                port: None,
                _server: None,
            }),
            Self::Refused => Ok(Endpoint {
                port: Some(REFUSED_PORT),
                _server: None,
            }),
            Self::Plain => serve(server, &LISTEN),
            Self::Tls(certificate) => serve(server, &[LISTEN[0], LISTEN[1], "--cert", certificate]),
        }
    }
}

/// A peer that is up; its server ends when this is dropped.
pub(crate) struct Endpoint {
    port: Option<u16>,
    _server: Option<Server>,
}

impl Endpoint {
    /// The port, where there is one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.port
    }

    /// The arguments that lead a plugin here.
    pub(crate) fn arguments(&self) -> Vec<String> {
        self.port.map_or_else(Vec::new, |port| {
            ["-H", "127.0.0.1", "-p", &port.to_string()]
                .map(String::from)
                .to_vec()
        })
    }
}

/// The server's process. Its standard output stays open, for a line it may still write.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already: then there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the server is told to listen.
const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// Starts a server and waits for the line that tells its port.
pub(crate) fn serve(program: &Path, arguments: &[&str]) -> Result<Endpoint> {
    let process = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start the server {}", program.display()))?;
    let mut server = Server(process);
    let line = first_line(server.0.stdout.as_mut()).context("cannot read the server's port")?;
    Ok(Endpoint {
        port: Some(parse_port(&line)?),
        _server: Some(server),
    })
}

fn first_line(output: Option<&mut ChildStdout>) -> io::Result<String> {
    let mut line = String::new();
    if let Some(output) = output {
        BufReader::new(output).read_line(&mut line)?;
    }
    Ok(line)
}

/// The port in the server's first line: alone, or behind its address.
fn parse_port(line: &str) -> Result<u16> {
    let line = line.trim();
    let digits = line.rsplit(':').next().unwrap_or(line);
    digits
        .parse()
        .map_err(|_| anyhow!("the server's first line is {line:?}, not its port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_stands_alone_or_behind_an_address() {
        assert_eq!(parse_port("2525\n").ok(), Some(2525));
        assert_eq!(parse_port("127.0.0.1:2525\n").ok(), Some(2525));
    }

    #[test]
    fn a_server_that_tells_no_port_is_refused() {
        for line in ["", "\n", "ready\n", "65536\n"] {
            assert!(parse_port(line).is_err(), "{line:?}");
        }
    }
}
