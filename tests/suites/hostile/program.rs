//! One run of the program: what it wrote, how it ended, how long it took and how much memory.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use wait4::Wait4;

/// When a program that does not end is killed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes of output that are looked at. More is a failure of its own.
pub(crate) const OUTPUT_LIMIT: u64 = 4 << 20;

/// What nobody may show: it stands in the environment and in the input.
pub(crate) const HIDDEN: &str = "hidden-from-plugins";

/// The program under test.
pub(crate) struct Program {
    path: PathBuf,
    folder: PathBuf,
}

/// How a run ended.
pub(crate) struct Ended {
    /// The exit code; below zero it is the signal.
    pub(crate) exit: i32,
    /// From its start to its end, without the time for which the machine was busy with others.
    pub(crate) took: Duration,
    /// The largest resident memory of the program or a process of its own, in bytes. The kernel
    /// counts what the suite held when it started the program, too, which is little.
    pub(crate) memory: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// What `make build` made, or `SANDCHECK`. A relative path is seen from the workspace's folder.
    pub(crate) fn find(folder: &Path) -> io::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let given = env::var_os("SANDCHECK").filter(|path| !path.is_empty());
        let path = workspace.join(given.unwrap_or_else(|| "target/release/sandcheck".into()));
        if !path.is_file() {
            let path = path.display();
            return Err(io::Error::other(format!(
                "there is no program {path}: run make build, or look at SANDCHECK"
            )));
        }
        Ok(Self {
            path: path.canonicalize()?,
            folder: folder.to_owned(),
        })
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the compiled code.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// Runs it to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> io::Result<Ended> {
        let stream = |name| self.folder.join(name);
        let (stdout, stderr, stdin) = (stream("stdout"), stream("stderr"), stream("stdin"));
        fs::write(&stdin, HIDDEN)?;
        let mut command = Command::new(&self.path);
        command
            .args(words)
            .env_clear()
            .env("HOME", &self.folder)
            .env("PATH", "/usr/bin:/bin")
            .env("PASSWORD", HIDDEN)
            .current_dir(&self.folder)
            .process_group(0)
            .stdin(File::open(&stdin)?)
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?);
        let began = Instant::now();
        let child = command.spawn()?;
        let took = wait(Pid::from_child(&child), began);
        let used = child.wait4()?;
        let exit = used.status.code();
        Ok(Ended {
            exit: exit.unwrap_or_else(|| -used.status.signal().unwrap_or(i32::MAX)),
            took,
            memory: used.rusage.maxrss,
            stdout: beginning(&stdout)?,
            stderr: beginning(&stderr)?,
        })
    }
}

/// Waits without reaping, so that the number stays the program's, and kills what is left of its
/// group then. Returns how long it took.
fn wait(process: Pid, began: Instant) -> Duration {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = waitid(WaitId::Pid(process), options);
        // Nobody listens any more when the program had to be killed.
        let _ = tell.send(began.elapsed());
    });
    let took = told.recv_timeout(PATIENCE);
    // There is nobody left in the group when all is well.
    let _ = kill_process_group(process, Signal::KILL);
    let took = took.unwrap_or_else(|_| began.elapsed());
    took.saturating_sub(queued(process))
}

/// How long a process that has not been reaped was ready to run and had to wait for a processor.
fn queued(process: Pid) -> Duration {
    let path = format!("/proc/{}/schedstat", process.as_raw_nonzero());
    let text = fs::read_to_string(path).unwrap_or_default();
    let nanoseconds = text
        .split_whitespace()
        .nth(1)
        .and_then(|count| count.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// What was written, as far as it is looked at; what is no UTF-8 is seen to be none.
fn beginning(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(OUTPUT_LIMIT + 1)
        .read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
