//! The text of a result, as `mod_gearman`'s module in the monitoring system reads it.
//!
//! It is lines, and an empty value ends it. The module turns each `\n` of the output into a line
//! end, and knows no escape for a `\` before an `n`.

use std::time::Duration;

use crate::job::Job;

/// The longest output (`mod_gearman`'s `GM_MAX_OUTPUT`), in bytes.
pub const MAX_OUTPUT: usize = 10 << 20;

/// What came of a job.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// When it began, since 1970.
    pub started: Duration,
    /// When it ended, since 1970.
    pub finished: Duration,
    /// The plugin's exit code.
    pub exit_code: u8,
    /// What the plugin printed.
    pub output: &'a str,
    /// Who did it.
    pub source: &'a str,
}

impl Outcome<'_> {
    /// The text for the monitoring system.
    #[must_use]
    pub fn text(&self, job: &Job) -> Vec<u8> {
        let mut text = Vec::with_capacity(256 + self.output.len());
        let mut add = |name: &str, value: &[u8]| {
            // An empty value would end it.
            if !value.is_empty() {
                text.extend(name.as_bytes());
                text.push(b'=');
                text.extend(value);
                text.push(b'\n');
            }
        };
        add("host_name", &job.host_name);
        add("core_start_time", &job.core_time);
        add("start_time", seconds(self.started).as_bytes());
        add("finish_time", seconds(self.finished).as_bytes());
        add("return_code", self.exit_code.to_string().as_bytes());
        add("exited_ok", b"1");
        add("source", one_line(self.source).as_bytes());
        add("service_description", &job.service_description);
        add("output", output(self.output).as_bytes());
        text.extend(b"\n\n\n");
        text
    }
}

fn seconds(time: Duration) -> String {
    format!("{}.{:06}", time.as_secs(), time.subsec_micros())
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// One line, never empty, never too long, whose line ends are the plugin's own.
fn output(text: &str) -> String {
    let text = text.trim_end();
    let mut line = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' | '\0' => continue,
            // Else text of a server could make a line end of its own.
            'n' if before == '\\' => line.push_str(" n"),
            c => line.push(c),
        }
        before = c;
    }
    if line.trim().is_empty() {
        return "(no output)".to_owned();
    }
    if line.len() > MAX_OUTPUT {
        line.truncate(line.floor_char_boundary(MAX_OUTPUT));
        // Not half of an escape.
        while line.ends_with('\\') {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(output: &str) -> Outcome<'_> {
        Outcome {
            started: Duration::from_micros(1_790_000_001_000_005),
            finished: Duration::from_millis(1_790_000_001_250),
            exit_code: 2,
            output,
            source: "sandcheck @ worker1",
        }
    }

    #[test]
    fn a_result_is_what_mod_gearman_reads() {
        let job = Job::parse(include_bytes!("../vectors/job.txt")).unwrap();
        let text =
            outcome("SMTP CRITICAL - 0.250 sec. response time|time=0.250000s\nmore\n").text(&job);
        let expected = include_str!("../vectors/result.txt");
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn no_output_makes_a_line_of_its_own() {
        for (text, expected) in [
            ("a\nreturn_code=0\n", "a\\nreturn_code=0"),
            ("a\r\nb", "a\\nb"),
            ("a\\nb\\\\n", "a\\ nb\\\\ n"),
            ("a\\\nb", "a\\\\nb"),
            ("a\\\rnb", "a\\ nb"),
            ("a\0b", "ab"),
            (" \n", "(no output)"),
            ("\0\r", "(no output)"),
        ] {
            assert_eq!(output(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let job = Job::parse(b"type=host\nhost_name=a\ncommand_line=b").unwrap();
        let text = String::from_utf8(outcome("x").text(&job)).unwrap();
        assert!(!text.contains("core_start_time") && !text.contains("service_description"));
        let values = text
            .trim_end()
            .lines()
            .map(|line| line.split_once('=').unwrap().1);
        assert!(values.into_iter().all(|value| !value.is_empty()), "{text}");
    }

    #[test]
    fn the_output_is_cut_between_characters_and_escapes() {
        let long = output(&"é\n".repeat(MAX_OUTPUT / 3));
        assert!(long.len() <= MAX_OUTPUT && long.ends_with(['é', 'n']));
    }
}
