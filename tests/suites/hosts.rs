//! The scenarios through the hosts of `examples/hosts`, and as commands of an unmodified runtime of WASI:
//! one test for each, `host/group/name`.
//!
//! Every host runs the same components, `check_smtp` and the example plugins, against the same scripted
//! server, and has to do what `sandcheck` does with them: the same output, the same exit code, the same
//! bytes on the wire. `make test-hosts` builds and installs what is needed; the closing lines say
//! how many scenarios each host passed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use regex::Regex;
use sandcheck_tests::case::Case;
use sandcheck_tests::corpus;
use sandcheck_tests::observation::Observation;
use sandcheck_tests::run::Runner;
use serde_json::json;

/// Most cases wait for the other side, so this is not about processors.
const THREADS: usize = 8;
/// The exit code by which cargo knows a failed suite from a crashed one.
const FAILED: u8 = 101;
/// A host passes at least so many, or the choice below has become too small.
const LEAST: usize = 60;

/// Words that the host answers by itself, in words of its own.
const HOST_WORDS: [&str; 5] = ["-h", "--help", "-V", "--version", "--extra-opts"];

/// Groups in which much is waited for: what one way of waiting does differently from another shows there.
const WAITING_GROUPS: [&str; 8] = [
    "starttls",
    "timeout",
    "connect",
    "lmtp",
    "implicit",
    "hostile-replies",
    "check_tcp",
    "check_banner",
];

/// The plugins, and where they are built; most cases are about the first one.
const PLUGINS: [(&str, &str); 3] = [
    ("check_smtp", "wasm32-wasip2/component/check_smtp.wasm"),
    ("check_tcp", "examples/check_tcp.wasm"),
    ("check_banner", "examples/check_banner.wasm"),
];

/// What paths of Unix sockets begin with, as cases name them.
const PATHS: [&str; 4] = ["/", "{socket}", "{dir}/", "{long_path}"];

/// Cases that a host, or each, cannot play as `sandcheck` does: what its name and theirs begin with, a `$`
/// for the end, and why.
const LEFT_OUT: [(&str, &str, &str); 25] = [
    ("", "extra-opts/", "ini files are read by sandcheck itself"),
    (
        "",
        "source/source-not-of-this-machine$",
        "the words are the C library's",
    ),
    ("python", "secrets/input", "standard input is not lent"),
    ("python", "secrets/file-folder$", "the words are Python's"),
    (
        "python",
        "secrets/file-not-utf-8$",
        "the words are Python's",
    ),
    ("node", "secrets/input", "standard input is not lent"),
    (
        "node",
        "several/all-addresses-limits$",
        "what is run once and compiled for it takes milliseconds, which one of its two times has in it",
    ),
    (
        "node",
        "names/no-internationalized-name$",
        "Node does not ask for such a name",
    ),
    (
        "wasmtime-run",
        "check_banner/banner-evil-pattern$",
        "a runtime has no limits of a host",
    ),
    ("wasmtime-run", "several/all-addresses-", NO_RESOLVER),
    ("wasmtime-run", "timings/timings-of-a-name$", NO_RESOLVER),
    ("wasmtime-run", "timings/timings-resolve", NO_RESOLVER),
    ("wasmtime-run", "secrets/file-without-line-end$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-of-windows$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-folder$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-not-utf-8$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-empty$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-empty-line$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-too-long$", NO_FOLDER),
    ("wasmtime-run", "secrets/file-with-zero-byte$", NO_FOLDER),
    ("wasmtime-run", "secrets/environment$", NO_VARIABLE),
    ("wasmtime-run", "secrets/variable-empty$", NO_VARIABLE),
    ("wasmtime-run", "verify/good-system$", NO_FOLDER),
    ("wasmtime-run", "verify/issuer-unknown$", NO_FOLDER),
    ("wasmtime-run", "verify/without-tls$", NO_FOLDER),
];

const NO_RESOLVER: &str = "the command looks no records up";
const NO_FOLDER: &str = "no folder is open to the command";
const NO_VARIABLE: &str = "no variable is lent to the command";

/// What plays a case with a plugin, by the plugin's name.
type Runners = BTreeMap<&'static str, Runner>;

/// What the host says itself begins so. Its words are its own; the exit code is not.
const HOST_LINE: &str = "UNKNOWN - ";

/// Something else than `sandcheck` that runs plugins.
struct Host {
    name: &'static str,
    runners: Runners,
    plays: fn(&Case) -> bool,
    passed: AtomicUsize,
    failed: AtomicUsize,
}

/// A scenario and what `sandcheck` did in it.
struct Scenario {
    case: Case,
    sandcheck: Arc<Runners>,
    seen: OnceLock<Result<Observation, String>>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    match prepare() {
        Ok((hosts, scenarios)) => run(&arguments, &hosts, &scenarios),
        Err(error) => {
            eprintln!("hosts: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(arguments: &Arguments, hosts: &[Arc<Host>], scenarios: &[Arc<Scenario>]) -> ExitCode {
    let trials = hosts.iter().flat_map(|host| {
        let played = scenarios
            .iter()
            .filter(|scenario| (host.plays)(&scenario.case) && !is_left_out(host, &scenario.case));
        played
            .map(|scenario| trial(host, scenario))
            .collect::<Vec<_>>()
    });
    let conclusion = libtest_mimic::run(arguments, trials.collect());
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let mut code = conclusion.exit_code();
    for host in hosts {
        let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        let (passed, failed) = (count(&host.passed), count(&host.failed));
        println!("{}: {passed} passed, {failed} failed", host.name);
        if is_whole && passed < LEAST {
            println!("{} has to pass {LEAST} at least", host.name);
            code = ExitCode::from(FAILED);
        }
    }
    code
}

/// Who plays, and what.
type Prepared = (Vec<Arc<Host>>, Vec<Arc<Scenario>>);

fn prepare() -> io::Result<Prepared> {
    let mut folders = corpus::own_folders();
    folders.push(corpus::plugins_folder());
    let cases = corpus::load(&folders)?;
    let sandcheck = Arc::new(sandcheck()?);
    let scenarios = cases.into_iter().filter(is_for_any_host).map(|case| {
        let (sandcheck, seen) = (sandcheck.clone(), OnceLock::new());
        Arc::new(Scenario {
            case,
            sandcheck,
            seen,
        })
    });
    Ok((hosts()?, scenarios.collect()))
}

/// The host in Rust, with the code of all plugins compiled.
fn sandcheck() -> io::Result<Runners> {
    fs::create_dir_all(built("hosts/cache"))?;
    let (program, cache) = (built("release/sandcheck"), cache("sandcheck"));
    for (_, path) in PLUGINS {
        let output = Command::new(&program)
            .args(["compile", "--cache", &cache])
            .arg(built(path))
            .output()
            .map_err(|error| io::Error::other(format!("{}: {error}", program.display())))?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stdout)));
        }
    }
    runners(|path| {
        let component = built(path).display().to_string();
        let words = ["run", "--cache", &cache, &component, "--"].map(Into::into);
        Ok(Runner::new(&program)?.with_arguments(words.to_vec()))
    })
}

fn hosts() -> io::Result<Vec<Arc<Host>>> {
    let python = host(
        "python",
        &built("hosts/python/bin/python"),
        &[&source("python/host.py"), "--cache", &cache("python")],
        |_| true,
    );
    let node = |name, version: &str, way: &[&str], plays| {
        let program = format!("hosts/node/node_modules/node{version}/bin/node");
        let (script, cache) = (built("hosts/node/host.mjs"), cache("node"));
        let script = script.display().to_string();
        let words = [&[script.as_str()], way, &["--cache", &cache]].concat();
        host(name, &built(&program), &words, plays)
    };
    // Node waits in one of two ways.
    let waiting = node("node-20-wait", "20", &[], |_| true);
    let suspended = node("node-24-jspi", "24", &["--jspi"], waits);
    Ok(vec![python?, waiting?, suspended?, wasmtime()?])
}

/// `wasmtime run`, of the plugins as commands.
fn wasmtime() -> io::Result<Arc<Host>> {
    let program = built("hosts/wasmtime/bin/wasmtime");
    let node_name = rustix::system::uname();
    let node_name = format!("HOSTNAME={}", node_name.nodename().to_string_lossy());
    let runners = runners(|path| {
        let name = Path::new(path)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        let command = built(&format!("command/{name}-command.wasm"));
        let code = built(&format!("hosts/cache/{name}.cwasm"));
        let (command, code) = (command.display().to_string(), code.display().to_string());
        let output = Command::new(&program)
            .args(["compile", "-o", &code, &command])
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr)));
        }
        let lent = [
            "-S",
            "inherit-network",
            "-S",
            "allow-ip-name-lookup",
            "--env",
            &node_name,
        ];
        let words = [
            &["run", "--allow-precompiled"],
            &lent[..],
            &["--argv0", &name, &code],
        ]
        .concat();
        Ok(Runner::new(&program)?.with_arguments(words.into_iter().map(Into::into).collect()))
    });
    Ok(new_host("wasmtime-run", runners?, suits_wasi))
}

fn host(
    name: &'static str,
    program: &Path,
    words: &[&str],
    plays: fn(&Case) -> bool,
) -> io::Result<Arc<Host>> {
    meet(program, words)?;
    let words: Vec<OsString> = words.iter().map(Into::into).collect();
    let runners = runners(|path| {
        let runner = Runner::new(program)?.with_arguments(words.clone());
        Ok(runner.with_orders_for(built(path)))
    });
    Ok(new_host(name, runners?, plays))
}

fn new_host(name: &'static str, runners: Runners, plays: fn(&Case) -> bool) -> Arc<Host> {
    Arc::new(Host {
        name,
        runners,
        plays,
        passed: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
    })
}

/// Has a host load each plugin once, which may take it long, so that no scenario has to wait for that.
fn meet(program: &Path, words: &[&str]) -> io::Result<()> {
    for (plugin, path) in PLUGINS {
        let order = json!({"plugin": built(path), "arguments": ["--version"]});
        let output = Command::new(program)
            .args(words)
            .arg(order.to_string())
            .output()
            .map_err(|error| io::Error::other(format!("{}: {error}", program.display())))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !text.starts_with(plugin) {
            return Err(io::Error::other(format!("{words:?} on {plugin}: {text}")));
        }
    }
    Ok(())
}

/// One for each plugin.
fn runners(runner: impl Fn(&str) -> io::Result<Runner>) -> io::Result<Runners> {
    let runners = PLUGINS.map(|(name, path)| Ok((name, runner(path)?)));
    runners.into_iter().collect()
}

/// The plugin that a case is about: its group's name, or else `check_smtp`.
fn runner_for<'a>(case: &Case, runners: &'a Runners) -> io::Result<&'a Runner> {
    let (smtp, _) = PLUGINS[0];
    let runner = runners.get(case.group.as_str());
    let missing = || io::Error::other("there is no such plugin");
    runner.or_else(|| runners.get(smtp)).ok_or_else(missing)
}

/// What a case is about that other hosts leave out.
fn is_for_any_host(case: &Case) -> bool {
    let is_word = |word: &String| HOST_WORDS.iter().any(|own| word.starts_with(own));
    // Another engine in another language has other needs of memory.
    !case.args.iter().any(is_word) && case.memory().is_none()
}

fn is_left_out(host: &Host, case: &Case) -> bool {
    let label = case.label() + "$";
    LEFT_OUT
        .iter()
        .any(|(name, beginning, _)| host.name.starts_with(name) && label.starts_with(beginning))
}

fn waits(case: &Case) -> bool {
    WAITING_GROUPS.contains(&case.group.as_str())
}

/// WASI has no Unix sockets.
fn suits_wasi(case: &Case) -> bool {
    let is_path = |word: &String| PATHS.iter().any(|path| word.starts_with(path));
    !case.args.iter().any(is_path)
}

fn trial(host: &Arc<Host>, scenario: &Arc<Scenario>) -> Trial {
    let name = format!("{}/{}", host.name, scenario.case.label());
    let (host, scenario) = (host.clone(), scenario.clone());
    Trial::ignorable_test(name, move || host.play(&scenario))
}

impl Host {
    fn play(&self, scenario: &Scenario) -> Result<Completion, Failed> {
        let case = &scenario.case;
        let runner = runner_for(case, &self.runners)?;
        if let Some(need) = runner.lacks(case) {
            return Ok(Completion::ignored_with(format!("needs {need}")));
        }
        let differences = scenario
            .of_sandcheck()
            .and_then(|right| Ok(differences(right, &runner.run(case)?)));
        let verdict = match differences {
            Ok(differences) if differences.is_empty() => Ok(Completion::Completed),
            Ok(differences) => Err(format!("{}\n- {}", case.why, differences.join("\n- ")).into()),
            Err(error) => Err(error.to_string().into()),
        };
        let count = if verdict.is_ok() {
            &self.passed
        } else {
            &self.failed
        };
        count.fetch_add(1, Ordering::Relaxed);
        verdict
    }
}

impl Scenario {
    fn of_sandcheck(&self) -> io::Result<&Observation> {
        let run = || {
            let runner = runner_for(&self.case, &self.sandcheck);
            runner
                .and_then(|runner| runner.run(&self.case))
                .map_err(|error| error.to_string())
        };
        self.seen
            .get_or_init(run)
            .as_ref()
            .map_err(|error| io::Error::other(error.clone()))
    }
}

/// What a host did that `sandcheck` did not do.
fn differences(right: &Observation, seen: &Observation) -> Vec<String> {
    let is_own = |seen: &Observation| seen.stdout.starts_with(HOST_LINE);
    let mut found = Vec::new();
    let mut compare = |what: &str, right: String, seen: String| {
        if right != seen {
            found.push(format!("{what}:\n  sandcheck {right}\n  this host {seen}"));
        }
    };
    compare("exit", right.exit.to_string(), seen.exit.to_string());
    compare("hang", right.hang.to_string(), seen.hang.to_string());
    if !(is_own(right) && is_own(seen)) {
        compare(
            "output",
            comparable(&right.stdout),
            comparable(&seen.stdout),
        );
    }
    let wire = |seen: &Observation| without_chance(&format!("{:?}", seen.received));
    compare("received", wire(right), wire(seen));
    // Another engine, or an interpreter, begins later; what does not end at all hangs.
    let is_of_time = |problem: &&String| problem.starts_with("took ");
    let problems = |seen: &Observation| {
        let problems = seen.problems.iter();
        format!(
            "{:?}",
            problems
                .filter(|problem| !is_of_time(problem))
                .collect::<Vec<_>>()
        )
    };
    compare("problems", problems(right), problems(seen));
    found
}

/// Messages of a login without what has a random number or the server's port in it: the first one, and the
/// second one of SCRAM, which begins with `c=`.
fn without_chance(wire: &str) -> String {
    static MESSAGES: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            r"(AUTH (?:SCRAM-SHA-256(?:-PLUS)?|OAUTHBEARER)) [A-Za-z0-9+/=]+",
            r"\b(Yz1)[A-Za-z0-9+/=]+",
        ]
        .map(|pattern| Regex::new(pattern).expect("a valid pattern"))
    });
    let without =
        |wire: String, message: &Regex| message.replace_all(&wire, "$1 <MESSAGE>").into_owned();
    MESSAGES.iter().fold(wire.to_owned(), without)
}

/// Without what is another one each time: times, dates, challenges, and fingerprints of certificates that
/// are made for each run; and without what decides whether plain text in the place of TLS is seen before
/// the handshake or in it: when it comes.
fn comparable(output: &str) -> String {
    static CHANGING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (
                r"(?m)^(probe_(?:metric_time|ssl_earliest)[^ ]*) .*$",
                "$1 <NUMBER>",
            ),
            (r"\d+\.\d{3}(?:\d{3})?", "<T>"),
            (r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} \+0000", "<DATE>"),
            (r"\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", "<SHA-256>"),
            (r"sha256//[A-Za-z0-9+/]{43}=", "<SHA-256>"),
            (r"serial: [0-9a-fA-F]+", "serial: <NUMBER>"),
            (r"< 334 [cd]j[01][A-Za-z0-9+/=]+", "< 334 <OF SCRAM>"),
            (r"certificate_days=\d+", "certificate_days=<DAYS>"),
            (
                r"(?m)^(?:\d+ bytes of plain text came behind the reply to STARTTLS|the server sent something that is not TLS) \(possible injection\)$",
                "<PLAIN TEXT BEHIND STARTTLS>",
            ),
        ]
        .map(|(pattern, instead)| (Regex::new(pattern).expect("a valid pattern"), instead))
        .into()
    });
    let mut output = output.to_owned();
    for (pattern, instead) in &*CHANGING {
        output = pattern.replace_all(&output, *instead).into_owned();
    }
    output
}

fn cache(host: &str) -> String {
    built(&format!("hosts/cache/{host}")).display().to_string()
}

fn source(path: &str) -> String {
    let folder = workspace().join("examples/hosts");
    folder.join(path).display().to_string()
}

fn built(path: &str) -> PathBuf {
    workspace().join("target").join(path)
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
