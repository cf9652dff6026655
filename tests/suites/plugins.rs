//! The example plugins under `sandcheck run`: one test for each scenario, `plugin/name`, and what each
//! component imports.
//!
//! `make plugins` builds them; their compiled code stays in `target/examples/cache`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sandcheck_tests::case::Case;
use sandcheck_tests::corpus;
use sandcheck_tests::judge::{Against, judge};
use sandcheck_tests::run::Runner;
use serde_json::Value;

/// Most cases wait for the other side, so this is not about processors.
const THREADS: usize = 8;
/// The exit code by which cargo knows a failed suite from a crashed one.
const FAILED: u8 = 101;

/// What each component may import, and nothing else.
const IMPORTS: [(&str, &[&str]); 2] = [
    ("check_banner", &["monitoring:plugin/sockets"]),
    (
        "check_tcp",
        &[
            "monitoring:plugin/sockets",
            "wasi:clocks/monotonic-clock",
            "wasi:clocks/wall-clock",
            "wasi:random/random",
        ],
    ),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let trials = scenarios(arguments.list).map(|trials| trials.into_iter().chain(imports()));
    match trials {
        Ok(trials) => libtest_mimic::run(&arguments, trials.collect()).exit_code(),
        Err(error) => {
            eprintln!("plugins: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn scenarios(only_listed: bool) -> io::Result<Vec<Trial>> {
    let cases = corpus::load(&[corpus::plugins_folder()])?;
    let mut runners = BTreeMap::new();
    for (plugin, _) in IMPORTS {
        if !only_listed {
            sandcheck(&["compile", "--cache", &cache(), &component(plugin)])?;
        }
        runners.insert(plugin, Arc::new(runner(plugin)?));
    }
    cases
        .into_iter()
        .map(|case| match runners.get(case.group.as_str()) {
            Some(runner) => Ok(trial(case, runner)),
            None => Err(io::Error::other(format!("no plugin {}", case.group))),
        })
        .collect()
}

fn runner(plugin: &str) -> io::Result<Runner> {
    let arguments = ["run", "--cache", &cache(), &component(plugin), "--"];
    let arguments = arguments.iter().map(Into::into).collect();
    Ok(Runner::new(&built("release/sandcheck"))?.with_arguments(arguments))
}

fn trial(case: Case, runner: &Arc<Runner>) -> Trial {
    let runner = runner.clone();
    Trial::ignorable_test(case.label(), move || play(&case, &runner))
}

fn play(case: &Case, runner: &Runner) -> Result<Completion, Failed> {
    if let Some(need) = runner.lacks(case) {
        return Ok(Completion::ignored_with(format!("needs {need}")));
    }
    let seen = runner.run(case)?;
    match judge(case, &seen, Against::Right) {
        Some(differences) if differences.is_empty() => Ok(Completion::Completed),
        Some(differences) => Err(format!("{}\n- {}", case.why, differences.join("\n- ")).into()),
        None => Err("the case says nothing about what is right".into()),
    }
}

fn imports() -> impl Iterator<Item = Trial> {
    IMPORTS.iter().map(|(plugin, expected)| {
        let name = format!("{plugin}/imports");
        Trial::test(name, move || {
            let found = imported(plugin)?;
            if found == *expected {
                return Ok(());
            }
            Err(format!("it imports {found:?}, and should {expected:?}").into())
        })
    })
}

/// The interfaces that a component imports, without versions. Types reach nothing.
fn imported(plugin: &str) -> io::Result<Vec<String>> {
    let facts = sandcheck(&["inspect", "--format", "json", &component(plugin)])?;
    let facts: Value = serde_json::from_str(&facts).map_err(io::Error::other)?;
    let imports = facts["imports"].as_array().into_iter().flatten();
    let mut names: Vec<_> = imports
        .filter_map(Value::as_str)
        .map(|name| name.split('@').next().unwrap_or_default().to_owned())
        .filter(|name| name != "monitoring:plugin/types")
        .collect();
    names.sort_unstable();
    Ok(names)
}

fn sandcheck(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(built("release/sandcheck"))
        .args(arguments)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(io::Error::other(format!("sandcheck {arguments:?}: {text}")))
}

fn cache() -> String {
    built("examples/cache").to_string_lossy().into_owned()
}

fn component(plugin: &str) -> String {
    let path = built(&format!("examples/{plugin}.wasm"));
    path.to_string_lossy().into_owned()
}

fn built(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target")
        .join(path)
}
