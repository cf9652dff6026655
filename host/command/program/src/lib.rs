//! A host of the contract as a command of WASI 0.2: reads words by the plugin's manifest, tells the
//! adapter what they name, has the plugin run, prints the report. Composed with a plugin and the
//! adapter it is that plugin as a command.

#![cfg(target_family = "wasm")]

#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::pedantic
)]
mod bindings {
    wit_bindgen::generate!({
        world: "sandcheck:command/program",
        path: ["../../../wit", "../wit"],
        generate_all,
        with: { "monitoring:plugin/types@0.2.0": sandcheck_contract::types },
    });
}

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use sandcheck_contract::anchors;
use sandcheck_contract::budget::{self, Budget};
use sandcheck_contract::cli::{self, Output};
use sandcheck_contract::files::Files;
use sandcheck_contract::form::Showing;
use sandcheck_contract::grants::{Endpoint, Grants, Rules};
use sandcheck_contract::lend::{self, Lender, Unlendable};
use sandcheck_contract::manifest;
use sandcheck_contract::types::{Argument, Manifest, Report};
use sandcheck_contract::words::CommandLine;

use crate::bindings::monitoring::plugin::check;
use crate::bindings::sandcheck::command::reach;

/// What the machine is called that the check runs on: WASI does not tell.
const NODE_NAME: &str = "HOSTNAME";

/// When nobody says it.
const NO_NAME: &str = "localhost";

/// What is exported.
struct Command;

wasip2::cli::command::export!(Command);

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        let mut words = std::env::args_os();
        let program = words.next().map(|path| name(&path)).unwrap_or_default();
        let output = run(&program, words.collect());
        // To whom should it be said that nobody listens?
        let _ = io::stderr().write_all(output.stderr.as_bytes());
        let written = io::stdout().write_all(output.stdout.as_bytes());
        let code = match written.and_then(|()| io::stdout().flush()) {
            Ok(()) => output.exit_code,
            Err(_) => Output::unknown(String::new()).exit_code,
        };
        // What is returned could say only 0 or 1.
        wasip2::cli::exit::exit_with_code(code);
        Ok(())
    }
}

/// The name that the command was called by, without folders.
fn name(path: &OsString) -> String {
    let path = Path::new(path);
    let name = path.file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn run(program: &str, words: Vec<OsString>) -> Output {
    let manifest = check::describe();
    if let Err(error) = manifest::check(&manifest) {
        return Output::failed(&error);
    }
    match answer(&manifest, program, words) {
        Ok(output) | Err(output) => output,
    }
}

fn answer(manifest: &Manifest, program: &str, words: Vec<OsString>) -> Result<Output, Output> {
    let line = cli::read(manifest, words)?;
    let showing = Showing::new(line.form, manifest, &line.arguments);
    match report(manifest, program, line) {
        Ok(report) => Ok(showing.report(&report)),
        Err(output) => Err(showing.unreported(output)),
    }
}

fn report(manifest: &Manifest, program: &str, line: CommandLine) -> Result<Report, Output> {
    if let Some(stop) = &line.stop {
        // The first mistake counts, and it may stand before the place where reading stopped.
        let arguments = lend::plain(manifest, &line.arguments);
        check::validate(&arguments).map_err(|misuse| Output::misuse(manifest, &misuse))?;
        return Err(Output::stopped(manifest, program, stop));
    }
    let mut arguments = line.arguments;
    if let Some(missing) = cli::missing(manifest, &arguments) {
        return Err(Output::misuse(manifest, &missing));
    }
    let end = budget::end(Duration::from_secs(
        Budget::of(manifest, &arguments).seconds,
    ));
    lend(manifest, &mut arguments, end)?;
    grant(manifest, &arguments, end);
    // Without any word the plugin is to see that nothing was asked.
    if !line.is_empty {
        cli::add_node_name(manifest, &mut arguments, || {
            std::env::var(NODE_NAME).unwrap_or_else(|_| NO_NAME.to_owned())
        });
    }
    let report = check::run(&arguments);
    if let Some(refusal) = reach::refused() {
        return Err(Output::failed(&refusal));
    }
    report.map_err(|misuse| Output::misuse(manifest, &misuse))
}

/// Puts in the place of each path what the file holds. The files are those of the folders that the
/// runtime opens to this command.
fn lend(manifest: &Manifest, arguments: &mut Vec<Argument>, end: Instant) -> Result<(), Output> {
    let lender = Lender {
        files: &Files::default(),
        deadline: end,
        system_anchors: &system_anchors,
        input: true,
    };
    let checked = lend::check(manifest, arguments);
    let given = arguments.clone();
    let lent = checked.and_then(|()| lend::lend(manifest, arguments, &lender));
    lent.map_err(|Unlendable { misuse, before }| {
        // The first mistake counts, and it may stand before that.
        let before = given.get(..before).unwrap_or(&given);
        match check::validate(&lend::plain(manifest, before)) {
            Err(earlier) => Output::misuse(manifest, &earlier),
            Ok(()) => Output::misuse(manifest, &misuse),
        }
    })
}

/// Those that the environment names, or that lie where systems keep them, in a folder that the runtime
/// opens to this command.
fn system_anchors(deadline: Instant) -> Result<String, String> {
    if let Some(anchors) = anchors::of_environment(deadline) {
        return anchors;
    }
    anchors::of_known_files(deadline).ok_or_else(|| {
        "the runtime opens none of their folders to this command, such as /etc/ssl/certs".to_owned()
    })
}

/// Has the adapter connect to what the words name, within the time that is left.
fn grant(manifest: &Manifest, arguments: &[Argument], end: Instant) {
    let grants = Grants::named_by(manifest, arguments, Rules::default());
    let named: Vec<_> = grants
        .named()
        .iter()
        .map(|endpoint| match endpoint {
            Endpoint::Tcp { host, port } => reach::Endpoint::Tcp((host.clone(), *port)),
            Endpoint::Unix { path } => reach::Endpoint::Unix(path.clone()),
        })
        .collect();
    let source = grants.source().map(|source| source.to_string());
    let left = end.saturating_duration_since(Instant::now()).as_nanos();
    reach::grant(
        &named,
        source.as_deref(),
        u64::try_from(left).unwrap_or(u64::MAX),
    );
}
