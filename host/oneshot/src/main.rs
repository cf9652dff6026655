//! `check_smtp`: one check for each process, with the component compiled ahead and built in.
//!
//! This file is the whole start: load the component, read the command line, run the check, print,
//! exit.

#[allow(unsafe_code)]
mod built_in;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use sandcheck::{Limits, Plugin, cli};

/// The exit code for what is nobody's fault but ours.
const UNKNOWN: u8 = 3;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        print(&format!("UNKNOWN - internal error: {}\n", one_line(&panic.to_string())));
        std::process::exit(UNKNOWN.into());
    }));
    let output = match check() {
        Ok(output) => output,
        Err(error) => {
            print(&format!("UNKNOWN - internal error: {}\n", one_line(&format!("{error:#}"))));
            return UNKNOWN.into();
        }
    };
    // Somebody who closed standard error does not want to know.
    let _ = io::stderr().write_all(output.stderr.as_bytes());
    print(&output.stdout);
    // Nothing is worth waiting for: not a name look-up that goes on, nor the release of memory.
    std::process::exit(output.exit_code.into())
}

fn check() -> anyhow::Result<cli::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plugin = Plugin::new(&built_in::component()?, Limits::default())?;
    let mut words = env::args_os();
    let program = words.next().unwrap_or_default();
    let program = program.to_string_lossy();
    Ok(runtime.block_on(cli::run(&plugin, &program, words.collect())))
}

/// Writes to standard output. The exit code is right even when nobody reads the text.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

fn one_line(text: &str) -> String {
    sandcheck::escape::line(text)
}
