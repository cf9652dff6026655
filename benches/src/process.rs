//! One program, run as a monitoring system runs it, and what the run cost.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use wait4::{ResourceUsage, Wait4};

/// A program with its arguments, to be run again and again.
pub(crate) struct Program {
    path: PathBuf,
    command: Command,
}

/// How one run ended.
pub(crate) struct Run {
    /// The exit code; none when a signal ended it.
    pub(crate) exit: Option<i32>,
    /// The first line of its standard output.
    pub(crate) line: String,
    /// All of it.
    pub(crate) output: String,
    /// What it cost.
    pub(crate) cost: Cost,
}

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From before the process is made until after it is reaped, in milliseconds.
    pub(crate) wall: f64,
    /// User and system time, in milliseconds.
    pub(crate) processor: f64,
    /// The largest resident set, in MiB. Linux lets a new process begin with that of the process
    /// that made it (`exec` keeps the high-water mark), so no reading is below our own:
    /// [`crate::report::Report::floor`] tells where that is.
    pub(crate) memory: f64,
}

/// Lets the kernel forget a program, and reads it from the disk: how its pages came into memory, which is in pieces of
/// another size right after it was written, is a tenth of what it takes to start it.
pub(crate) fn read_anew(program: &Path) -> Result<()> {
    let read = || {
        let mut file = File::open(program)?;
        file.sync_all()?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        io::copy(&mut file, &mut io::sink())
    };
    read().with_context(|| format!("cannot read {}", program.display()))?;
    Ok(())
}

impl Program {
    /// `path` with `arguments` and an environment that is the same everywhere.
    pub(crate) fn new<I, A>(path: &Path, arguments: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let mut command = Command::new(path);
        command
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Self {
            path: path.to_owned(),
            command,
        }
    }

    /// Lets the next run read this file.
    pub(crate) fn reads(&mut self, input: File) -> &mut Self {
        self.command.stdin(input);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(&mut self) -> Result<Run> {
        self.timed()
            .with_context(|| format!("cannot run {}", self.path.display()))
    }

    fn timed(&mut self) -> io::Result<Run> {
        let mut output = Vec::new();
        let start = Instant::now();
        let mut child = self.command.spawn()?;
        if let Some(mut stdout) = child.stdout.take() {
            stdout.read_to_end(&mut output)?;
        }
        let end = child.wait4()?;
        let wall = start.elapsed();
        Ok(Run {
            exit: end.status.code(),
            line: first_line(&output),
            output: String::from_utf8_lossy(&output).into_owned(),
            cost: Cost::new(wall, &end.rusage),
        })
    }
}

impl Cost {
    fn new(wall: Duration, usage: &ResourceUsage) -> Self {
        Self {
            wall: milliseconds(wall),
            processor: milliseconds(usage.utime + usage.stime),
            memory: mebibytes(usage.maxrss),
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Whole KiB are exact: the kernel counts in them.
fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

fn first_line(output: &[u8]) -> String {
    let line = output
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_tells_its_code_its_first_line_and_its_cost() {
        let mut program = Program::new(Path::new("/bin/sh"), ["-c", "echo one; echo two; exit 3"]);
        let run = program.run().expect("a shell");
        assert_eq!(run.exit, Some(3));
        assert_eq!(run.line, "one");
        assert!(run.cost.wall > 0.0 && run.cost.processor > 0.0 && run.cost.memory > 0.0);
    }

    #[test]
    fn a_run_that_a_signal_ends_has_no_code() {
        let mut program = Program::new(Path::new("/bin/sh"), ["-c", "kill -9 $$"]);
        assert_eq!(program.run().expect("a shell").exit, None);
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Program::new(Path::new("/nowhere"), [""; 0])
            .run()
            .err()
            .expect("an error");
        assert_eq!(error.to_string(), "cannot run /nowhere");
    }

    #[test]
    fn bytes_become_mebibytes() {
        assert!((mebibytes(3 * 1024 * 1024 + 512 * 1024) - 3.5).abs() < 1e-12);
    }
}
