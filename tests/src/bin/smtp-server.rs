//! A small, quick SMTP server with STARTTLS: the other side of a benchmark.
//!
//!     smtp-server [--listen 127.0.0.1:0] [--cert p256|rsa2048]
//!
//! It prints its port, then serves any number of sessions until it is killed.

use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use rcgen::KeyPair;
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sandcheck_tests::certificates::{Certificates, Kind};

/// Sessions at the same time; each thread accepts its own, so none is started for a session.
const THREADS: usize = 32;
/// The longest command line (RFC 5321 section 4.5.3.1.4).
const LINE_LIMIT: usize = 512;
/// A key of this length takes too long to make.  It guards nothing.
const RSA_KEY: &str = include_str!("../../keys/rsa2048.pem");

const USAGE: &str = "usage: smtp-server [--listen ADDRESS:PORT] [--cert p256|rsa2048]";

fn main() -> ExitCode {
    match Options::from(env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("smtp-server: {e}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug)]
struct Options {
    listen: String,
    rsa: bool,
}

impl Options {
    fn from(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            listen: "127.0.0.1:0".to_owned(),
            rsa: false,
        };
        while let Some(word) = words.next() {
            match (word.as_str(), words.next()) {
                ("--listen", Some(address)) => options.listen = address,
                ("--cert", Some(kind)) if kind == "p256" => options.rsa = false,
                ("--cert", Some(kind)) if kind == "rsa2048" => options.rsa = true,
                _ => return Err(USAGE.into()),
            }
        }
        Ok(options)
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let tls = Arc::new(configuration(options.rsa)?);
    let listener = TcpListener::bind(&options.listen)
        .map_err(|e| format!("cannot listen on {}: {e}", options.listen))?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| serve(&listener, &tls));
        }
    });
    Ok(())
}

fn configuration(rsa: bool) -> Result<ServerConfig, Box<dyn Error>> {
    let certificates = if rsa {
        Certificates::with_key(KeyPair::from_pem(RSA_KEY)?)
    } else {
        Certificates::new()?
    };
    let kind = Kind::named("days1000").ok_or("there is no such certificate")?;
    let certificate = certificates.certificate(kind)?;
    // It sends session tickets, as mail servers do.  Without them nothing answers the client's
    // Finished (RFC 8446 section 4.4.4) at once, and a client that leaves Nagle's algorithm on
    // waits for a delayed acknowledgement of it before its first command goes out.
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.clone()], certificate.key())?;
    Ok(config)
}

fn serve(listener: &TcpListener, tls: &Arc<ServerConfig>) {
    // A connection that could not be accepted, or a client that went away, is no concern of the
    // next one.
    for stream in listener.incoming().flatten() {
        let _ = session(stream, tls);
    }
}

fn session(mut stream: TcpStream, tls: &Arc<ServerConfig>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 mx.example.org ESMTP\r\n")?;
    if converse(&mut stream, Channel::Plain)? == Then::BeginTls {
        let secure = ServerConnection::new(tls.clone()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(secure, stream);
        converse(&mut stream, Channel::Secure)?;
        stream.conn.send_close_notify();
        stream.flush()?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Channel {
    Plain,
    Secure,
}

/// What follows a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Then {
    GoOn,
    BeginTls,
    Close,
}

/// Answers commands until the client is gone or one of them is the last.
fn converse(stream: &mut (impl Read + Write), channel: Channel) -> io::Result<Then> {
    let mut buffer = [0; LINE_LIMIT];
    let mut filled = 0;
    loop {
        while let Some(end) = buffer[..filled].iter().position(|&b| b == b'\n') {
            let (text, then) = reply(&buffer[..end], channel);
            stream.write_all(text)?;
            stream.flush()?;
            if then != Then::GoOn {
                return Ok(then);
            }
            buffer.copy_within(end + 1..filled, 0);
            filled -= end + 1;
        }
        match stream.read(&mut buffer[filled..])? {
            0 => return Ok(Then::Close), // or the line is too long
            count => filled += count,
        }
    }
}

fn reply(line: &[u8], channel: Channel) -> (&'static [u8], Then) {
    let verb = line
        .trim_ascii_end()
        .split(|&b| b == b' ')
        .next()
        .unwrap_or_default();
    match (verb.to_ascii_uppercase().as_slice(), channel) {
        (b"EHLO", Channel::Plain) => (
            b"250-mx.example.org\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
            Then::GoOn,
        ),
        (b"EHLO", Channel::Secure) => (
            b"250-mx.example.org\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n",
            Then::GoOn,
        ),
        (b"HELO", _) => (b"250 mx.example.org\r\n", Then::GoOn),
        (b"MAIL" | b"NOOP" | b"RSET", _) => (b"250 2.0.0 Ok\r\n", Then::GoOn),
        (b"STARTTLS", Channel::Plain) => (b"220 2.0.0 Ready to start TLS\r\n", Then::BeginTls),
        (b"QUIT", _) => (b"221 2.0.0 Bye\r\n", Then::Close),
        _ => (b"502 5.5.2 Command not recognized\r\n", Then::GoOn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that says all it has to say at once.
    struct Client {
        says: io::Cursor<Vec<u8>>,
        hears: Vec<u8>,
    }

    impl Read for Client {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.says.read(into)
        }
    }

    impl Write for Client {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.hears.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn after(says: &str, channel: Channel) -> (String, Then) {
        let says = io::Cursor::new(says.as_bytes().to_vec());
        let mut client = Client {
            says,
            hears: Vec::new(),
        };
        let then = converse(&mut client, channel).unwrap();
        (String::from_utf8(client.hears).unwrap(), then)
    }

    #[test]
    fn commands_are_answered_in_order() {
        let (hears, then) = after(
            "HELO a\r\nmail from:<>\nXYZ\r\nQUIT\r\nNOOP\r\n",
            Channel::Plain,
        );
        let codes: Vec<_> = hears.lines().map(|line| &line[..3]).collect();
        assert_eq!(
            (codes, then),
            (vec!["250", "250", "502", "221"], Then::Close)
        );
    }

    #[test]
    fn tls_is_offered_once() {
        let (hears, then) = after("EHLO a\r\nSTARTTLS\r\n", Channel::Plain);
        assert!(hears.contains("250-STARTTLS") && then == Then::BeginTls);
        let (hears, then) = after("EHLO a\r\nSTARTTLS\r\n", Channel::Secure);
        assert!(!hears.contains("STARTTLS") && hears.contains("\r\n502 ") && then == Then::Close);
    }

    #[test]
    fn a_line_that_is_too_long_ends_the_session() {
        assert_eq!(
            after(&"x".repeat(600), Channel::Plain),
            (String::new(), Then::Close)
        );
    }

    #[test]
    fn options_are_checked() {
        let options = |words: &str| Options::from(words.split_whitespace().map(String::from));
        assert!(options("--cert rsa2048 --listen [::1]:0").is_ok_and(|o| o.rsa));
        for wrong in ["--cert", "--cert dsa", "--port 25", "x"] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
    }
}
