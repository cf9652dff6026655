//! Debian's docker-registry, the real one, on a port of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::place::{self, Place};

/// `me` with the password `a secret`, as htpasswd(1) writes it with `-B`.
const PASSWORDS: &str = "me:$2y$04$2MSDqkCM6q3kYrwenyqzG.gO5WB9pBGQEtuIPtvG5LJZNo32vKHg6\n";

/// A registry, until it is dropped.
pub(crate) struct Registry {
    process: Child,
    host: &'static str,
    port: String,
    _folder: TempDir,
}

impl Registry {
    /// For everybody, without TLS.
    pub(crate) fn start() -> Self {
        Self::start_with("127.0.0.1", |_| String::new())
    }

    /// For one user.
    pub(crate) fn with_password() -> Self {
        Self::start_with("127.0.0.1", |folder| {
            let path = folder.join("passwords");
            fs::write(&path, PASSWORDS).expect("a file");
            format!(
                "auth: {{htpasswd: {{realm: test, path: {}}}}}\n",
                path.display()
            )
        })
    }

    /// With TLS; its certificate is `server.pem` in that place.
    pub(crate) fn with_tls(place: &Place) -> Self {
        let (certificate, key) = place::certificate();
        let (certificate, key) = (
            place.file("server.pem", certificate),
            place.file("server.key", key),
        );
        Self::start_with("localhost", |_| {
            format!("  tls: {{certificate: {certificate}, key: {key}}}\n")
        })
    }

    /// `settings` come last, behind those of `http`.
    fn start_with(host: &'static str, settings: impl Fn(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config.yml");
        let storage = folder.path().join("storage");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: 127.0.0.1:0\n{}",
            storage.display(),
            settings(folder.path())
        );
        fs::write(&config, text).expect("a file");
        let mut process = Command::new(program())
            .arg("serve")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry starts");
        let mut log = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let port = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| port_in(&line));
        // It goes on to write, and somebody has to read.
        thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Self {
            process,
            host,
            port: port.expect("docker-registry listens"),
            _folder: folder,
        }
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// `HOST:PORT/NAME`
    pub(crate) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where `scripts/setup market` puts it, or wherever this machine has it.
fn program() -> PathBuf {
    let unpacked =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/registry/usr/bin/docker-registry");
    if unpacked.is_file() {
        unpacked
    } else {
        PathBuf::from("docker-registry")
    }
}

/// `... msg="listening on 127.0.0.1:4711" ...`
fn port_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening on 127.0.0.1:")?;
    Some(rest.chars().take_while(char::is_ascii_digit).collect())
}
