//! Names the differences between what a program did and what is right.

use crate::case::{Case, Expect, Right, Want};
use crate::observation::Observation;
use crate::pattern::Pattern;

/// Characters of a text that a message shows.
const SHOWN: usize = 2000;
/// The states of a plugin: OK, WARNING, CRITICAL and UNKNOWN.
const STATES: std::ops::RangeInclusive<i32> = 0..=3;

/// What a program is compared with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Against {
    /// What is right: `better` cases are checked by their `[case.want]`.
    Right,
    /// What the reference did, even where that is wrong.  Cases of ours do not apply to it.
    Reference,
}

/// The differences; none: the program did right.  No value: the case does not apply.
#[must_use]
pub fn judge(case: &Case, seen: &Observation, against: Against) -> Option<Vec<String>> {
    match (&case.right, against) {
        (Right::Same(expect), _) | (Right::Better { expect, .. }, Against::Reference) => {
            Some(against_expect(expect, seen))
        }
        (Right::Better { want, .. }, Against::Right) => Some(against_want(want, seen)),
        (Right::Ours(want), Against::Right) => {
            let mut differences = against_want(want, seen);
            differences.extend(problems(seen));
            Some(differences)
        }
        (Right::Ours(_), Against::Reference) => None,
    }
}

fn against_expect(expect: &Expect, seen: &Observation) -> Vec<String> {
    let mut differences = Vec::new();
    if expect.hang != seen.hang {
        differences.push(format!("hang: expected {}, got {}", expect.hang, seen.hang));
    } else if expect.exit != seen.exit {
        differences.push(format!("exit: expected {}, got {}", expect.exit, seen.exit));
    }
    for (what, expected, got) in [
        ("line", &expect.line, &seen.line),
        ("perfdata", &expect.perfdata, &seen.perfdata),
    ] {
        if expected != got {
            let (expected, got) = (shorten(expected), shorten(got));
            differences.push(format!("{what}:\n  expected {expected}\n  got      {got}"));
        }
    }
    if expect.received != seen.received {
        differences.push(format!(
            "received:{}",
            line_by_line(&expect.received, &seen.received)
        ));
    }
    differences.extend(problems(seen));
    differences
}

fn against_want(want: &Want, seen: &Observation) -> Vec<String> {
    let mut differences = hygiene(seen);
    if seen.hang {
        return differences;
    }
    if let Some(codes) = &want.exit
        && !codes.contains(&seen.exit)
    {
        differences.push(format!("exit: want one of {codes:?}, got {}", seen.exit));
    }
    differences.extend(against_patterns(want, seen));
    if let Some(received) = &want.received
        && *received != seen.received
    {
        differences.push(format!(
            "received:{}",
            line_by_line(received, &seen.received)
        ));
    }
    let took = seen.took.as_secs_f64();
    if let Some(most) = want.max_time
        && took > most
    {
        differences.push(format!("took {took:.2} s, want at most {most} s"));
    }
    differences
}

fn against_patterns(want: &Want, seen: &Observation) -> Vec<String> {
    let wire = seen.received.concat();
    let found: [(&str, &Option<Pattern>, &str); 4] = [
        ("line", &want.line, &seen.line),
        ("stdout", &want.stdout, &seen.stdout),
        ("perfdata", &want.perfdata, &seen.perfdata),
        ("wire", &want.wire, &wire),
    ];
    let not_found: [(&str, &Option<Pattern>, &str); 4] = [
        ("line_not", &want.line_not, &seen.line),
        ("stdout_not", &want.stdout_not, &seen.stdout),
        ("perfdata_not", &want.perfdata_not, &seen.perfdata),
        ("wire_not", &want.wire_not, &wire),
    ];
    let missing = found.into_iter().filter_map(|(what, pattern, text)| {
        let pattern = pattern.as_ref().filter(|pattern| !pattern.is_in(text))?;
        Some(format!("{what}: want {pattern}, got {}", shorten(text)))
    });
    let present = not_found.into_iter().filter_map(|(what, pattern, text)| {
        let pattern = pattern.as_ref().filter(|pattern| pattern.is_in(text))?;
        Some(format!(
            "{what}: want no match of {pattern}, got {}",
            shorten(text)
        ))
    });
    missing.chain(present).collect()
}

/// What holds for any decent plugin.
fn hygiene(seen: &Observation) -> Vec<String> {
    if seen.hang {
        return vec!["the program did not end by itself".to_owned()];
    }
    let mut found = Vec::new();
    if !STATES.contains(&seen.exit) {
        found.push(format!("exit {} is not a plugin state", seen.exit));
    }
    if seen.raw.is_empty() {
        found.push("nothing on stdout".to_owned());
    } else if !seen.raw.ends_with('\n') {
        found.push("stdout does not end with a newline".to_owned());
    }
    let first = seen.raw.lines().next().unwrap_or_default();
    if seen
        .raw
        .split('\n')
        .next()
        .is_some_and(|line| line.contains(is_control))
    {
        found.push(format!(
            "control characters on the first line: {}",
            shorten(first)
        ));
    }
    found
}

/// ASCII control characters but for the tabulator.
fn is_control(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

fn problems(seen: &Observation) -> impl Iterator<Item = String> {
    seen.problems
        .iter()
        .map(|problem| format!("problem: {problem}"))
}

/// Both lists, what they have in common at their beginning and end but once.
fn line_by_line(expected: &[String], got: &[String]) -> String {
    let same_head = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    let (expected_rest, got_rest) = (&expected[same_head..], &got[same_head..]);
    let same_tail = expected_rest
        .iter()
        .rev()
        .zip(got_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (expected_rest, tail) = expected_rest.split_at(expected_rest.len() - same_tail);
    let got_rest = &got_rest[..got_rest.len() - same_tail];
    let parts = [
        (' ', &expected[..same_head]),
        ('-', expected_rest),
        ('+', got_rest),
        (' ', tail),
    ];
    let shown = |(mark, lines): (char, &[String])| {
        let marked = |line: &String| format!("\n  {mark} {}", shorten(line));
        lines.iter().map(marked).collect::<Vec<_>>().concat()
    };
    parts.map(shown).concat()
}

/// The text in quotes, cut where it gets too long.
fn shorten(text: &str) -> String {
    let head: String = text.chars().take(SHOWN).collect();
    match text.chars().count() - head.chars().count() {
        0 => format!("{head:?}"),
        left => format!("{head:?}... ({left} more)"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn seen() -> Observation {
        Observation {
            exit: 0,
            hang: false,
            line: "SMTP OK - <T> sec. response time".to_owned(),
            perfdata: "time=<T>s;;;0.000000".to_owned(),
            received: vec!["HELO a\r\n".to_owned(), "QUIT\r\n".to_owned()],
            stdout: "SMTP OK - <T> sec. response time|time=<T>s;;;0.000000\n".to_owned(),
            stderr: String::new(),
            raw: "SMTP OK - 0.001 sec. response time|time=0.001000s;;;0.000000\n".to_owned(),
            problems: Vec::new(),
            took: Duration::from_millis(10),
        }
    }

    fn expect() -> Expect {
        let seen = seen();
        Expect {
            exit: seen.exit,
            hang: seen.hang,
            line: seen.line,
            perfdata: seen.perfdata,
            received: seen.received,
            stdout: String::new(),
            stderr: String::new(),
        }
    }

    fn want(text: &str) -> Want {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_was_recorded_is_right() {
        assert_eq!(against_expect(&expect(), &seen()), [""; 0]);
    }

    #[test]
    fn each_part_of_what_was_recorded_counts() {
        let wrong: [fn(&mut Observation); 6] = [
            |seen| seen.exit = 1,
            |seen| seen.hang = true,
            |seen| seen.line.push('.'),
            |seen| seen.perfdata.clear(),
            |seen| seen.received.truncate(1),
            |seen| seen.problems.push("late".to_owned()),
        ];
        for change in wrong {
            let mut seen = seen();
            change(&mut seen);
            assert_eq!(against_expect(&expect(), &seen).len(), 1);
        }
    }

    #[test]
    fn each_check_counts() {
        assert_eq!(against_want(&Want::default(), &seen()), [""; 0]);
        for (right, wrong) in [
            ("exit = [0, 1]", "exit = [1]"),
            ("line = '^SMTP OK'", "line = '^SMTP WARNING'"),
            ("line_not = 'WARNING'", "line_not = 'OK'"),
            ("stdout = 'time=.*$'", "stdout = 'x=1'"),
            ("stdout_not = 'x=1'", "stdout_not = 'OK.*time'"),
            ("perfdata = '^time='", "perfdata = 'SMTP'"),
            ("perfdata_not = 'SMTP'", "perfdata_not = 'time'"),
            ("wire = 'HELO.*QUIT'", "wire = 'EHLO'"),
            ("wire_not = 'EHLO'", "wire_not = 'HELO'"),
            (r#"received = ["HELO a\r\n", "QUIT\r\n"]"#, "received = []"),
            ("max_time = 1", "max_time = 0.001"),
        ] {
            assert_eq!(against_want(&want(right), &seen()), [""; 0], "{right}");
            assert_eq!(against_want(&want(wrong), &seen()).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn hygiene_is_always_asked_for() {
        let wrong: [fn(&mut Observation); 6] = [
            |seen| seen.exit = -6,
            |seen| seen.exit = 255,
            |seen| seen.hang = true,
            |seen| seen.raw.clear(),
            |seen| seen.raw = seen.raw.trim_end().to_owned(),
            |seen| seen.raw = "OK\u{1b}[0m\r\n".to_owned(),
        ];
        for change in wrong {
            let mut seen = seen();
            change(&mut seen);
            assert_eq!(against_want(&Want::default(), &seen).len(), 1);
        }
    }

    #[test]
    fn lists_are_shown_with_what_differs() {
        let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        assert_eq!(
            line_by_line(&list("abcd"), &list("axyd")),
            "\n    \"a\"\n  - \"b\"\n  - \"c\"\n  + \"x\"\n  + \"y\"\n    \"d\""
        );
        assert_eq!(
            line_by_line(&list("aa"), &list("a")),
            "\n    \"a\"\n  - \"a\""
        );
    }
}
