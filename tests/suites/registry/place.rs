//! Folders of one test's own, and the program in them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use tempfile::TempDir;

/// Folders for compiled code, a store, and whatever a test writes.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file that others may not write to, but may read.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("its mode");
        path.to_string_lossy().into_owned()
    }

    /// `sandcheck COMMAND WORDS`: exit code and standard output.
    pub(crate) fn sandcheck(&self, command: &str, words: &[&str]) -> (Option<i32>, String) {
        self.outcome_with(&[], command, words)
    }

    pub(crate) fn outcome_with(
        &self,
        variables: &[(&str, &str)],
        command: &str,
        words: &[&str],
    ) -> (Option<i32>, String) {
        let output = self
            .command(command, words)
            .envs(variables.iter().copied())
            .output()
            .expect("it starts");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("UTF-8"),
        )
    }

    pub(crate) fn sandcheck_with_input(
        &self,
        command: &str,
        words: &[&str],
        input: &[u8],
    ) -> (Option<i32>, String) {
        let mut child = self
            .command(command, words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input)
            .expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("UTF-8"),
        )
    }

    /// The same, which has to succeed; returns its output.
    pub(crate) fn done(&self, command: &str, words: &[&str]) -> String {
        let (code, text) = self.sandcheck(command, words);
        assert_eq!(code, Some(0), "{command} {words:?}: {text}");
        text
    }

    /// The same, which has to be refused with one line; returns the line.
    pub(crate) fn refused(&self, command: &str, words: &[&str]) -> String {
        let (code, text) = self.sandcheck(command, words);
        assert_eq!(code, Some(3), "{command} {words:?}: {text}");
        assert!(text.starts_with("UNKNOWN - "), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        text
    }

    /// Nothing of this machine's own settings gets in.
    pub(crate) fn command(&self, command: &str, words: &[&str]) -> Command {
        let path = |name: &str| self.path(name).to_string_lossy().into_owned();
        let mut program = Command::new(sandcheck());
        program.args([command, "--store", &path("store"), "--cache", &cache()]);
        program.args(words).env_clear().env("HOME", path("home"));
        program
    }

    /// Publishes a small component with that text in it; returns the digest.
    pub(crate) fn publish(&self, text: &str, reference: &str) -> String {
        let file = self.file("published.wasm", component(text));
        digest_in(&self.done("push", &[&file, reference]))
    }

    /// How many pieces of content the store has.
    pub(crate) fn blobs(&self) -> usize {
        fs::read_dir(self.path("store/blobs/sha256")).map_or(0, Iterator::count)
    }

    /// Where the store keeps the content of that digest.
    pub(crate) fn blob(&self, digest: &str) -> PathBuf {
        self.path("store/blobs/sha256")
            .join(digest.trim_start_matches("sha256:"))
    }
}

/// The first digest in a text.
pub(crate) fn digest_in(text: &str) -> String {
    let at = text
        .find("sha256:")
        .unwrap_or_else(|| panic!("no digest: {text}"));
    text[at..].chars().take(7 + 64).collect()
}

/// A component that is no plugin, with a text in it.
pub(crate) fn component(text: &str) -> Vec<u8> {
    let text: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let wat = format!("(component (@custom \"version\" \"{text}\"))");
    wat::parse_str(wat).expect("a component")
}

/// The check itself, as a component.
pub(crate) fn check_smtp() -> String {
    built("target/release/check_smtp.wasm")
        .to_string_lossy()
        .into_owned()
}

/// A mail server for many sessions; returns its port.
pub(crate) fn mail_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Ok(second) = stream.try_clone() else {
                return;
            };
            let mut lines = BufReader::new(second).lines();
            for reply in ["220 mx ESMTP\r\n", "250 mx\r\n", "221 bye\r\n"] {
                let _ = stream.write_all(reply.as_bytes());
                lines.next();
            }
        }
    });
    port.to_string()
}

/// A certificate that nobody's server has.
pub(crate) fn other_certificate() -> String {
    certificate().0
}

/// A certificate for `localhost`, and its key, in PEM.
pub(crate) fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn sandcheck() -> PathBuf {
    built("target/release/sandcheck")
}

/// Compiled code of all tests together: compiling the check takes seconds.
fn cache() -> String {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    let folder = CACHE.get_or_init(|| tempfile::tempdir().expect("a folder"));
    folder.path().join("cache").to_string_lossy().into_owned()
}

fn built(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    assert!(
        path.is_file(),
        "there is no {}: run make build",
        path.display()
    );
    path
}
