//! The servers of OpenSSL and `GnuTLS`, as child processes.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::authority::Issued;

/// A server that answers every line; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
    /// What it makes of a line without its end.
    pub(crate) answer: fn(&str) -> String,
}

impl Server {
    /// `openssl s_server`, which reverses lines.
    pub(crate) fn openssl(issued: &Issued, options: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command.env("OPENSSL_CONF", issued.configuration());
        command.args(["s_server", "-rev", "-accept", "127.0.0.1:0"]);
        command
            .arg("-cert")
            .arg(issued.certificate())
            .arg("-key")
            .arg(issued.key());
        command
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = spawn(command, "openssl");
        let stdout = child.stdout.take().expect("it is piped");
        let accepting = line_after(stdout, |line| line.starts_with("ACCEPT "))
            .expect("s_server says where it listens");
        let (_, port) = accepting.rsplit_once(':').expect("s_server names its port");
        let port = port.parse().expect("a port is a number");
        Self {
            child,
            port,
            answer: |line| line.chars().rev().collect(),
        }
    }

    /// `gnutls-serv`, which repeats lines. It asks for a client's certificate, too.
    pub(crate) fn gnutls(issued: &Issued, priority: &str) -> Self {
        // It does not tell a port that the system chose. The chosen one may be gone again.
        for _ in 0..20 {
            let port = free_port();
            let mut command = Command::new("gnutls-serv");
            command.args([
                "--echo",
                "--port",
                &port.to_string(),
                "--priority",
                priority,
            ]);
            command.arg("--x509certfile").arg(issued.certificate());
            command.arg("--x509keyfile").arg(issued.key());
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            let mut child = spawn(command, "gnutls-bin");
            let stderr = child.stderr.take().expect("it is piped");
            let listening = line_after(stderr, |line| line.contains("listening on IPv4"));
            let server = Self {
                child,
                port,
                answer: str::to_owned,
            };
            if listening.is_some_and(|line| line.ends_with("done")) {
                return server;
            }
        }
        panic!("gnutls-serv finds no port");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fails because a program cannot be run: it is in `package`.
pub(crate) fn missing(package: &str, error: &io::Error) -> ! {
    match error.kind() {
        ErrorKind::NotFound => panic!("a program is missing: apt-get install {package}"),
        _ => panic!("a program of the package {package} does not start: {error}"),
    }
}

fn spawn(mut command: Command, package: &str) -> Child {
    command
        .stdin(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| missing(package, &error))
}

/// Waits for the line that `is_it` tells; the rest is read and thrown away.
fn line_after(output: impl Read + Send + 'static, is_it: fn(&str) -> bool) -> Option<String> {
    let mut reader = BufReader::new(output);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let found = lines.find(|line| is_it(line));
    thread::spawn(move || io::copy(&mut reader, &mut io::sink()));
    found
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}
