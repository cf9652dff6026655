//! The program in surroundings that are not as they should be: the exit code has to be right all the
//! same, and nothing may be said that is no plugin output.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use sandcheck_tests::case::Case;
use sandcheck_tests::corpus;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A text of the repository, or of what `make build` made.
fn read(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).expect(name)
}

/// What `make build` made, or `CHECK_SMTP`.
fn program() -> PathBuf {
    let path = std::env::var_os("CHECK_SMTP").filter(|path| !path.is_empty());
    let path = workspace().join(path.unwrap_or_else(|| "target/release/check_smtp".into()));
    assert!(
        path.is_file(),
        "there is no program {}: run make build",
        path.display()
    );
    path
}

fn run(words: &[&str]) -> Output {
    Command::new(program())
        .args(words)
        .output()
        .expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

/// A server for one session; returns its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        for reply in ["220 mx ESMTP\r\n", "250 mx\r\n", "221 bye\r\n"] {
            stream
                .write_all(reply.as_bytes())
                .expect("the client reads");
            lines.next();
        }
    });
    port
}

#[test]
fn nothing_at_all_is_a_misuse() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).starts_with("check_smtp: Could not parse arguments\nUsage:\n"));
}

#[test]
fn the_exit_code_is_right_when_nobody_reads() {
    for words in [&["-V"][..], &["-p", "abc"], &["-h"]] {
        let full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full");
        let status = Command::new(program()).args(words).stdout(full).status();
        assert_eq!(
            status.expect("the program starts").code(),
            Some(3),
            "{words:?}"
        );

        let script = format!("{} \"$@\" >&- 2>&-", program().display());
        let status = Command::new("sh")
            .args(["-c", &script, "sh"])
            .args(words)
            .status();
        assert_eq!(status.expect("a shell").code(), Some(3), "{words:?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let script = format!("{{ {} -h; echo $? >&2; }} | true", program().display());
    let output = Command::new("bash")
        .args(["-c", &script])
        .output()
        .expect("bash");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "3\n");
}

#[test]
fn a_check_works_with_an_empty_environment_and_no_standard_streams_but_one() {
    let output = Command::new(program())
        .args(["-H", "127.0.0.1", "-p", &server().to_string()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).starts_with("SMTP OK - "));
    assert!(output.stderr.is_empty());
}

#[test]
fn arguments_that_are_not_utf8_are_refused() {
    let output = Command::new(program())
        .arg("-H")
        .arg(OsStr::from_bytes(b"mx\xff"))
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).starts_with("check_smtp: Argument is not UTF-8 - number 2\n"));
}

#[test]
fn what_is_unknown_is_named_on_both_streams() {
    let output = run(&["-H", "127.0.0.1", "--nope"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).starts_with("Usage:\ncheck_smtp "));
    assert!(stdout(&output).contains("check_smtp: unrecognized option '--nope'"));
    assert!(String::from_utf8_lossy(&output.stderr).ends_with("unrecognized option '--nope'\n"));
}

#[test]
fn values_do_not_go_to_standard_output() {
    for word in ["--nope=secret", "--auth=secret"] {
        let output = run(&[word]);
        assert!(!stdout(&output).contains("secret"), "{}", stdout(&output));
        assert!(stdout(&output).contains(word.split('=').next().unwrap_or_default()));
    }
}

#[test]
fn names_are_looked_up_even_when_the_parent_ignores_its_children() {
    let script = format!(
        "trap '' CHLD; exec {} -4 -H localhost -p 1",
        program().display()
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("a shell");
    let first = "connect to address localhost and port 1: Connection refused";
    assert!(stdout(&output).starts_with(first), "{}", stdout(&output));
}

#[test]
fn blanks_may_stand_before_a_number() {
    let output = run(&["-H", "127.0.0.1", "-p 1"]);
    let first = "connect to address 127.0.0.1 and port 1: Connection refused";
    assert!(stdout(&output).starts_with(first), "{}", stdout(&output));
}

#[test]
fn the_first_mistake_counts() {
    let first = |words: &[&str]| {
        stdout(&run(words))
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        first(&["-p", "abc", "-z"]),
        "check_smtp: Port must be a positive integer"
    );
    assert_eq!(first(&["-z", "-p", "abc"]), "Usage:");
    assert_eq!(
        first(&["-p", "abc", "-h"]),
        "check_smtp: Port must be a positive integer"
    );
    assert!(first(&["-h", "-p", "abc"]).starts_with("check_smtp v"));
}

#[test]
fn no_text_of_the_program_looks_like_performance_data() {
    for words in [&["-h"][..], &["-V"], &["-p", "abc"], &["--nope"]] {
        assert!(!stdout(&run(words)).contains('|'), "{words:?}");
    }
}

#[test]
fn help_lines_are_not_too_long() {
    let help = stdout(&run(&["--help"]));
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

/// Those of `check_smtp` 2.3, and what every plugin has.
const OF_THE_REFERENCE: [&str; 23] = [
    "help",
    "version",
    "extra-opts",
    "hostname",
    "port",
    "use-ipv4",
    "use-ipv6",
    "expect",
    "command",
    "response",
    "from",
    "fqdn",
    "certificate",
    "starttls",
    "authtype",
    "authuser",
    "authpass",
    "ignore-quit-failure",
    "lmtp",
    "verbose",
    "warning",
    "critical",
    "timeout",
];

#[test]
fn what_the_reference_does_not_have_is_told_with_its_origin() {
    let readme = read("README.md");
    let (page, man) = (
        read("docs/options.md"),
        read("target/generated/man/check_smtp.1"),
    );
    let rows: String = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let help = stdout(&run(&["--help"]));
    let names: Vec<&str> = help
        .lines()
        .filter(|line| line.starts_with(" -"))
        .flat_map(|line| line.split([' ', ',', '=', '[']))
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|name| !OF_THE_REFERENCE.contains(name))
        .collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(rows.contains(&format!("`--{name}")), "README.md: --{name}");
        assert!(
            page.contains(&format!("`--{name}")),
            "docs/options.md: --{name}"
        );
        let option = name.replace('-', "\\-");
        assert!(
            man.contains(&format!("\\-\\-{option}")),
            "the manual page: --{name}"
        );
    }
}

#[test]
fn every_feature_names_tests_that_are_there() {
    let page = read("docs/features.md");
    let cases = corpus::load(&corpus::own_folders()).expect("the scenarios");
    let labels: Vec<String> = cases.iter().map(Case::label).collect();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let rows = rows.map(|line| line.split(" | ").collect::<Vec<_>>());
    let (mut yes, mut named) = (0, 0);
    for row in rows.filter(|row| row.len() == 4 && row[1].starts_with("yes")) {
        yes += 1;
        let test = row[3].trim_end_matches([' ', '|']);
        assert!(!test.is_empty(), "{row:?}");
        let quoted = test.split('`').skip(1).step_by(2);
        for name in quoted.filter(|name| name.contains('/') && !name.contains([' ', '.'])) {
            let group = name.strip_suffix('*').unwrap_or(name);
            let is_there =
                |label: &String| label == name || group != name && label.starts_with(group);
            assert!(labels.iter().any(is_there), "{name}");
            named += 1;
        }
    }
    assert!(yes > 50 && named > 50, "{yes} features, {named} scenarios");
}

#[test]
fn the_examples_of_the_help_page_run() {
    let help = stdout(&run(&["--help"]));
    let examples: Vec<Vec<&str>> = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("check_smtp -"))
        .map(|words| words.split_whitespace().collect())
        .collect();
    assert!(examples.len() >= 10, "{help}");
    for mut words in examples {
        let first = format!("-{}", words.remove(0));
        // What is said last counts, so that each comes as far as to connect to where nobody listens.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener
            .local_addr()
            .expect("its number")
            .port()
            .to_string();
        drop(listener);
        words.insert(0, &first);
        if first == "--mx" {
            // Its servers are found in the DNS, which may not be there.
            words.extend(["-t", "1"]);
            let output = stdout(&run(&words));
            assert!(output.starts_with("SMTP "), "{words:?}: {output}");
            continue;
        }
        words.extend(["-H", "127.0.0.1", "-p", &port]);
        let output = run(&words);
        assert!(
            stdout(&output).contains("Connection refused"),
            "{words:?}: {}",
            stdout(&output)
        );
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}
