//! Timings of our `check_smtp` against Debian's C plugin, and of many checks in one process.
//!
//! All programs check the same server in the same run, in turns (ours, theirs, ours, ...), so
//! that whatever else the machine does falls on all alike. What is reported are medians with
//! their quartiles and the ratio ours / theirs of wall time, processor time and peak memory.
//! Every single run must end in the expected state; one that does not makes the exit code 1.

mod contest;
mod fleet;
mod json;
mod machine;
mod options;
mod page;
mod peer;
mod process;
mod report;
mod scenario;
mod statistics;
mod stock;
mod svg;
mod table;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::options::{Invocation, Options};
use crate::report::Report;

fn main() -> ExitCode {
    finish().unwrap_or_else(|error| {
        eprintln!("sandcheck-benches: {error:#}");
        ExitCode::from(2)
    })
}

/// Does what the command line asks for: 0 when every run ended as expected, else 1.
fn finish() -> Result<ExitCode> {
    match options::parse(env::args_os().skip(1))? {
        Invocation::Help => {
            print(options::HELP)?;
            Ok(ExitCode::SUCCESS)
        }
        Invocation::Measure(options) => measure(&options),
    }
}

fn measure(options: &Options) -> Result<ExitCode> {
    let programs = options.programs()?;
    let report = report::measure(programs, &options.size)?;
    print(&table::render(&report))?;
    for (path, render) in [
        (&options.json, json::render as fn(&Report) -> String),
        (&options.svg, svg::render),
        (&options.page, page::render),
    ] {
        if let Some(path) = path {
            save(path, &render(&report))?;
        }
    }
    let scenarios = report.scenarios.iter();
    let flawless = scenarios
        .map(|scenario| &scenario.failures)
        .all(Vec::is_empty)
        && report.fleet_failures.is_empty();
    Ok(ExitCode::from(u8::from(!flawless)))
}

fn save(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Unlike `print!`, a closed standard output is an error and not a panic.
fn print(text: &str) -> Result<()> {
    io::stdout()
        .write_all(text.as_bytes())
        .context("cannot write to standard output")
}
