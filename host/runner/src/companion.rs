//! Programs that come with this one and do what it must not: compile, talk to registries, and listen.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use sandcheck::companion;

/// The most that is read of what a program complains about, in bytes.
const COMPLAINT_LIMIT: u64 = 4096;

/// What became of a program.
pub(crate) struct Ended {
    /// What it wrote, unless it had to be killed because its time was up.
    pub(crate) output: Option<Vec<u8>>,
    pub(crate) complaint: String,
    pub(crate) status: ExitStatus,
}

/// Where a program is. `what` it is, is for the message.
pub(crate) fn find(name: &str, what: &str) -> Result<PathBuf> {
    companion::find(name).with_context(|| format!("{what} cannot be started"))
}

/// Gives a program its input, and takes at most so many bytes of output, for at most that time.
pub(crate) fn converse(
    command: &mut Command,
    input: Vec<u8>,
    limit: u64,
    time: Duration,
) -> Result<Ended> {
    let mut child = command
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot be started: {}", command.get_program().display()))?;
    let (mut stdin, stdout, stderr) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // A program that breaks off does not read to the end; its exit status tells.
    thread::spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(&input)));
    let complaint = read(stderr, COMPLAINT_LIMIT);
    let output = read(stdout, limit);
    let output = wait(&mut child, &output, time);
    let status = child.wait()?;
    let complaint = complaint.recv().unwrap_or_default();
    Ok(Ended {
        output,
        complaint: String::from_utf8_lossy(&complaint).into_owned(),
        status,
    })
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

/// What the program wrote, if it came to an end in time; otherwise it is killed.
fn wait(child: &mut Child, output: &mpsc::Receiver<Vec<u8>>, time: Duration) -> Option<Vec<u8>> {
    match output.recv_timeout(time) {
        Ok(output) => Some(output),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            let _ = child.kill();
            None
        }
    }
}
