//! A program that is asked something, and ended when the time is used up.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::event::PollFlags;

use crate::transport::wait;

/// The most that is read of an answer, in bytes.
const LIMIT: usize = 256 * 1024;

/// What the program says until its end, or until the deadline: then it is ended.
pub(super) fn answer_by(command: &mut Command, deadline: Instant) -> io::Result<String> {
    let mut child = start(command)?;
    let answer = read_by(&mut child, deadline);
    if answer.is_err() {
        let _ = child.kill();
    }
    child.wait()?;
    Ok(String::from_utf8_lossy(&answer?).into_owned())
}

fn start(command: &mut Command) -> io::Result<Child> {
    let program = command.get_program().to_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| io::Error::other(format!("{}: {error}", program.display())))
}

fn read_by(child: &mut Child, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    let Some(stdout) = &mut child.stdout else {
        return Ok(answer);
    };
    let mut buffer = [0; 4096];
    while answer.len() <= LIMIT {
        if !wait(stdout, PollFlags::IN, deadline)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match stdout.read(&mut buffer)? {
            0 => return Ok(answer),
            count => answer.extend(buffer.get(..count).unwrap_or_default()),
        }
    }
    Err(io::Error::other("the answer is too long"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shell(words: &str, time: Duration) -> io::Result<String> {
        let mut command = Command::new("/bin/sh");
        answer_by(command.args(["-c", words]), Instant::now() + time)
    }

    #[test]
    fn answers_have_an_end() {
        let long = Duration::from_mins(1);
        assert_eq!(shell("echo yes", long).unwrap(), "yes\n");
        let endless = shell("while :; do echo yes; done", long).unwrap_err();
        assert_eq!(endless.to_string(), "the answer is too long");
        let late = shell("exec sleep 60", Duration::ZERO).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        let mut missing = Command::new("/nonexistent/program");
        let missing = answer_by(&mut missing, Instant::now() + long).unwrap_err();
        assert!(missing.to_string().starts_with("/nonexistent/program: "));
    }
}
