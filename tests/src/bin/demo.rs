//! Shows what `check_smtp` does, against servers that say what they are told: `make demo`.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use sandcheck_tests::certificates::Certificates;
use sandcheck_tests::server::Server;
use sandcheck_tests::server::script::Script;

const PLAIN: &str = r#"
    transport = "tcp4"
    steps = [{send = "220 mx.example.org ESMTP ready\r\n"}]
    rules = [
        {on = "^HELO ", send = "250 mx.example.org\r\n"},
        {on = "^QUIT", send = "221 2.0.0 Bye\r\n", close = true},
    ]"#;

const STARTTLS: &str = r#"
    transport = "tcp4"
    steps = [
        {send = "220 mx.example.org ESMTP ready\r\n"},
        {expect = "^EHLO "},
        {send = "250-mx.example.org\r\n250 STARTTLS\r\n"},
        {expect = "^STARTTLS"},
        {send = "220 2.0.0 Ready to start TLS\r\n"},
        {tls = "days20"},
    ]
    rules = [
        {on = "^EHLO ", send = "250 mx.example.org\r\n"},
        {on = "^QUIT", send = "221 2.0.0 Bye\r\n", close = true},
    ]"#;

const LMTP: &str = r#"
    transport = "unix"
    steps = [{send = "220 mx.example.org LMTP ready\r\n"}]
    rules = [
        {on = "^LHLO ", send = "250-mx.example.org\r\n250 PIPELINING\r\n"},
        {on = "^QUIT", send = "221 2.0.0 Bye\r\n", close = true},
    ]"#;

const REFUSED: &str = r#"transport = "refused""#;

/// One thing to show.
struct Scene {
    heading: &'static str,
    script: &'static str,
    /// What follows the host and port on the command line.
    options: &'static [&'static str],
    expected: i32,
}

const SCENES: [Scene; 4] = [
    Scene {
        heading: "A mail server that answers quickly",
        script: PLAIN,
        options: &["-w", "5", "-c", "10"],
        expected: 0,
    },
    Scene {
        heading: "STARTTLS, with a certificate that is valid for 20 more days",
        script: STARTTLS,
        options: &["-S", "-D", "30,10"],
        expected: 1,
    },
    Scene {
        heading: "LMTP on a Unix socket",
        script: LMTP,
        options: &["-L"],
        expected: 0,
    },
    Scene {
        heading: "A port on which nobody listens",
        script: REFUSED,
        options: &[],
        expected: 2,
    },
];

fn main() -> ExitCode {
    let Some(program) = env::args_os().nth(1) else {
        eprintln!("usage: demo PATH-OF-check_smtp");
        return ExitCode::FAILURE;
    };
    match show_all(Path::new(&program)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("demo: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all ended as expected.
fn show_all(program: &Path) -> Result<bool, Box<dyn Error>> {
    let certificates = Arc::new(Certificates::new()?);
    let mut all_as_expected = true;
    for (number, scene) in (1..).zip(&SCENES) {
        println!("{number}. {}\n", scene.heading);
        all_as_expected &= show(program, scene, &certificates)?;
        println!();
    }
    Ok(all_as_expected)
}

fn show(
    program: &Path,
    scene: &Scene,
    certificates: &Arc<Certificates>,
) -> Result<bool, Box<dyn Error>> {
    let folder = tempfile::Builder::new().prefix("demo").tempdir()?;
    let script: Script = toml::from_str(scene.script)?;
    let server = Server::start(&script, folder.path(), certificates)?;
    let arguments = arguments(&server, scene.options);
    println!("   $ {}{}", program.display(), as_typed(&arguments));

    let output = Command::new(program)
        .args(&arguments)
        .output()
        .map_err(|e| format!("cannot run {}: {e}", program.display()))?;
    for text in [output.stdout, output.stderr] {
        for line in String::from_utf8_lossy(&text).lines() {
            println!("   {line}");
        }
    }
    let exit = output.status.code();
    println!("   exit code {}", named(exit));
    let as_expected = exit == Some(scene.expected);
    if !as_expected {
        println!("   This was to be {}.", named(Some(scene.expected)));
    }
    Ok(as_expected)
}

fn arguments(server: &Server, options: &[&str]) -> Vec<OsString> {
    let mut arguments = vec!["-H".into()];
    if server.port() == 0 {
        arguments.push(server.path().into());
    } else {
        arguments.extend([
            server.host().into(),
            "-p".into(),
            server.port().to_string().into(),
        ]);
    }
    arguments.extend(options.iter().map(Into::into));
    arguments
}

/// None of the arguments has a character that means something to a shell.
fn as_typed(arguments: &[OsString]) -> String {
    arguments
        .iter()
        .map(|word| format!(" {}", word.display()))
        .collect::<Vec<_>>()
        .concat()
}

fn named(exit: Option<i32>) -> String {
    let state = match exit {
        Some(0) => "OK",
        Some(1) => "WARNING",
        Some(2) => "CRITICAL",
        Some(3) => "UNKNOWN",
        _ => "not a state of a plugin",
    };
    exit.map_or_else(
        || "none: killed by a signal".to_owned(),
        |code| format!("{code}: {state}"),
    )
}
