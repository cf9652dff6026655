//! `sandcheck-compile`: the process that compiles, started by `sandcheck`. A compiler is a large
//! program that reads hostile input: it runs here, without files, network, environment or other
//! processes, within bounds of time and memory, and apart from the program that runs plugins.
//!
//! It reads a component from standard input and writes native code to standard output. It loads
//! none of it. What goes wrong is a line on standard error.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "it belongs to the library, of which this program needs nothing else"
)]
#[path = "../../src/settings.rs"]
mod settings;

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use wasmtime::Engine;

/// Faster than the C library's, and small.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [engine, time, memory] = words.as_slice() else {
        bail!("this is a part of sandcheck and not for people: see sandcheck compile --help");
    };
    ensure!(
        engine == settings::ENGINE,
        "the compiler is of another version: it compiles for {}, and not for {engine}",
        settings::ENGINE
    );
    let number = |word: &str| word.parse().with_context(|| word.to_owned());
    let time = Duration::from_millis(number(time)?);
    sandcheck_confine::confine("the compiler", time, number(memory)?, [])?;
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component)?;
    let code = compile(&component)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&code)?;
    Ok(stdout.flush()?)
}

/// Native code for a component.
fn compile(component: &[u8]) -> Result<Vec<u8>> {
    let code = Engine::new(&settings::config())?.precompile_component(component);
    code.map_err(|error| anyhow::Error::from(error).context("is no component that can be compiled"))
}
