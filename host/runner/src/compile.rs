//! `sandcheck compile`: compiled code for the runs to come. The compiling itself is done by another
//! program, `sandcheck-compile`, which comes with this one.

use std::env;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sandcheck::settings::ENGINE;
use sandcheck::{Limits, escape};
use sandcheck_system as system;

use crate::arguments::Options;
use crate::load;

/// The program that compiles.
const COMPILER: &str = "sandcheck-compile";

/// The most compiled code that is taken, in bytes.
const CODE_LIMIT: u64 = 512 << 20;

/// The most that is read of what the compiler complains about, in bytes.
const COMPLAINT_LIMIT: u64 = 4096;

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

/// Where the compiler is: beside this program, or where `make install` puts it.
fn compiler() -> Result<PathBuf> {
    let program = env::current_exe().context("this program's own place is not known")?;
    let folder = program.parent().unwrap_or(Path::new("/"));
    let beside = folder.join(COMPILER);
    let installed = folder.join("../libexec/sandcheck").join(COMPILER);
    let found = [&beside, &installed]
        .into_iter()
        .find(|path| path.is_file());
    found.cloned().with_context(|| {
        format!(
            "the compiler is missing, which comes with this program: {} or {}",
            beside.display(),
            installed.display()
        )
    })
}

/// Native code for a component, made by a process that can do nothing but compute.
pub(crate) fn in_another_process(component: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    let compiler = compiler()?;
    let mut child = Command::new(&compiler)
        .arg(ENGINE)
        .arg(limits.compile_time.as_millis().to_string())
        .arg(limits.compile_memory.to_string())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("the compiler cannot be started: {}", compiler.display()))?;
    let (mut stdin, stdout, stderr) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // A compiler that breaks off does not read to the end; its exit status tells.
    thread::spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(&component)));
    let complaint = read(stderr, COMPLAINT_LIMIT);
    let code = read(stdout, CODE_LIMIT);
    let code = wait(&mut child, &code, limits.compile_time);
    let status = child.wait()?;
    let complaint = complaint.recv().unwrap_or_default();
    let code = code
        .ok_or(())
        .or_else(|()| exceeded("compile-time", limits))?;
    judge(status, &String::from_utf8_lossy(&complaint), limits)?;
    ensure!(
        (code.len() as u64) < CODE_LIMIT,
        "its compiled code is larger than {CODE_LIMIT} bytes"
    );
    Ok(code)
}

/// Reads to the end, or to the limit, in a thread.
fn read(from: Option<impl Read + Send + 'static>, limit: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.map(|from| from.take(limit).read_to_end(&mut bytes));
        let _ = sender.send(bytes);
    });
    receiver
}

/// What the compiler wrote, if it came to an end in time; otherwise it is killed.
fn wait(child: &mut Child, code: &mpsc::Receiver<Vec<u8>>, time: Duration) -> Option<Vec<u8>> {
    match code.recv_timeout(time) {
        Ok(code) => Some(code),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            let _ = child.kill();
            None
        }
    }
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
