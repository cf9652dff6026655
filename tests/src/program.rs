//! Running the program under test in a process group of its own, for a limited time.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, kill_process_group, prlimit, waitid,
};

/// Bytes of stdout or stderr that are kept.
const OUTPUT_LIMIT: usize = 1 << 20;

/// A running program.  Its process group is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    process: Pid,
    began: Instant,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    reaped: bool,
}

/// How a program ended.
pub(crate) struct Ended {
    /// The exit code; below zero it is the signal that ended the program.
    pub(crate) exit: i32,
    /// Whether it had to be killed.
    pub(crate) hang: bool,
    /// How long it took.
    pub(crate) took: Duration,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Program {
    /// Starts the command, which reads these bytes or, without them, `/dev/null`.
    pub(crate) fn start(mut command: Command, stdin: Option<Vec<u8>>) -> io::Result<Self> {
        let began = Instant::now();
        let mut child = command
            .process_group(0)
            .stdin(if stdin.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| not_started(command.get_program(), &e))?;
        let process = Pid::from_child(&child);
        if let Some((mut pipe, bytes)) = child.stdin.take().zip(stdin) {
            // It fails when the program ends without having read all.
            thread::spawn(move || pipe.write_all(&bytes));
        }
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        Ok(Self {
            child,
            process,
            began,
            stdout,
            stderr,
            reaped: false,
        })
    }

    /// The program's process, which leads its group.
    pub(crate) fn process(&self) -> Pid {
        self.process
    }

    /// Lets the program have no more than so many bytes of writable memory of its own: what needs
    /// more fails.  (The peak that `wait4(2)` tells would be ours where that is higher, as a
    /// process begins in the memory of the one that started it.)
    pub(crate) fn limit_memory(&self, most: u64) -> io::Result<()> {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        prlimit(Some(self.process), Resource::Data, limit)?;
        Ok(())
    }

    /// Waits for the end of the program, and kills what is left of its group then or when time is
    /// up.  `before_reaping` is called while its process id still is its own.
    pub(crate) fn end_within<T>(
        mut self,
        limit: Duration,
        before_reaping: impl FnOnce() -> T,
    ) -> io::Result<(Ended, T)> {
        let hang = !ends_within(self.process, limit);
        let took = self.began.elapsed();
        self.kill();
        let (stdout, stderr) = (all_of(self.stdout.take()), all_of(self.stderr.take()));
        let value = before_reaping();
        self.reaped = true;
        let exit = code(self.child.wait()?);
        Ok((
            Ended {
                exit,
                hang,
                took,
                stdout,
                stderr,
            },
            value,
        ))
    }

    /// Nothing is left to be killed when this fails.
    fn kill(&self) {
        let _ = kill_process_group(self.process, Signal::KILL);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = self.child.wait();
        }
    }
}

fn not_started(program: &OsStr, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot run {}: {error}", program.display()),
    )
}

/// Waits without reaping, so that the process id stays the program's.
fn ends_within(process: Pid, limit: Duration) -> bool {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let ended = waitid(
            WaitId::Pid(process),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
        // Nobody listens any more when the program had to be killed.
        let _ = tell.send(ended.is_ok());
    });
    told.recv_timeout(limit) == Ok(true)
}

/// Reads to the end, and keeps the beginning.
fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let limit = u64::try_from(OUTPUT_LIMIT).unwrap_or(u64::MAX);
        // A pipe that cannot be read has ended.
        let _ = pipe.by_ref().take(limit).read_to_end(&mut kept);
        let _ = io::copy(&mut pipe, &mut io::sink());
        kept
    })
}

fn all_of(reader: Option<JoinHandle<Vec<u8>>>) -> Vec<u8> {
    reader
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default()
}

fn code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| -signal))
        .unwrap_or(i32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, stdin: Option<&str>, limit: Duration) -> Ended {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        let program = Program::start(command, stdin.map(|text| text.as_bytes().to_vec())).unwrap();
        program.end_within(limit, || ()).unwrap().0
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn output_and_exit_code_are_kept() {
        let ended = run("cat; echo err >&2; exit 3", Some("in"), LONG);
        assert_eq!((ended.exit, ended.hang), (3, false));
        assert_eq!(
            (&ended.stdout[..], &ended.stderr[..]),
            (&b"in"[..], &b"err\n"[..])
        );
    }

    #[test]
    fn a_signal_is_a_negative_code() {
        assert_eq!(run("kill -ABRT $$", None, LONG).exit, -6);
    }

    #[test]
    fn the_whole_group_is_killed_when_time_is_up() {
        let ended = run("sleep 60 & sleep 60", None, Duration::from_millis(50));
        assert_eq!((ended.exit, ended.hang), (-9, true));
        assert!(ended.took < LONG);
    }

    #[test]
    fn what_needs_more_memory_fails() {
        let script = "until test -e go; do sleep 0.01; done; \
                      x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo ${#x}";
        let ended = |most: u64| {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]).current_dir(folder.path());
            let program = Program::start(command, None).unwrap();
            program.limit_memory(most).unwrap();
            std::fs::write(folder.path().join("go"), "").unwrap();
            program.end_within(LONG, || ()).unwrap().0
        };
        assert_eq!(ended(16 << 20).stdout, b"");
        assert_eq!(ended(512 << 20).stdout, b"30000000\n");
    }

    #[test]
    fn endless_output_is_cut() {
        let ended = run("head -c 3000000 /dev/zero", None, LONG);
        assert_eq!((ended.exit, ended.stdout.len()), (0, OUTPUT_LIMIT));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::start(Command::new("/no/such/program"), None)
            .err()
            .unwrap();
        assert!(error.to_string().contains("cannot run /no/such/program"));
    }
}
