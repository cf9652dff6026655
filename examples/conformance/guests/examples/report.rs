//! Makes the report that `--case` names: plain ones, and such as would forge something where a host
//! showed them as they are.

use sandcheck_hostile::{Kind, Manifest, manifest, option};
use sandcheck_hostile::{Metric, Misuse, Plugin, Report, State, Words, metric, plugin, report};

struct Reports;

plugin!(Reports);

impl Plugin for Reports {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        manifest.options.push(option("output", None, Kind::Output));
        manifest
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        match words.case() {
            "misuse" => Err(misuse("Nothing to do", None)),
            "misuse-with-hint" => Err(misuse("Nothing to do", Some("--case: '' names no case"))),
            "misuse-forged" => Err(misuse(
                "no\nOK - forged|forged=1",
                Some("\u{1b}[2J\r\nOK - forged"),
            )),
            case => Ok(made(case)),
        }
    }
}

fn misuse(message: &str, hint: Option<&str>) -> Misuse {
    Misuse {
        message: message.to_owned(),
        hint: hint.map(ToOwned::to_owned),
    }
}

fn made(case: &str) -> Report {
    match case {
        "ok" => report(State::Ok, "OK - all is well"),
        "warning" => report(State::Warning, "WARNING - not quite"),
        "critical" => report(State::Critical, "CRITICAL - down"),
        "unknown" => report(State::Unknown, "UNKNOWN - who knows"),
        "order" => in_order(),
        "findings-only" => findings_only(),
        "empty" => empty(State::Critical),
        "blank" => blank(),
        "lines" => line_ends(),
        "controls" => report(State::Ok, "a\0b\u{7}c\u{1b}[31md\u{7f}e"),
        "invisible" => report(
            State::Ok,
            "a\u{85}b\u{ad}c\u{200b}d\u{202e}e\u{2028}f\u{feff}g\u{e0041}h",
        ),
        "unicode" => report(State::Ok, "ü € 漢 \u{1f600}"),
        "long" => report(State::Ok, &"x".repeat(10_000)),
        "long-unicode" => report(State::Ok, &"ü".repeat(5_000)),
        "longest" => report(State::Ok, &"x".repeat(7936)),
        "forged" => forged(),
        "numbers" => with_metrics(numbers()),
        "names" => with_metrics(names()),
        "expiry" => expiry(),
        "no-numbers" => with_metrics(no_numbers()),
        "labels" => with_metrics(labels()),
        "units" => with_metrics(units()),
        "thresholds" => with_metrics(thresholds()),
        _ => with_metrics(whole()),
    }
}

fn empty(state: State) -> Report {
    Report {
        summary: None,
        ..report(state, "")
    }
}

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn in_order() -> Report {
    Report {
        transcript: lines(&["said", "heard"]),
        findings: lines(&["found"]),
        metrics: vec![metric("time", 0.25)],
        details: lines(&["more", "and more"]),
        ..report(State::Warning, "summary")
    }
}

fn findings_only() -> Report {
    Report {
        findings: lines(&["first", "second"]),
        metrics: vec![metric("time", 0.25)],
        details: lines(&["more"]),
        ..empty(State::Critical)
    }
}

/// A blank summary is none, unless there is something before it.
fn blank() -> Report {
    Report {
        details: lines(&["", "more"]),
        metrics: vec![metric("time", 1.0)],
        ..report(State::Warning, " \u{a0}\t")
    }
}

fn line_ends() -> Report {
    Report {
        findings: lines(&["a\r\nb\nc\rd\te", "f\r\n\r\n", "g\n\rh"]),
        ..report(State::Ok, "i\n")
    }
}

fn forged() -> Report {
    Report {
        transcript: lines(&["said\nOK - forged"]),
        findings: lines(&["found|forged=1", "\u{9b}2J\u{2029}OK - forged"]),
        metrics: vec![metric("a b=1 'c' \"d\"|e\nf", 1.0)],
        details: lines(&["more\r\nOK - forged|forged=1"]),
        ..report(State::Critical, "CRITICAL\nOK - forged|forged=1;2;3")
    }
}

fn with_metrics(metrics: Vec<Metric>) -> Report {
    Report {
        metrics,
        ..report(State::Ok, "METRICS")
    }
}

fn precise(value: f64, precision: u8) -> Metric {
    Metric {
        precision,
        ..metric("n", value)
    }
}

/// Rounding is half to even, of the number as it is and not as it is written.
fn numbers() -> Vec<Metric> {
    [
        (0.5, 0),
        (1.5, 0),
        (2.5, 0),
        (0.125, 2),
        (0.375, 2),
        (0.1, 9),
        (2.675, 2),
        (-0.0, 1),
        (-0.04, 1),
        (1e21, 0),
        (123_456_789_012_345_680.0, 2),
        (5e-324, 9),
        (1.0, 200),
    ]
    .map(|(value, precision)| precise(value, precision))
    .to_vec()
}

/// What names and units mean to readers of metrics.
fn names() -> Vec<Metric> {
    [
        ("time", "ms"),
        ("time_seconds", "s"),
        ("used", "%"),
        ("size", "KiB"),
        ("mails_total", "c"),
        ("Mails", "c"),
        ("x_bucket", ""),
        ("users", "Logins"),
        ("tiny", "ns"),
        ("certificate_days", ""),
        ("days", ""),
    ]
    .map(|(name, unit)| Metric {
        unit: unit.to_owned(),
        ..metric(name, 0.5)
    })
    .to_vec()
}

/// Of several certificates the one that ends first counts; what only looks like a date says nothing.
fn expiry() -> Report {
    Report {
        findings: lines(&[
            "OK - Certificate 'a' will expire on Sun Dec 13 03:03:26 2026 +0000.",
            "WARNING - Certificate 'b' expires in 20 day(s) (Sun Dec  6 03:03:26 2026 +0000).",
            "OK - Certificate 'c' will expire on Mon Dec  6 03:03:26 2020 +0000.",
            "554 Certificate 'd' will expire on Thu Jan  1 00:00:10 1970 +0000.",
        ]),
        ..report(State::Warning, "WARNING")
    }
}

fn no_numbers() -> Vec<Metric> {
    let mut bounds = metric("b", 1.0);
    bounds.min = Some(f64::NAN);
    bounds.max = Some(f64::INFINITY);
    let mut unit = metric("u", f64::NEG_INFINITY);
    "s".clone_into(&mut unit.unit);
    unit.min = Some(0.0);
    vec![
        metric("a", f64::NAN),
        metric("i", f64::INFINITY),
        unit,
        bounds,
    ]
}

fn labels() -> Vec<Metric> {
    let names = [
        "/var/log",
        "a-b_c.d",
        "two words",
        "",
        "ü",
        "a'b\"c=d",
        "e|f\ng",
    ];
    names.map(|name| metric(name, 1.0)).to_vec()
}

fn units() -> Vec<Metric> {
    let of = |unit: &str| Metric {
        unit: unit.to_owned(),
        ..metric("u", 1.0)
    };
    ["s", "%", "MB", "s x|=1;2\u{1b}", "abcdefghij", "µs"]
        .map(of)
        .to_vec()
}

fn thresholds() -> Vec<Metric> {
    let of = |warning: &str| Metric {
        warning: Some(warning.to_owned()),
        ..metric("t", 1.0)
    };
    let long = "1".repeat(65);
    let texts = [
        "5", "-1.5e3", "10:", "~:5", "@1:2", ".5:1.", "", "@", "-", "@@1", ":", ":5", "1:~",
        "1:2:3", "inf", "nan", "1e999", "0x10", "1_000", " 5", "5 x=1", "٣", &long,
    ];
    texts.map(of).to_vec()
}

/// All that a metric can have.
fn whole() -> Vec<Metric> {
    let first = Metric {
        unit: "s".to_owned(),
        precision: 6,
        warning: Some("5.000000".to_owned()),
        critical: Some("10".to_owned()),
        min: Some(0.0),
        max: Some(60.0),
        ..metric("time", 0.25)
    };
    let second = Metric {
        unit: "B".to_owned(),
        precision: 0,
        min: Some(0.0),
        ..metric("size", 1234.0)
    };
    vec![first, second]
}
