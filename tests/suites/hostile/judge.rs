//! What must hold for every attack, and what has to come of this one.

use std::time::Duration;

use regex::Regex;

use crate::attacks::Attack;
use crate::listeners::Reached;
use crate::program::{Ended, HIDDEN, OUTPUT_LIMIT};

/// What a run may take beyond its time, in seconds: starting, stopping, a machine that is busy.
const MARGIN: f64 = 1.5;

/// The longest line that Nagios reads, in bytes.
const LINE_LIMIT: usize = 8192;

/// One metric: a label without what readers stumble over, a number, a unit, thresholds, bounds.
const METRIC: &str = r"^('[^'=|]+'|[^'=| ]+)=(U|-?\d+(\.\d+)?[A-Za-z%]*)(;[-@~:.+eE\d]*){0,4}$";

/// What is wrong, a line each.
pub(crate) fn judge(
    attack: &Attack,
    ended: &Ended,
    reached: Reached,
    fill: impl Fn(&str) -> String,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, otherwise: String| {
        if !holds {
            wrong.push(otherwise);
        }
    };
    expect(
        (0..=3).contains(&ended.exit),
        format!("exit code {}", ended.exit),
    );
    if let Some(exit) = attack.exit {
        expect(
            ended.exit == exit,
            format!("exit code {}, not {exit}", ended.exit),
        );
    }
    expect(
        ended.took <= time(attack),
        format!("it took {:?}", ended.took),
    );
    let memory = ended.memory >> 20;
    expect(memory < attack.memory, format!("{memory} MiB of memory"));

    let granted = attack.reached.unwrap_or(usize::MAX);
    expect(
        reached.granted <= granted && reached.others <= attack.reached_other,
        format!("{reached:?}"),
    );
    wrong.extend(wrong_output(attack, ended, fill));
    wrong
}

/// How long an attack may take.
pub(crate) fn time(attack: &Attack) -> Duration {
    Duration::from_secs_f64(attack.within + MARGIN)
}

fn wrong_output(attack: &Attack, ended: &Ended, fill: impl Fn(&str) -> String) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let first = lines.first().copied().unwrap_or_default();
    let is_run = attack.command == "run";
    if let Some(pattern) = &attack.line {
        let pattern = fill(pattern);
        match Regex::new(&pattern) {
            Ok(regex) if regex.is_match(first) => {}
            Ok(_) => wrong.push(format!("the first line is not {pattern}")),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if attack.lines > 0 && lines.len() != attack.lines {
        wrong.push(format!("{} lines, not {}", lines.len(), attack.lines));
    }
    if is_run && (lines.is_empty() || !ended.stdout.ends_with('\n')) {
        wrong.push("there is no whole line".to_owned());
    }
    // Pages for people may be longer than what a monitoring system reads.
    if is_run && lines.iter().any(|line| line.len() > LINE_LIMIT) {
        wrong.push("a line is too long".to_owned());
    }
    // A page of help has lines of its own.
    let is_page = attack.words.iter().any(|word| word == "--help");
    let says_ok = lines.iter().any(|line| line.starts_with("OK"));
    if is_run && !is_page && ended.exit != 0 && says_ok {
        wrong.push("a line of its own says OK".to_owned());
    }
    if is_run {
        wrong.extend(wrong_metrics(&ended.stdout, attack.metrics));
    }
    for (stream, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
        wrong.extend(wrong_text(stream, text, &attack.forbidden));
    }
    wrong
}

fn wrong_text(stream: &str, text: &str, forbidden: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() as u64 > OUTPUT_LIMIT {
        wrong.push(format!("{stream} is too long"));
    }
    if let Some(c) = text.chars().find(|c| is_active(*c)) {
        wrong.push(format!(
            "{stream} has the character {:?}",
            c.escape_unicode()
        ));
    }
    for part in
        forbidden
            .iter()
            .map(String::as_str)
            .chain([HIDDEN, "panicked at", "RUST_BACKTRACE"])
    {
        if text.contains(part) {
            wrong.push(format!("{stream} has '{part}'"));
        }
    }
    wrong
}

/// What does something to a terminal, or is not seen: controls but for the line's end, marks of
/// direction, what has no width, tags, and what replaces bytes that are no UTF-8.
fn is_active(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e007f}')
}

/// At most one place where metrics begin, as many as there should be, each readable, none forged.
fn wrong_metrics(stdout: &str, expected: usize) -> Vec<String> {
    let mut parts = stdout.split('|');
    let _text = parts.next();
    let data = parts.next().unwrap_or_default();
    let data = data.lines().next().unwrap_or_default();
    let mut wrong = Vec::new();
    if parts.next().is_some() {
        wrong.push("metrics begin at more than one place".to_owned());
    }
    let metrics = split(data);
    if metrics.len() != expected {
        wrong.push(format!(
            "{} metrics, not {expected}: {metrics:?}",
            metrics.len()
        ));
    }
    let form = Regex::new(METRIC);
    for metric in metrics {
        let is_readable = form.as_ref().is_ok_and(|form| form.is_match(&metric));
        if !is_readable || metric.starts_with("forged=") {
            wrong.push(format!("the metric {metric}"));
        }
    }
    wrong
}

/// Apart at blanks that stand outside of quotes.
fn split(data: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = data.split(|c: char| {
        is_quoted ^= c == '\'';
        c == ' ' && !is_quoted
    });
    parts
        .filter(|part| !part.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// What the program did, short enough to read.
pub(crate) fn shown(ended: &Ended) -> String {
    let cut = |text: &str| text.chars().take(600).collect::<String>();
    format!(
        "exit code {}, {:?}, {} MiB, {:?}, {:?}",
        ended.exit,
        ended.took,
        ended.memory >> 20,
        cut(&ended.stdout),
        cut(&ended.stderr)
    )
}
