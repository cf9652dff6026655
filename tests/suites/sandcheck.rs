//! The program `sandcheck`: runs, inspects and compiles the check as somebody else's plugin, and says
//! clearly what it does not take.

#[path = "sandcheck/batch.rs"]
mod batch;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn built(path: &str, target: &str) -> PathBuf {
    let path = workspace().join(path);
    assert!(
        path.is_file(),
        "there is no {}: run {target}",
        path.display()
    );
    path
}

/// The check as a component that every host can run.
fn plugin() -> PathBuf {
    built(
        "target/wasm32-wasip2/component/check_smtp.wasm",
        "make component",
    )
}

fn program() -> PathBuf {
    let given = std::env::var_os("SANDCHECK").map(PathBuf::from);
    given.unwrap_or_else(|| built("target/release/sandcheck", "make build"))
}

/// What is written to disk by one test, the cache among it.
struct Place(TempDir);

impl Place {
    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A place where the check has been compiled already: that takes seconds.
    fn new() -> Self {
        static COMPILED: OnceLock<Place> = OnceLock::new();
        let compiled = COMPILED.get_or_init(|| {
            let place = Self::empty();
            place.sandcheck("compile", &[&plugin().to_string_lossy()]);
            place
        });
        let place = Self::empty();
        for folder in ["cache", "cache/code", "cache/seen"] {
            fs::create_dir(place.path(folder)).expect("a folder");
            let private = fs::Permissions::from_mode(0o700);
            fs::set_permissions(place.path(folder), private).expect("its mode");
        }
        for file in fs::read_dir(compiled.path("cache/code")).expect("compiled code") {
            let file = file.expect("an entry");
            let copy = place.path("cache/code").join(file.file_name());
            fs::copy(file.path(), copy).expect("a copy");
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path.to_string_lossy().into_owned()
    }

    /// `sandcheck COMMAND ARGUMENTS`, with compiled code in a folder of this test's own.
    fn sandcheck(&self, command: &str, arguments: &[&str]) -> Output {
        self.start(&program(), command, arguments)
    }

    fn start(&self, program: &Path, command: &str, arguments: &[&str]) -> Output {
        Command::new(program)
            .args([command, "--cache", &self.path("cache").to_string_lossy()])
            .args(arguments)
            .output()
            .expect("the program starts")
    }

    /// Runs the check with these options of `sandcheck`, then `--`, then these words.
    fn run(&self, options: &[&str], words: &[&str]) -> (Option<i32>, String) {
        let plugin = plugin();
        let plugin = plugin.to_string_lossy();
        let arguments = [options, &[&plugin, "--"], words].concat();
        outcome(&self.sandcheck("run", &arguments))
    }

    fn code(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.path("cache/code")).expect("the cache");
        let paths = folder.map(|entry| entry.expect("an entry").path());
        paths
            .filter(|path| path.extension().is_some_and(|end| end == "cwasm"))
            .collect()
    }
}

/// The exit code, and what was printed.
fn outcome(output: &Output) -> (Option<i32>, String) {
    let stdout = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
    (output.status.code(), stdout)
}

/// A mail server for many sessions; returns its port.
fn server() -> String {
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

#[test]
fn it_runs_a_check_as_the_check_itself_would() {
    let place = Place::new();
    let (code, text) = place.run(&[], &["-H", "127.0.0.1", "-p", &server()]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("SMTP OK - ") && text.contains("|time="),
        "{text}"
    );
    let (code, text) = place.run(&[], &["--version"]);
    assert_eq!(code, Some(3));
    assert!(text.starts_with("check_smtp v"), "{text}");
    let (code, text) = place.run(&[], &["-H", "mx", "-p", "abc"]);
    assert_eq!(code, Some(3));
    assert!(
        text.starts_with("check_smtp: Port must be a positive integer\n"),
        "{text}"
    );
}

#[test]
fn a_host_that_only_the_plugin_names_is_refused_and_may_be_allowed() {
    let place = Place::new();
    let port = server();
    let (code, text) = place.run(&[], &["-p", &port]);
    assert_eq!(code, Some(3));
    let expected = format!(
        "UNKNOWN - connection to tcp://127.0.0.1:{port} refused: the command line does not name it; \
         to allow it: --allow tcp://127.0.0.1:{port}\n"
    );
    assert_eq!(text, expected);
    let grant = format!("tcp://127.0.0.1:{port}");
    let (code, text) = place.run(&["--allow", &grant], &["-p", &port]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn names_and_addresses_can_be_denied() {
    let place = Place::new();
    let port = server();
    for (host, deny, part) in [
        ("127.0.0.1", "loopback", "tcp://127.0.0.1"),
        ("localhost", "loopback", "refused: it leads to "),
        ("localhost", "private", ", denied by 'private'"),
        ("localhost", "tcp://localhost:*", "tcp://localhost:"),
        (
            "127.1",
            "loopback",
            "it leads to 127.0.0.1, denied by 'loopback'",
        ),
        ("0.0.0.0", "loopback", "tcp://0.0.0.0:"),
        (
            "::ffff:127.0.0.1",
            "tcp://127.0.0.0/8:1-65535",
            "denied by 'tcp://127.0.0.0/8:1-65535'",
        ),
    ] {
        let (code, text) = place.run(&["--deny", deny], &["-H", host, "-p", &port]);
        assert_eq!(code, Some(3), "{host}: {text}");
        assert!(
            text.starts_with("UNKNOWN - connection to "),
            "{host}: {text}"
        );
        assert!(
            text.contains(part) && text.contains("to allow it: take"),
            "{host}: {text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    let (code, text) = place.run(
        &["--deny", "tcp://127.0.0.1:1"],
        &["-H", "127.0.0.1", "-p", &port],
    );
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_policy_narrows_and_limits() {
    let place = Place::new();
    let port = server();
    let words = ["-H", "127.0.0.1", "-p", &port];
    for (policy, part) in [
        (
            "[network]\nonly = [\"tcp://*.example.org:25\"]",
            "refused: it is not among the only ones",
        ),
        ("[network]\ndeny = [\"private\"]", "denied by 'private'"),
        (
            "[limits]\nmemory = \"64KiB\"",
            "the plugin exceeded the limit memory = 64.0 KiB",
        ),
        (
            "[limits]\ntraffic = 10",
            "the plugin exceeded the limit traffic = 10 B",
        ),
        (
            "[limits]\nconnects = 0",
            "the plugin exceeded the limit connects = 0",
        ),
        (
            "[limits]\noptions = 3",
            "the plugin exceeded the limit options = 3",
        ),
        (
            "[limits]\ncomponent-size = 1024",
            "exceeds the limit component-size = 1.0 KiB",
        ),
    ] {
        let policy = place.file("policy.toml", policy);
        let (code, text) = place.run(&["--policy", &policy], &words);
        assert_eq!(code, Some(3), "{policy}: {text}");
        assert!(
            text.starts_with("UNKNOWN - ") && text.contains(part),
            "{part}: {text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    let policy = place.file("policy.toml", "[network]\nonly = [\"tcp://127.0.0.0/8:*\"]");
    let (code, text) = place.run(&["--policy", &policy], &words);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn mistakes_of_the_operator_are_named() {
    let place = Place::new();
    let bad = place.file("bad.toml", "[limits]\nmemory = \"lots\"\n");
    for (options, part) in [
        (
            &["--policy", bad.as_str()][..],
            "bad.toml: line 2: memory = \"lots\" is not a size",
        ),
        (
            &["--policy", "/nonexistent.toml"],
            "policy /nonexistent.toml: No such file",
        ),
        (
            &["--allow", "mx:25"],
            "--allow: 'mx:25': it begins with neither tcp:// nor unix:",
        ),
        (&["--frob"], "invalid option '--frob'"),
    ] {
        let (code, text) = place.run(options, &["-H", "127.0.0.1"]);
        assert_eq!(code, Some(3), "{text}");
        assert!(
            text.starts_with("UNKNOWN - ") && text.contains(part),
            "{part}: {text}"
        );
    }
}

#[test]
fn what_is_no_plugin_is_said_to_be_none() {
    let place = Place::new();
    let module = wat::parse_str("(module)").expect("a module");
    let empty = wat::parse_str("(component)").expect("a component");
    let files =
        wat::parse_str("(component (import \"wasi:filesystem/preopens@0.2.3\" (instance)))");
    let whole = fs::read(plugin()).expect("the component");
    for (name, content, part) in [
        ("empty", Vec::new(), "is no component that can be compiled"),
        (
            "text",
            b"#!/bin/sh\necho OK\n".to_vec(),
            "is no component that can be compiled",
        ),
        (
            "module.wasm",
            module,
            "is no component that can be compiled",
        ),
        (
            "half.wasm",
            whole[..whole.len() / 2].to_vec(),
            "is no component that can be compiled",
        ),
        (
            "none.wasm",
            empty,
            "is no plugin: it does not export monitoring:plugin/check@0.2",
        ),
        (
            "files.wasm",
            files.expect("a component"),
            "it imports wasi:filesystem/preopens@0.2.3: a plugin gets no files",
        ),
    ] {
        let path = place.file(name, content);
        let (code, text) = outcome(&place.sandcheck("run", &[&path, "--", "-H", "127.0.0.1"]));
        assert_eq!(code, Some(3), "{name}: {text}");
        assert!(
            text.starts_with(&format!("UNKNOWN - {path}: ")),
            "{name}: {text}"
        );
        assert!(text.contains(part), "{name}: {text}");
        assert_eq!(text.lines().count(), 1, "{name}: {text}");
        let (code, text) = outcome(&place.sandcheck("inspect", &[&path]));
        assert_eq!(code, Some(3), "{name}");
        assert!(
            text.contains("\nplugin    no\nproblem   "),
            "{name}: {text}"
        );
    }
    for (path, part) in [
        ("/nonexistent", "No such file"),
        ("/", "is no file"),
        ("/dev/zero", "is no file"),
    ] {
        let (code, text) = outcome(&place.sandcheck("run", &[path]));
        assert_eq!(code, Some(3));
        assert!(
            text.starts_with("UNKNOWN - ") && text.contains(part),
            "{text}"
        );
    }
}

#[test]
fn damaged_code_is_made_anew_and_never_loaded() {
    let place = Place::new();
    let port = server();
    let words = ["-H", "127.0.0.1", "-p", &port];
    assert_eq!(place.run(&[], &words).0, Some(0));
    let code = place.code();
    let [code] = code.as_slice() else {
        panic!("{code:?}")
    };
    let good = fs::read(code).expect("compiled code");
    let middle = good.len() / 2;
    let mut flipped = good.clone();
    flipped[middle] ^= 1;
    let old = SystemTime::now() - Duration::from_hours(1);
    let damages = [flipped, good[..middle].to_vec()];
    for damage in damages {
        fs::write(code, &damage).expect("damage");
        let file = fs::File::options()
            .write(true)
            .open(code)
            .expect("the code");
        file.set_modified(old).expect("an old time");
        let (status, text) = place.run(&[], &words);
        assert_eq!(status, Some(0), "{text}");
        assert!(
            fs::read(code).expect("compiled code") == good,
            "it was not made anew"
        );
    }
    fs::remove_dir_all(place.path("cache")).expect("the cache");
    assert_eq!(place.run(&[], &words).0, Some(0));
}

#[test]
fn compiled_code_is_kept_and_known_again() {
    let place = Place::empty();
    let plugin = plugin();
    let plugin = plugin.to_string_lossy();
    let (code, text) = outcome(&place.sandcheck("compile", &[&plugin]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(": compiled to "), "{text}");
    let (code, text) = outcome(&place.sandcheck("compile", &[&plugin]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(": is compiled, "), "{text}");
    // From the first run on the cache knows the files by their times.
    let port = server();
    assert_eq!(place.run(&[], &["-H", "127.0.0.1", "-p", &port]).0, Some(0));
    assert_eq!(
        fs::read_dir(place.path("cache/seen"))
            .expect("notes")
            .count(),
        1
    );
    assert_eq!(place.run(&[], &["-H", "127.0.0.1", "-p", &port]).0, Some(0));
    assert_eq!(place.code().len(), 1);
    let (code, text) = place.run(&[], &["--version"]);
    assert_eq!(code, Some(3));
    assert!(text.starts_with("check_smtp v"), "{text}");
}

#[test]
fn what_is_known_of_a_plugin_does_not_get_past_a_limit() {
    let place = Place::new();
    let words = ["-H", "127.0.0.1", "-p", "1"];
    assert_eq!(place.run(&[], &words).0, Some(2));
    let policy = place.file("policy.toml", "[limits]\noptions = 3\n");
    let (code, text) = place.run(&["--policy", &policy], &words);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("options"), "{text}");
}

#[test]
fn what_is_known_of_a_plugin_may_be_damaged() {
    let place = Place::new();
    let words = ["-H", "127.0.0.1", "-p", "1"];
    let (code, refused) = place.run(&[], &words);
    assert_eq!(code, Some(2), "{refused}");
    for folder in ["cache/code", "cache/seen"] {
        for file in fs::read_dir(place.path(folder)).expect("the cache") {
            let path = file.expect("an entry").path();
            let whole = fs::read(&path).expect("its content");
            let mut changed = whole.clone();
            changed[whole.len() / 2] ^= 1;
            for damaged in [&changed[..], &whole[..whole.len() / 2], &[]] {
                fs::write(&path, damaged).expect("damage");
                let (code, text) = place.run(&[], &words);
                assert_eq!(code, Some(2), "{}: {text}", path.display());
                assert!(text.contains("Connection refused"), "{text}");
            }
        }
    }
}

#[test]
fn the_compiler_is_a_program_of_its_own_that_may_be_installed_elsewhere() {
    let place = Place::empty();
    let component = plugin();
    let component = component.to_string_lossy();
    for folder in ["bin", "libexec", "libexec/sandcheck"] {
        fs::create_dir(place.path(folder)).expect("a folder");
    }
    let sandcheck = place.path("bin/sandcheck");
    fs::copy(program(), &sandcheck).expect("a copy");

    let (code, text) = outcome(&place.start(&sandcheck, "compile", &[&component]));
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("sandcheck-compile is missing"), "{text}");
    assert!(text.contains("/bin/sandcheck-compile or "), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");

    let compiler = program().with_file_name("sandcheck-compile");
    let installed = place.path("libexec/sandcheck/sandcheck-compile");
    fs::copy(compiler, &installed).expect("a copy");
    let (code, text) = outcome(&place.start(&sandcheck, "compile", &[&component]));
    assert_eq!(code, Some(0), "{text}");

    // With all code in the cache it is not needed.
    fs::remove_file(installed).expect("it was there");
    let (code, text) = outcome(&place.start(&sandcheck, "compile", &[&component]));
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_compiler_of_another_version_says_so() {
    let compiler = program().with_file_name("sandcheck-compile");
    let compile = |arguments: &[&str]| {
        let output = Command::new(&compiler).args(arguments).output();
        let output = output.expect("the program starts");
        let complaint = String::from_utf8(output.stderr).expect("it is UTF-8");
        (output.status.code(), output.stdout.len(), complaint)
    };
    let (code, written, complaint) = compile(&["wasmtime 1.2.3", "1000", "100000000"]);
    assert_eq!((code, written), (Some(1), 0));
    assert!(complaint.contains("not for wasmtime 1.2.3"), "{complaint}");
    let (code, written, complaint) = compile(&[]);
    assert_eq!((code, written), (Some(1), 0));
    assert!(
        complaint.contains("see sandcheck compile --help"),
        "{complaint}"
    );
}

#[test]
fn a_cache_that_others_may_write_to_is_not_used() {
    let place = Place::empty();
    fs::create_dir(place.path("cache")).expect("a folder");
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(place.path("cache"), open).expect("its mode");
    let (code, text) = place.run(&[], &["-H", "127.0.0.1"]);
    assert_eq!(code, Some(3));
    assert!(
        text.contains("others may write there: chmod go-w it"),
        "{text}"
    );
}

#[test]
fn inspecting_tells_what_it_is_and_could_reach() {
    let place = Place::new();
    let plugin = plugin();
    let plugin = plugin.to_string_lossy();
    let (code, text) = outcome(&place.sandcheck("inspect", &[&plugin]));
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "\nplugin    yes\n",
        "\nname      check_smtp ",
        "\n  -H, --hostname ",
        "\nCould reach:\n  TCP, to what its command line or the policy names\n  Unix sockets",
        "\n  mail exchangers of the domain that its command line names, and TCP to them\n",
        "\n  monitoring:plugin/resolver@0.2.0\n",
        "\n  monitoring:plugin/sockets@0.2.0\n",
        "\n  memory          32.0 MiB",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, text) = outcome(&place.sandcheck("inspect", &["--format", "json", &plugin]));
    assert_eq!(code, Some(0), "{text}");
    let facts: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(facts["plugin"], true);
    for what in ["tcp", "addresses", "exchanges", "associations"] {
        assert_eq!(facts["reach"][what], true, "{what}");
    }
    assert_eq!(facts["manifest"]["name"], "check_smtp");
    assert_eq!(facts["manifest"]["options"][0]["kind"], "host");
    assert_eq!(facts["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(facts["limits"]["cpu"], "5s");
    let imports = facts["imports"].as_array().expect("a list");
    assert!(
        imports
            .iter()
            .all(|import| !import.as_str().unwrap_or("wasi:io").starts_with("wasi:io"))
    );
}

#[test]
fn pages_and_definitions_tell_all_options() {
    let place = Place::new();
    let plugin = plugin();
    let plugin = plugin.to_string_lossy();
    for what in ["man", "bash", "zsh", "fish", "icinga", "nagios"] {
        let (exit_code, text) = outcome(&place.sandcheck("generate", &[what, &plugin]));
        assert_eq!(exit_code, Some(0), "{text}");
        // roff's dashes
        let text = text.replace("\\-", "-");
        for option in ["hostname", "ignore-certificate-expiration", "verbose"] {
            assert!(text.contains(option), "no {option} in {what}: {text}");
        }
    }
    let named = ["icinga", &plugin, "--program", "/opt/it", "--name", "mail"];
    let (_, text) = outcome(&place.sandcheck("generate", &named));
    assert!(text.contains("object CheckCommand \"mail\""), "{text}");
    assert!(text.contains("command = [ \"/opt/it\" ]"), "{text}");
}

#[test]
fn what_cannot_be_generated_is_named() {
    let place = Place::new();
    let plugin = plugin();
    let plugin = plugin.to_string_lossy();
    for (words, part) in [
        (&["xml", &plugin][..], "'xml' cannot be generated"),
        (&["nagios"], "sandcheck generate nagios PLUGIN"),
        (&["nagios", &plugin, "--name", "a;b"], "--name 'a;b'"),
        (&["icinga", &plugin, "--program", "/a\"b"], "'/a\"b' cannot"),
        (&["man", "--name", "x"], "are for icinga and nagios"),
        (&["man", "/nonexistent.wasm"], "No such file"),
    ] {
        let (exit_code, text) = outcome(&place.sandcheck("generate", words));
        assert_eq!(exit_code, Some(3), "{words:?}");
        assert!(
            text.starts_with("UNKNOWN - ") && text.contains(part),
            "{words:?}: {text}"
        );
    }
}
