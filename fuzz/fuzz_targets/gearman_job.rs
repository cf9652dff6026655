//! Jobs, their command lines and their results. The input is what a job says as it is sent, a NUL and
//! what the check prints.
//!
//! Property: a result has each line once, none is empty, what the check prints is in the line of the
//! output and in no other; its words hold no character that a shell would have acted upon; with a key
//! the result can be read again, and the job is refused.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sandcheck_gearman::command;
use sandcheck_gearman::encoding::{Encoding, Form};
use sandcheck_gearman::job::Job;
use sandcheck_gearman::outcome::Outcome;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (data, output) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let key = Encoding::with_key(b"key");
    let _ = key.open(data);
    let Ok((text, _)) = Encoding::Clear.open(data) else {
        return;
    };
    assert!(key.open(data).is_err(), "not encrypted, and read");
    let Ok(job) = Job::parse(&text) else { return };
    check_words(&job.command_line);
    check_result(&job, &String::from_utf8_lossy(output));
});

fn check_words(line: &[u8]) {
    let Ok(words) = command::words(line) else {
        return;
    };
    assert!(!words.is_empty());
    assert!(words.iter().map(Vec::len).sum::<usize>() <= line.len());
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" ./-_".contains(byte);
    if line.iter().all(is_plain) {
        let plain: Vec<&[u8]> = line
            .split(|byte| *byte == b' ')
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(words, plain);
    }
}

fn check_result(job: &Job, output: &str) {
    let outcome = Outcome {
        started: Duration::from_secs(1),
        finished: Duration::from_secs(2),
        exit_code: 2,
        output,
        source: "worker",
    };
    let text = outcome.text(job);
    let lines: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.is_empty())
        .collect();
    let values = |name: &[u8]| lines.iter().filter(|line| line.starts_with(name)).count();
    assert_eq!(values(b"output="), 1);
    assert_eq!(values(b"host_name="), 1);
    assert_eq!(values(b"return_code="), 1);
    assert!(lines.contains(&b"return_code=2".as_slice()));
    let is_empty =
        |line: &&[u8]| line.iter().position(|byte| *byte == b'=') == Some(line.len() - 1);
    assert!(!lines.iter().any(is_empty));
    check_lines(&lines, output);
    let sealed =
        Encoding::with_key(b"key").seal([b"type=x\n", text.as_slice()].concat(), Form::Base64);
    let (again, _) = Encoding::with_key(b"key")
        .open(&sealed)
        .expect("it has that key");
    assert!(again.ends_with(&text));
}

/// The monitoring system sees as many lines as were printed.
fn check_lines(lines: &[&[u8]], output: &str) {
    let line = lines.last().copied().unwrap_or_default();
    let line = str::from_utf8(line).expect("it was text");
    let shown = line.strip_prefix("output=").expect("it is the last one");
    assert_eq!(
        shown.matches("\\n").count(),
        output.trim_end().matches('\n').count()
    );
    assert!(!shown.contains(['\r', '\0']));
}
