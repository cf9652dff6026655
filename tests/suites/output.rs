//! What `check_smtp` and `sandcheck` print for programs: JSON as its schema says, and metrics.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use rustix::pty;
use serde_json::Value;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn built(path: &str) -> PathBuf {
    let path = workspace().join(path);
    assert!(
        path.is_file(),
        "there is no {}: run make build",
        path.display()
    );
    path
}

fn check_smtp(words: &[&str]) -> Output {
    run(&mut Command::new(built("target/release/check_smtp")), words)
}

/// Any plugin; this one lies beside the programs.
fn sandcheck(form: &str, plugin: &str, words: &[&str]) -> Output {
    let cache = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(built("target/release/sandcheck"));
    command
        .args(["run", "--output", form, "--cache"])
        .arg(cache.path());
    run(command.arg(workspace().join(plugin)).arg("--"), words)
}

const PLUGIN: &str = "target/release/check_smtp.wasm";

fn run(command: &mut Command, words: &[&str]) -> Output {
    command.args(words).output().expect("the program starts")
}

/// A server for one session; returns its port.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        for reply in [
            "220 mx \"\\\u{2028}|\u{1b}[2J\r\n",
            "550 no\r\n",
            "221 bye\r\n",
        ] {
            stream
                .write_all(reply.as_bytes())
                .expect("the client reads");
            lines.next();
        }
    });
    port.to_string()
}

/// The object, which is as the schema says.
fn object(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    let object: Value = serde_json::from_str(&text).expect("it is JSON");
    let schema = std::fs::read_to_string(workspace().join("docs/output.schema.json"));
    let schema: Value = serde_json::from_str(&schema.expect("the schema")).expect("it is JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler
        .add_resource("output.json", schema)
        .expect("it is a resource");
    let schema = compiler
        .compile("output.json", &mut schemas)
        .expect("it is a schema");
    if let Err(error) = schemas.validate(&object, schema) {
        panic!("{error}: {text}");
    }
    assert_eq!(object["exit_code"], Value::from(output.status.code()));
    object
}

#[test]
fn reports_are_as_the_schema_says() {
    let port = server();
    let words = [
        "-H",
        "127.0.0.1",
        "-p",
        &port,
        "-w",
        "~:30",
        "-c",
        "60",
        "--timings",
        "-vvv",
    ];
    let found = object(&check_smtp(&[&words[..], &["--output", "json"]].concat()));
    assert_eq!(
        (&found["result"], &found["state"]),
        (&"report".into(), &"WARNING".into())
    );
    assert_eq!(found["metrics"][0]["warning"], "~:30");
    assert!(
        found["transcript"]
            .as_array()
            .is_some_and(|lines| lines.len() > 5),
        "{found}"
    );
    assert!(
        found["output"]
            .as_str()
            .is_some_and(|text| text.contains("|time=")),
        "{found}"
    );
}

#[test]
fn what_is_no_report_is_too() {
    for (words, result, part) in [
        (&["--output", "json"][..], "report", ""),
        (&["-p", "x", "--output", "json"], "misuse", "Port must be"),
        (&["-z", "--output", "json"], "misuse", "invalid option"),
        (
            &["--output", "json", "--extra-opts=x@/nowhere"],
            "misuse",
            "",
        ),
        (&["-H", "a..b", "--output", "json"], "misuse", "a..b"),
    ] {
        let found = object(&check_smtp(
            &[words, &["-p", "1"][..usize::from(result == "report") * 2]].concat(),
        ));
        assert_eq!(found["result"], result, "{found}");
        let error = found["error"].as_str().unwrap_or_default();
        assert!(error.contains(part), "{found}");
    }
}

#[test]
fn any_plugin_has_every_form() {
    let port = server();
    let found = object(&sandcheck(
        "json",
        PLUGIN,
        &["-H", "127.0.0.1", "-p", &port],
    ));
    assert_eq!(
        (&found["name"], &found["state"]),
        (&"check_smtp".into(), &"WARNING".into())
    );
    let found = object(&sandcheck("json", PLUGIN, &["-p", "x"]));
    assert_eq!(found["result"], "misuse");
    let found = object(&sandcheck("json", "Cargo.toml", &[]));
    assert_eq!(
        (&found["name"], &found["result"]),
        (&Value::Null, &"failure".into())
    );
    let found = object(&sandcheck("json", "target/nothing.wasm", &[]));
    assert_eq!(found["result"], "failure");
}

#[test]
fn metrics_are_an_exposition() {
    let port = server();
    let words = ["-H", "127.0.0.1", "-p", &port, "--timings"];
    let output = sandcheck("openmetrics", PLUGIN, &words);
    let text = String::from_utf8(output.stdout).expect("output is UTF-8");
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.ends_with("\n# EOF\n"), "{text}");
    let labels = format!("plugin=\"check_smtp\",target=\"127.0.0.1:{port}\"}} ");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.split_once(&labels).expect(line);
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    // A family is in one place, and says first what it is.
    let types: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    let mut names: Vec<_> = types
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), types.len(), "{text}");
}

#[test]
fn nothing_but_a_terminal_gets_colours() {
    let port = server();
    let output = check_smtp(&["-H", "127.0.0.1", "-p", &port]);
    assert!(!output.stdout.contains(&0x1b), "{output:?}");
}

/// What a terminal gets to see.
fn on_a_terminal(variable: (&str, &str)) -> String {
    let port = server();
    let ours = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a terminal");
    pty::grantpt(&ours).expect("it is ours");
    pty::unlockpt(&ours).expect("it can be opened");
    let name = pty::ptsname(&ours, Vec::new()).expect("it has a name");
    let theirs = File::options()
        .write(true)
        .open(OsStr::from_bytes(name.as_bytes()))
        .expect("it opens");
    // What is written fits the terminal's buffer, and is read before the last hold on it goes.
    let kept = theirs.try_clone().expect("a second handle");
    let status = Command::new(built("target/release/check_smtp"))
        .args(["-H", "127.0.0.1", "-p", &port])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env(variable.0, variable.1)
        .stdout(theirs)
        .status();
    assert_eq!(status.expect("the program starts").code(), Some(1));
    let mut shown = [0; 4096];
    let length = File::from(ours)
        .read(&mut shown)
        .expect("something was written");
    drop(kept);
    String::from_utf8_lossy(&shown[..length]).into_owned()
}

#[test]
fn a_terminal_gets_the_state_in_colour_unless_it_is_told_not_to() {
    let shown = on_a_terminal(("TERM", "xterm"));
    assert!(
        shown.contains("SMTP \u{1b}[33mWARNING\u{1b}[0m - "),
        "{shown}"
    );
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_a_terminal(plain);
        assert!(
            shown.contains("SMTP WARNING - ") && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
