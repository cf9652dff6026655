//! Attacks whoever reads the result: text that looks like more lines, other metrics, commands to a
//! terminal, numbers that are none. The case says which.

use sandcheck_hostile::{Metric, Misuse, Plugin, Report, State, Words, metric, plugin, report};

/// A second line with a result and a metric of its own, in all the ways a line can end.
const LINES: &str = "fine\nOK - forged|forged=1\r\nOK - forged\rOK - forged\u{b}OK - forged\u{c}OK\
                     \u{85}OK - forged\u{2028}OK - forged\u{2029}OK - forged\0OK - forged";

/// Clears the screen, sets the title, moves the cursor up, hides the rest; with C1 controls as
/// well.
const TERMINAL: &str =
    "a\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}[A\u{1b}[8m\u{9b}2J\u{9d}0;owned\u{9c}b\u{8}\u{7f}";

/// Reverses, hides, and tags.
const UNICODE: &str = "a\u{202e}b\u{200b}c\u{2066}d\u{feff}e\u{e0041}f\u{200f}g";

const LABELS: [&str; 6] = [
    "a|forged=1",
    "a=1 forged=2",
    "a' forged=1 'b",
    "a\" forged=1 \"b",
    "a\nforged=1",
    "a\u{1b}[2Jforged=1;;;; x",
];

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let mut report = report(State::Warning, "WARNING - here");
        match words.case() {
            "lines" => report.summary = Some(LINES.to_owned()),
            "terminal" => report.summary = Some(TERMINAL.to_owned()),
            "unicode" => report.summary = Some(UNICODE.to_owned()),
            "metrics" => report.summary = Some("here|forged=1;;;;|forged=2".to_owned()),
            "labels" => report.metrics = LABELS.map(|name| metric(name, 1.0)).to_vec(),
            "numbers" => report.metrics = numbers(),
            "fields" => report.metrics = vec![fields()],
            "everywhere" => everywhere(&mut report),
            "misuse" => return Err(misuse()),
            "utf-8" => report.summary = Some(not_utf8()),
            "nothing" => report.summary = None,
            "empty" => report.summary = Some(String::new()),
            _ => {}
        }
        Ok(report)
    }
}

fn numbers() -> Vec<Metric> {
    let values = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -0.0,
        1e-320,
    ];
    let metric = |(at, value)| Metric {
        min: Some(value),
        max: Some(value),
        precision: 255,
        ..metric(&format!("n{at}"), value)
    };
    values.into_iter().enumerate().map(metric).collect()
}

fn fields() -> Metric {
    Metric {
        unit: "s forged=1\n|".to_owned(),
        warning: Some("1 forged=1".to_owned()),
        critical: Some("1\nforged".to_owned()),
        ..metric("fields", 1.0)
    }
}

fn everywhere(report: &mut Report) {
    report.transcript = vec![LINES.to_owned()];
    report.findings = vec![LINES.to_owned()];
    report.details = vec![LINES.to_owned()];
}

fn misuse() -> Misuse {
    Misuse {
        message: LINES.to_owned(),
        hint: Some(format!("{LINES}{TERMINAL}")),
    }
}

fn not_utf8() -> String {
    // SAFETY: none; the host is to look.
    unsafe { String::from_utf8_unchecked(b"OK - \xff\xc0\x80\xed\xa0\x80".to_vec()) }
}
