//! What was observed in one run of a scenario.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use crate::case::Bounds;
use crate::latin1;
use crate::normalise::Normaliser;
use crate::program::Ended;
use crate::server::Transcript;

/// The two times that one output states may differ by as much as the shorter is rounded.
const ROUNDING: f64 = 0.000_51;
/// A time of the program may be this much longer than what we measured around it, in seconds.
const SLACK: f64 = 0.05;

/// What was observed; text is normalised unless said otherwise.
#[derive(Debug)]
pub struct Observation {
    /// The exit code; below zero it is the signal that ended the program.
    pub exit: i32,
    /// Whether the program had to be killed.
    pub hang: bool,
    /// The first line of stdout up to a `|`.
    pub line: String,
    /// All performance data, joined by blanks.
    pub perfdata: String,
    /// What the server received.
    pub received: Vec<String>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
    /// All of stdout as it was.
    pub raw: String,
    /// What the server did not expect, and times that cannot be right.
    pub problems: Vec<String>,
    /// How long the run took.
    pub took: Duration,
}

impl Observation {
    pub(crate) fn new(
        ended: &Ended,
        transcript: Transcript,
        bounds: &Bounds,
        normaliser: &Normaliser<'_>,
    ) -> Self {
        let raw = latin1::text(&ended.stdout);
        let stdout = normaliser.text(&raw);
        let mut problems = transcript.problems;
        problems.extend(wrong_times(&raw, ended.took.as_secs_f64(), bounds));
        Self {
            exit: ended.exit,
            hang: ended.hang,
            line: status_line(&stdout).to_owned(),
            perfdata: perfdata(&stdout),
            received: transcript
                .received
                .iter()
                .map(|entry| normaliser.received(entry))
                .collect(),
            stderr: normaliser.text(&latin1::text(&ended.stderr)),
            stdout,
            raw,
            problems,
            took: ended.took,
        }
    }
}

/// The first line up to a `|`, without carriage returns at its end.
fn status_line(stdout: &str) -> &str {
    let first = before(stdout, '\n');
    before(first, '|').trim_end_matches('\r')
}

fn before(text: &str, end: char) -> &str {
    text.split_once(end).map_or(text, |(head, _)| head)
}

/// What a monitoring system takes as performance data: every label=value after the first `|` of
/// the first line, and after the first `|` of all the lines below it.  (A usage text has a `|`
/// too, in "[-4|-6]"; what follows there is no label=value.)
fn perfdata(stdout: &str) -> String {
    static DATUM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:'[^'=|]+'|[^\s'=|]+)=(?:<T,?>|[-+]?[\d.]|U\b)\S*").expect("a valid pattern")
    });
    let (first, rest) = stdout.split_once('\n').unwrap_or((stdout, ""));
    let data: Vec<&str> = [first, rest]
        .into_iter()
        .filter_map(|text| text.split_once('|'))
        .flat_map(|(_, behind)| DATUM.find_iter(behind).map(|datum| datum.as_str()))
        .collect();
    data.join(" ")
}

/// What is wrong with the times that the program printed (as it was, in seconds) and took.
fn wrong_times(stdout: &str, took: f64, bounds: &Bounds) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some((shown, exact)) = printed_times(stdout) {
        if (shown - exact).abs() > ROUNDING {
            wrong.push(format!("times disagree: {shown:.3} and {exact:.6}"));
        }
        if exact > took + SLACK {
            wrong.push(format!("time {exact:.6} is longer than the run, {took:.3}"));
        }
        if bounds.time_min.is_some_and(|min| exact < min) {
            wrong.push(format!(
                "time {exact:.6} is below time_min, {:?}",
                bounds.time_min
            ));
        }
        if bounds.time_max.is_some_and(|max| exact > max) {
            wrong.push(format!(
                "time {exact:.6} is above time_max, {:?}",
                bounds.time_max
            ));
        }
    }
    if let Some([least, most]) = bounds.wall
        && !(least..=most).contains(&took)
    {
        wrong.push(format!("took {took:.2} s, not {least} to {most} s"));
    }
    wrong
}

/// The response time in the text and that in the performance data, when there are both.
fn printed_times(stdout: &str) -> Option<(f64, f64)> {
    static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[^\d.])(\d+\.\d{3}) sec\. response time").expect("a valid pattern")
    });
    static EXACT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"time=(\d+\.\d{6})s").expect("a valid pattern"));
    let number = |pattern: &Regex| pattern.captures(stdout)?[1].parse().ok();
    number(&SHOWN).zip(number(&EXACT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_ends_at_a_bar_or_a_line_break() {
        assert_eq!(status_line("SMTP OK - x|time=1s\nmore"), "SMTP OK - x");
        assert_eq!(status_line("SMTP OK\r\nmore|x"), "SMTP OK");
        assert_eq!(status_line(""), "");
    }

    #[test]
    fn performance_data_is_what_follows_a_bar() {
        assert_eq!(
            perfdata("a=1 OK|time=<T>s;;;0.0 'b c'=2\n"),
            "time=<T>s;;;0.0 'b c'=2"
        );
        assert_eq!(perfdata("one\ntwo|x=1\nthree y=2 =3|z=U"), "x=1 y=2 z=U");
        assert_eq!(perfdata("Usage:\n[-4|-6] [-e expect]\n"), "");
    }

    #[test]
    fn both_printed_times_must_agree_and_fit_the_run() {
        let output = "OK - 0.100 sec. response time|time=0.100400s;;;0.000000\n";
        let none = Bounds::default();
        assert!(wrong_times(output, 0.2, &none).is_empty());
        assert_eq!(wrong_times(output, 0.01, &none).len(), 1);
        assert_eq!(
            wrong_times(&output.replace("0.1004", "0.1006"), 0.2, &none).len(),
            1
        );
        assert!(wrong_times("0.100 sec. response time", 0.01, &none).is_empty());
    }

    #[test]
    fn bounds_are_kept() {
        let output = "OK - 0.100 sec. response time|time=0.100000s;;;0.000000\n";
        let bounds = |time_min, time_max, wall| Bounds {
            time_min,
            time_max,
            wall,
        };
        let wrong = |bounds| wrong_times(output, 0.2, &bounds).len();
        assert_eq!(wrong(bounds(Some(0.05), Some(0.15), Some([0.1, 0.3]))), 0);
        assert_eq!(wrong(bounds(Some(0.15), None, None)), 1);
        assert_eq!(wrong(bounds(None, Some(0.05), None)), 1);
        assert_eq!(wrong(bounds(None, None, Some([0.3, 0.4]))), 1);
    }
}
