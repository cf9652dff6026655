//! What `sandcheck` lends beyond connections, in each of its commands: contents of files, trust anchors, a
//! local address. The plugin `arguments` of the conformance kit shows what it was given.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use tempfile::TempDir;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sandcheck() -> Command {
    let given = std::env::var_os("SANDCHECK").map(PathBuf::from);
    let program = given.unwrap_or_else(|| workspace().join("target/release/sandcheck"));
    assert!(
        program.is_file(),
        "there is no {}: make build",
        program.display()
    );
    let mut command = Command::new(program);
    command.env_remove("SSL_CERT_DIR");
    command
}

/// The folder of the plugins, which are built once, and of their compiled code.
fn guests() -> &'static (PathBuf, TempDir) {
    static GUESTS: OnceLock<(PathBuf, TempDir)> = OnceLock::new();
    GUESTS.get_or_init(|| {
        let target = workspace().join("target/plugins");
        for manifest in ["examples/conformance/guests", "tests/plugins"] {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let status = Command::new(cargo)
                .args(["build", "--quiet", "--locked", "--release", "--examples"])
                .args(["--target", "wasm32-wasip2", "--manifest-path"])
                .arg(workspace().join(manifest).join("Cargo.toml"))
                .arg("--target-dir")
                .arg(&target)
                .env_remove("RUSTFLAGS")
                .env_remove("CARGO_ENCODED_RUSTFLAGS")
                .status()
                .expect("cargo");
            assert!(status.success(), "{manifest} cannot be built");
        }
        let cache = tempfile::tempdir().expect("a folder");
        (target.join("wasm32-wasip2/release/examples"), cache)
    })
}

fn guest(name: &str) -> String {
    let path = guests().0.join(format!("{name}.wasm"));
    path.to_string_lossy().into_owned()
}

/// `sandcheck run` of a plugin, without the node's name, which differs.
fn run(name: &str, options: &[&str], words: &[&str]) -> Command {
    let mut command = sandcheck();
    command.args(["run", "--cache"]).arg(guests().1.path());
    command.args(options).arg(guest(name)).arg("--").args(words);
    command
}

fn outcome(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().expect("sandcheck");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code(), text)
}

fn arguments(words: &[&str]) -> (Option<i32>, String) {
    outcome(&mut run(
        "arguments",
        &[],
        &[&["-m", "x", "-N", "n"], words].concat(),
    ))
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("room for it");
        let path = fs::canonicalize(path).expect("a path");
        path.to_string_lossy().into_owned()
    }
}

#[test]
fn a_file_is_lent_by_what_it_holds() {
    let place = Place::new();
    let key = place.file("key.pem", "of the file\n");
    let (code, text) = arguments(&["--key", &key]);
    assert_eq!(
        (code, &*text),
        (Some(0), "ARGUMENTS OK\nnodename=n\nkey=of the file\n")
    );
    let (code, text) = arguments(&["--key", "/no/such.pem"]);
    assert_eq!(code, Some(3));
    let begin = "arguments: --key: cannot read '/no/such.pem': No such file or directory\n\
                 --key takes the path of a text file in UTF-8 of at most 1 MiB\nUsage:\n";
    assert!(text.starts_with(begin), "{text}");
}

#[test]
fn pipes_of_a_shell_are_read() {
    let place = Place::new();
    let key = place.file("key.pem", "of the file\n");
    let command = run("arguments", &[], &[]);
    let program: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let program = program.join(" ");
    for script in [
        format!("{program} -m x -N n --key <(sleep 0.1; cat {key})"),
        format!("cat {key} | {program} -m x -N n --key /dev/stdin"),
        format!("{program} -m x -N n --key /dev/stdin <{key}"),
    ] {
        let output = Command::new("bash").args(["-c", &script]).output();
        let output = output.expect("bash");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            text, "ARGUMENTS OK\nnodename=n\nkey=of the file\n",
            "{script}"
        );
    }
}

#[test]
fn what_never_ends_is_not_waited_for() {
    let place = Place::new();
    let pipe = place.0.path().join("pipe");
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    );
    made.expect("a pipe");
    let pipe = pipe.to_string_lossy().into_owned();
    let (code, text) = arguments(&["--key", &pipe]);
    assert_eq!(code, Some(3));
    assert!(
        text.contains("it is a pipe, and nobody wrote anything to it"),
        "{text}"
    );
    let (_, text) = arguments(&["--key", "/dev/zero"]);
    assert!(text.contains("it is neither a file nor a pipe"), "{text}");
    // Somebody writes, and does not close it.
    let open = File::options().read(true).write(true).open(&pipe);
    open.as_ref()
        .expect("a pipe")
        .write_all(b"half")
        .expect("room");
    let (code, text) = arguments(&["--key", &pipe, "-t", "1"]);
    assert_eq!(code, Some(3));
    assert!(
        text.contains("it is a pipe that nobody closed in time"),
        "{text}"
    );
}

#[test]
fn the_policy_narrows_what_may_be_named() {
    let place = Place::new();
    let key = place.file("key.pem", "of the file");
    let folder = Path::new(&key).parent().expect("a folder").display();
    let inside = place.file(
        "inside.toml",
        &format!("[files]\nonly = [\"{folder}/*\"]\n"),
    );
    let none = place.file("none.toml", "[files]\nonly = []\n");
    let words = ["-m", "x", "-N", "n", "--key", &key];
    let (code, text) = outcome(&mut run("arguments", &["--policy", &inside], &words));
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = outcome(&mut run("arguments", &["--policy", &none], &words));
    assert_eq!(code, Some(3), "{text}");
    let part =
        format!("'{key}' is not among the only files that the policy allows\nto allow it: add");
    assert!(text.contains(&part), "{text}");
    let wrong = place.file("wrong.toml", "[files]\nonly = [\"etc\"]\n");
    let (code, text) = outcome(&mut run("arguments", &["--policy", &wrong], &words));
    assert_eq!(code, Some(3));
    assert!(text.contains("line 2: 'etc' names no files"), "{text}");
}

#[test]
fn trust_anchors_are_the_machines_own_where_they_are_implied() {
    let place = Place::new();
    let anchors = place.file("ca.pem", "of the machine");
    let words = ["-m", "x", "-N", "n", "--verify"];
    let mut command = run("arguments", &[], &words);
    let (_, text) = outcome(command.env("SSL_CERT_FILE", &anchors));
    assert_eq!(
        text,
        "ARGUMENTS OK\nnodename=n\nverify\nca-file=of the machine\n"
    );
    let mut command = run("arguments", &[], &words);
    let (code, text) = outcome(command.env("SSL_CERT_FILE", "/no/such.pem"));
    assert_eq!(code, Some(3));
    let part = "--verify: this machine has no trust anchors that can be read: \
                SSL_CERT_FILE=/no/such.pem: No such file or directory\ninstall the package";
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_line_of_a_batch_may_name_a_file() {
    let place = Place::new();
    let key = place.file("key.pem", "of the file");
    let mut batch = sandcheck();
    batch.args(["batch", "--cache"]).arg(guests().1.path());
    let mut child = batch
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sandcheck");
    let order = serde_json::json!({
        "plugin": guest("arguments"),
        "arguments": ["-m", "x", "-N", "n", "--key", key],
    });
    let mut input = child.stdin.take().expect("its input");
    writeln!(input, "{order}").expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("its end");
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        record["output"],
        "ARGUMENTS OK\nnodename=n\nkey=of the file\n"
    );
}

#[test]
fn connections_come_from_the_address_that_is_wanted() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener
        .local_addr()
        .expect("its address")
        .port()
        .to_string();
    let target = format!("tcp://127.0.0.1:{port}");
    let accepting = thread::spawn(move || {
        let (mut stream, peer) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 16]);
        peer.ip().to_string()
    });
    let words = |source| {
        let words = [
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "--target",
            &target,
            "--source",
            source,
        ];
        outcome(&mut run("connect", &[], &words))
    };
    let (code, text) = words("127.0.0.2");
    assert_eq!((code, &*text), (Some(0), "OK - connected to the target\n"));
    assert_eq!(accepting.join().expect("its end"), "127.0.0.2");
    let (_, text) = words("::1");
    let words_of = "Unreachable(\"No IPv6 address to connect to from ::1\")";
    assert!(text.contains(words_of), "{text}");
    let (_, text) = words("192.0.2.1");
    // In the words of the C library: glibc's, musl's.
    let words_of = ["Cannot assign requested address", "Address not available"];
    assert!(words_of.iter().any(|words| text.contains(words)), "{text}");
    let (code, text) = words("mx.example.org");
    assert_eq!(code, Some(3));
    let begin = "hostile: --source must be an IP address of this machine - mx.example.org\n";
    assert!(text.starts_with(begin), "{text}");
    let (code, text) = outcome(&mut run(
        "connect",
        &[],
        &["-H", "/run/s", "--source", "::1"],
    ));
    assert_eq!(code, Some(3));
    let begin = "hostile: --source and a Unix socket contradict each other - /run/s\n";
    assert!(text.starts_with(begin), "{text}");
}

#[test]
fn inspecting_tells_what_a_plugin_may_be_lent() {
    let mut command = sandcheck();
    command.args(["inspect", "--cache"]).arg(guests().1.path());
    let (code, text) = outcome(command.arg(guest("arguments")));
    assert_eq!(code, Some(0), "{text}");
    let part = "\nCould be lent, where its command line asks for it:\n  \
                what a file holds that is named by --key\n  \
                trust anchors of a file or folder that is named by --ca-file\n  \
                the machine's own trust anchors, by --verify\n";
    assert!(text.contains(part), "{text}");
}

#[test]
fn completions_offer_files_and_forms() {
    for (shell, parts) in [
        ("bash", ["compgen -f", "compgen -W 'text json openmetrics'"]),
        ("zsh", ["_files", "(text json openmetrics)"]),
        ("fish", ["--force-files", "'text json openmetrics'"]),
    ] {
        let mut command = sandcheck();
        command
            .args(["generate", shell, "--cache"])
            .arg(guests().1.path());
        let (code, text) = outcome(command.arg(guest("arguments")));
        assert_eq!(code, Some(0), "{text}");
        for part in parts {
            assert!(text.contains(part), "{shell}: {part}: {text}");
        }
    }
}
