//! Secrets where others can look: the title of a process, and input that never comes. What a password is
//! and what is wrong with it is in the scenarios `secrets/*`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn built(path: &str, target: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target")
        .join(path);
    assert!(path.is_file(), "there is no {}: {target}", path.display());
    path
}

fn check_smtp() -> Command {
    let given = std::env::var_os("CHECK_SMTP").map(PathBuf::from);
    Command::new(given.unwrap_or_else(|| built("release/check_smtp", "make build")))
}

/// A server that says nothing.
struct Silent(TcpListener);

impl Silent {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a port"))
    }

    fn port(&self) -> String {
        self.0.local_addr().expect("its address").port().to_string()
    }

    /// What the system shows of a process that has connected and waits for the greeting.
    fn title_of(&self, command: &mut Command) -> (Vec<String>, Child, TcpStream) {
        let child = command.stdout(Stdio::piped()).spawn().expect("the program");
        let (stream, _) = self.0.accept().expect("a connection");
        let path = format!("/proc/{}/cmdline", child.id());
        let title = fs::read(path).expect("its title");
        let words = title.split(|byte| *byte == 0);
        let words = words.map(|word| String::from_utf8_lossy(word).into_owned());
        (words.collect(), child, stream)
    }
}

/// Ends the check as a server would.
fn end(mut child: Child, stream: TcpStream) {
    drop(stream);
    assert!(child.wait().expect("its end").code().is_some());
}

#[test]
fn the_title_of_a_check_does_not_tell_the_password() {
    let server = Silent::new();
    let port = server.port();
    for secret in [
        &["-P", "hunter2"][..],
        &["--authpass=hunter2"],
        &["--authpass", "hunter2"],
        &["-vPhunter2"],
        &["-P", "first-hunter2", "-P", "hunter2"],
    ] {
        let mut command = check_smtp();
        command.args(["-H", "127.0.0.1", "-p", &port, "-A", "LOGIN"]);
        command.args(secret).args(["-U", "alice"]);
        let (words, child, stream) = server.title_of(&mut command);
        let title = words.join(" ");
        assert!(!title.contains("hunter2"), "{title}");
        // The rest stays, so that a person knows which check it is.
        for part in [&*port, "alice", "LOGIN"] {
            assert!(words.iter().any(|word| word == part), "{part} in {title}");
        }
        end(child, stream);
    }
}

#[test]
fn nor_does_that_of_sandcheck_run() {
    let server = Silent::new();
    let cache = tempfile::tempdir().expect("a folder");
    let plugin = built("release/check_smtp.wasm", "make build");
    let mut command = Command::new(built("release/sandcheck", "make build"));
    command
        .args(["run", "--cache"])
        .arg(cache.path())
        .arg(plugin);
    command.args(["--", "-H", "127.0.0.1", "-p", &server.port()]);
    command.args(["-A", "LOGIN", "-U", "alice", "-P", "hunter2"]);
    let (words, child, stream) = server.title_of(&mut command);
    let title = words.join(" ");
    assert!(
        !title.contains("hunter2") && title.contains("alice"),
        "{title}"
    );
    end(child, stream);
}

#[test]
fn input_that_does_not_come_is_waited_for_as_long_as_the_check_may_take() {
    let server = Silent::new();
    let mut command = check_smtp();
    command.args(["-H", "127.0.0.1", "-p", &server.port(), "-t", "1"]);
    command.args(["-A", "LOGIN", "-U", "alice", "-P", "-"]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    // A half of a line is none, as long as more may come.
    let mut input = child.stdin.take().expect("its input");
    input.write_all(b"hunt").expect("room");
    let mut text = String::new();
    let mut output = child.stdout.take().expect("its output");
    output.read_to_string(&mut text).expect("UTF-8");
    assert_eq!(child.wait().expect("its end").code(), Some(3));
    let begin =
        "check_smtp: --authpass=-: no secret in standard input: no line came out of it in time\n";
    assert!(text.starts_with(begin), "{text}");
    drop(input);
}

#[test]
fn a_line_of_input_is_enough() {
    let server = Silent::new();
    let mut command = check_smtp();
    command.args(["-H", "127.0.0.1", "-p", &server.port(), "-t", "5"]);
    command.args(["-A", "LOGIN", "-U", "alice", "-P", "-"]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(b"hunter2\n").expect("room");
    // It goes on although nobody closed its input.
    let (stream, _) = server.0.accept().expect("a connection");
    end(child, stream);
    drop(input);
}
