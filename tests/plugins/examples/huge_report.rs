//! Attacks the host and its readers with a report that is too big. The case says in what: `bytes`,
//! a hundred megabytes; `metrics`, a million; `lines`, a million; `some-lines` and `some-metrics`,
//! ten thousand and two thousand, which are fewer bytes than a call may carry; `label`; `text`.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, metric, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let mut report = unharmed();
        let count = |few, many| {
            if words.case().starts_with("some") {
                few
            } else {
                many
            }
        };
        match words.case() {
            "bytes" => report.details = vec!["x".repeat(1 << 20); 100],
            "metrics" | "some-metrics" => {
                report.metrics = (0..count(2_000, 1_000_000))
                    .map(|at| metric(&at.to_string(), 1.0))
                    .collect();
            }
            "lines" | "some-lines" => {
                report.details = vec![String::new(); count(10_000, 1_000_000)];
            }
            "label" => report.metrics = vec![metric(&"x".repeat(512 << 10), 1.0)],
            _ => report.summary = Some("x".repeat(512 << 10)),
        }
        Ok(report)
    }
}
