//! The text of a job: a line `name=value` for each thing that is said. An empty value ends it.

use std::fmt;

/// What a monitoring system wants to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// `host`, `service`, or what is no check: `eventhandler`, `notification`.
    pub kind: Vec<u8>,
    /// Where the result is wanted.
    pub result_queue: Vec<u8>,
    /// Whose check it is.
    pub host_name: Vec<u8>,
    /// Which one. Hosts' own checks have none.
    pub service_description: Vec<u8>,
    /// When the monitoring system wanted it, in seconds since 1970, as it wrote it.
    pub core_time: Vec<u8>,
    /// How long it may take, in seconds.
    pub timeout: Option<u64>,
    /// What to run.
    pub command_line: Vec<u8>,
}

/// Why a text is no job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoJob {
    /// A line with this name is missing.
    Missing(&'static str),
    /// There are two lines with this name.
    Twice(&'static str),
    /// There is a NUL in it.
    Nul,
}

impl fmt::Display for NoJob {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "its text has no line {name}=..."),
            Self::Twice(name) => write!(f, "its text has two lines {name}=..."),
            Self::Nul => f.write_str("there is a NUL in its text"),
        }
    }
}

impl std::error::Error for NoJob {}

impl Job {
    /// Reads a text.
    pub fn parse(text: &[u8]) -> Result<Self, NoJob> {
        if text.contains(&0) {
            return Err(NoJob::Nul);
        }
        let mut job = Self::default();
        // The seconds since 1970 have other names in older versions.
        let (mut next_check, mut start_time, mut timeout) = (Vec::new(), Vec::new(), Vec::new());
        for line in text.split(|byte| *byte == b'\n') {
            let Some((name, value)) = pair(line) else {
                break;
            };
            let (name, field) = match name {
                b"type" => ("type", &mut job.kind),
                b"result_queue" => ("result_queue", &mut job.result_queue),
                b"host_name" => ("host_name", &mut job.host_name),
                b"service_description" => ("service_description", &mut job.service_description),
                b"core_time" => ("core_time", &mut job.core_time),
                b"next_check" => ("next_check", &mut next_check),
                b"start_time" => ("start_time", &mut start_time),
                b"timeout" => ("timeout", &mut timeout),
                b"command_line" => ("command_line", &mut job.command_line),
                _ => continue,
            };
            if !field.is_empty() {
                return Err(NoJob::Twice(name));
            }
            *field = value.to_vec();
        }
        let times = [std::mem::take(&mut job.core_time), next_check, start_time];
        job.core_time = times
            .into_iter()
            .find(|time| is_time(time))
            .unwrap_or_default();
        job.timeout = str::from_utf8(&timeout)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        job.complete()
    }

    fn complete(self) -> Result<Self, NoJob> {
        let needed = [
            ("type", &self.kind),
            ("host_name", &self.host_name),
            ("command_line", &self.command_line),
        ];
        match needed.iter().find(|(_, value)| value.is_empty()) {
            Some((name, _)) => Err(NoJob::Missing(name)),
            None => Ok(self),
        }
    }
}

/// Nothing for what ends the text.
fn pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let at = line.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
    (!value.is_empty()).then_some((name.trim_ascii(), value))
}

fn is_time(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() < 32
        && text
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read() {
        let job = Job::parse(include_bytes!("../vectors/job.txt")).unwrap();
        assert_eq!(job.kind, b"service");
        assert_eq!(job.result_queue, b"check_results");
        assert_eq!(job.host_name, b"mx1");
        assert_eq!(job.service_description, "SMTP: ä".as_bytes());
        assert_eq!(job.core_time, b"1790000000.123456");
        assert_eq!(job.timeout, Some(60));
        assert_eq!(
            job.command_line,
            b"/usr/lib/nagios/plugins/check_smtp -H '192.0.2.1' -p 25"
        );
    }

    #[test]
    fn an_empty_value_ends_the_text() {
        let job = Job::parse(b"type=host\nhost_name=a\ncommand_line=b\nresult_queue=\ntimeout=5\n");
        let job = job.unwrap();
        assert_eq!((job.timeout, job.result_queue), (None, Vec::new()));
    }

    #[test]
    fn older_names_of_the_time_and_bad_times() {
        for (line, time) in [
            ("next_check=12.5", "12.5"),
            ("start_time=13", "13"),
            ("core_time=1\nnext_check=2", "1"),
            ("core_time=now\nnext_check=2", "2"),
            ("core_time=-1", ""),
        ] {
            let text = format!("type=host\nhost_name=a\n{line}\ncommand_line=b\n");
            assert_eq!(
                Job::parse(text.as_bytes()).unwrap().core_time,
                time.as_bytes()
            );
        }
    }

    #[test]
    fn what_is_no_job_is_told_apart() {
        for (text, expected) in [
            (
                &b"type=service\nhost_name=a\n"[..],
                NoJob::Missing("command_line"),
            ),
            (
                b"type=service\ncommand_line=a\n",
                NoJob::Missing("host_name"),
            ),
            (
                b"type=host\nhost_name=a\nhost_name=b\ncommand_line=a",
                NoJob::Twice("host_name"),
            ),
            (b"type=host\nhost_name=a\0b\ncommand_line=a", NoJob::Nul),
        ] {
            assert_eq!(Job::parse(text), Err(expected));
        }
    }
}
