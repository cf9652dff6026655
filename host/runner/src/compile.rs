//! `sandcheck compile`: compiled code for the runs to come. The compiling itself is done by another
//! program, `sandcheck-compile`, which comes with this one.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail, ensure};
use sandcheck::settings::ENGINE;
use sandcheck::{Limits, escape};
use sandcheck_system as system;

use crate::arguments::Options;
use crate::companion;
use crate::load;

/// The program that compiles.
const COMPILER: &str = "sandcheck-compile";

/// The most compiled code that is taken, in bytes.
const CODE_LIMIT: u64 = 512 << 20;

/// Compiles each plugin that has not been compiled yet.
pub(crate) fn compile(options: &Options) -> Result<u8> {
    for plugin in &options.plugins {
        let (state, path) = load::prepare(plugin, options)?;
        system::print(&escape::line(&format!(
            "{}: {state} {}",
            plugin.display(),
            path.display()
        )));
        system::print("\n");
    }
    Ok(0)
}

/// Native code for a component, made by a process that can do nothing but compute.
pub(crate) fn in_another_process(component: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    let compiler = companion::find(COMPILER, "the compiler")?;
    let mut command = Command::new(&compiler);
    command
        .arg(ENGINE)
        .arg(limits.compile_time.as_millis().to_string())
        .arg(limits.compile_memory.to_string())
        .env_clear();
    let ended = companion::converse(&mut command, component, CODE_LIMIT, limits.compile_time)
        .context("the compiler")?;
    let code = ended
        .output
        .ok_or(())
        .or_else(|()| exceeded("compile-time", limits))?;
    judge(ended.status, &ended.complaint, limits)?;
    ensure!(
        (code.len() as u64) < CODE_LIMIT,
        "its compiled code is larger than {CODE_LIMIT} bytes"
    );
    Ok(code)
}

fn judge(status: ExitStatus, complaint: &str, limits: &Limits) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    if status.signal() == Some(libc::SIGXCPU) {
        return exceeded("compile-time", limits);
    }
    if complaint.contains("memory allocation of") || complaint.contains("Cannot allocate memory") {
        return exceeded("compile-memory", limits);
    }
    match complaint.trim() {
        "" => bail!("the compiler broke off: {status}"),
        complaint => bail!("{complaint}"),
    }
}

fn exceeded<T>(name: &'static str, limits: &Limits) -> Result<T> {
    bail!("compiling it exceeded {}", limits.exceeded(name))
}
