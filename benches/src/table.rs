//! The report as text: facts, one table, and what went wrong.

use crate::report::{Comparison, Outcome, Report};
use crate::statistics::Summary;

const COLUMNS: usize = 9;

const HEADER: [&str; COLUMNS] = [
    "scenario", "measure", "unit", "ours", "p25-p75", "theirs", "p25-p75", "ratio", "target",
];

/// Columns of figures are set flush right.
const FLUSH_RIGHT: [bool; COLUMNS] = [false, false, false, true, false, true, false, true, false];

/// The whole report, with a line break at its end.
pub(crate) fn render(report: &Report) -> String {
    let mut text = facts(report);
    text.push('\n');
    text.push_str(&aligned(&rows(report)));
    text.push_str(&failures(report));
    text
}

fn facts(report: &Report) -> String {
    let machine = &report.machine;
    let [ours, theirs] = &report.versions;
    format!(
        "check_smtp, whole process: medians of {} pairs in turns, ratio = ours / theirs\n\
         machine  {} cores, {}, {}\n\
         ours     {}: {ours}\n\
         theirs   {}: {theirs}\n\
         floor    /bin/true: {}\n",
        report.pairs,
        machine.cores,
        machine.processor,
        machine.kernel,
        report.programs.ours.display(),
        report.programs.theirs.display(),
        floor(report),
    )
}

fn floor(report: &Report) -> String {
    let figures: Vec<String> = report
        .floor
        .iter()
        .map(|(measure, summary)| {
            format!(
                "{} {} {}",
                measure.name(),
                figure(summary.median),
                measure.unit()
            )
        })
        .collect();
    figures.join(", ")
}

fn rows(report: &Report) -> Vec<[String; COLUMNS]> {
    let header = HEADER.map(str::to_owned);
    let scenarios = report
        .scenarios
        .iter()
        .flat_map(|outcome| scenario_rows(report, outcome));
    std::iter::once(header).chain(scenarios).collect()
}

fn scenario_rows(report: &Report, outcome: &Outcome) -> Vec<[String; COLUMNS]> {
    if outcome.comparisons.is_empty() {
        return vec![without_figures(outcome)];
    }
    let names = std::iter::once(outcome.scenario.name).chain(std::iter::repeat(""));
    let comparisons = outcome.comparisons.iter();
    names
        .zip(comparisons)
        .map(|(name, comparison)| row(report, name, comparison))
        .collect()
}

fn without_figures(outcome: &Outcome) -> [String; COLUMNS] {
    let mut row = [const { String::new() }; COLUMNS];
    outcome.scenario.name.clone_into(&mut row[0]);
    "failed".clone_into(&mut row[1]);
    row
}

fn row(report: &Report, name: &str, comparison: &Comparison) -> [String; COLUMNS] {
    [
        name.to_owned(),
        comparison.measure.name().to_owned(),
        comparison.measure.unit().to_owned(),
        figure(comparison.ours.median),
        spread(&comparison.ours),
        figure(comparison.theirs.median),
        spread(&comparison.theirs),
        format!("{:.2}", comparison.ratio()),
        target(report, comparison),
    ]
}

fn figure(value: f64) -> String {
    format!("{value:.3}")
}

fn spread(summary: &Summary) -> String {
    format!("{}-{}", figure(summary.p25), figure(summary.p75))
}

fn target(report: &Report, comparison: &Comparison) -> String {
    let verdict = match (comparison.target, comparison.target_is_met()) {
        (Some(target), Some(true)) => format!("<= {target:.2} met"),
        (Some(target), _) => format!("<= {target:.2} missed"),
        (None, _) => "-".to_owned(),
    };
    let note = if report.is_at_floor(comparison) {
        " (at floor)"
    } else {
        ""
    };
    verdict + note
}

fn aligned(rows: &[[String; COLUMNS]]) -> String {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let cells: Vec<String> = row
        .iter()
        .zip(widths)
        .zip(FLUSH_RIGHT)
        .map(|((text, width), right)| {
            if right {
                format!("{text:>width$}")
            } else {
                format!("{text:<width$}")
            }
        })
        .collect();
    format!("{}\n", cells.join("  ").trim_end())
}

fn failures(report: &Report) -> String {
    report
        .scenarios
        .iter()
        .flat_map(scenario_failures)
        .collect()
}

/// One line for each failure; one that repeats itself is counted instead.
fn scenario_failures(outcome: &Outcome) -> impl Iterator<Item = String> {
    let name = outcome.scenario.name;
    outcome
        .failures
        .chunk_by(PartialEq::eq)
        .map(move |same| match same {
            [failure] => format!("FAILED {name}: {failure}\n"),
            _ => format!("FAILED {name}: {} ({} times)\n", same[0], same.len()),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::options::Programs;
    use crate::report::Measure;
    use crate::scenario::SCENARIOS;

    fn summary(median: f64) -> Summary {
        Summary {
            p25: median - 0.5,
            median,
            p75: median + 1.0,
        }
    }

    fn report() -> Report {
        let comparison = |measure, target| Comparison {
            measure,
            ours: summary(2.0),
            theirs: summary(4.0),
            target,
        };
        Report {
            machine: Machine {
                cores: 2,
                kernel: "Linux 6".into(),
                processor: "CPU".into(),
            },
            programs: Programs {
                ours: "a".into(),
                theirs: "b".into(),
                server: "c".into(),
            },
            versions: ["A 1".into(), "B 2".into()],
            pairs: 9,
            floor: vec![
                (Measure::Wall, summary(1.0)),
                (Measure::Memory, summary(2.0)),
            ],
            scenarios: vec![
                Outcome {
                    scenario: &SCENARIOS[0],
                    pairs: 9,
                    comparisons: vec![
                        comparison(Measure::Wall, Some(0.4)),
                        comparison(Measure::Memory, Some(1.0)),
                        comparison(Measure::Processor, None),
                    ],
                    failures: Vec::new(),
                },
                Outcome {
                    scenario: &SCENARIOS[1],
                    pairs: 0,
                    comparisons: Vec::new(),
                    failures: ["x", "x", "y"].map(str::to_owned).to_vec(),
                },
            ],
        }
    }

    const RENDERED: &str = "\
check_smtp, whole process: medians of 9 pairs in turns, ratio = ours / theirs
machine  2 cores, CPU, Linux 6
ours     a: A 1
theirs   b: B 2
floor    /bin/true: wall 1.000 ms, memory 2.000 MiB

scenario      measure  unit   ours  p25-p75      theirs  p25-p75      ratio  target
plain         wall     ms    2.000  1.500-3.000   4.000  3.500-5.000   0.50  <= 0.40 missed
              memory   MiB   2.000  1.500-3.000   4.000  3.500-5.000   0.50  <= 1.00 met (at floor)
              CPU      ms    2.000  1.500-3.000   4.000  3.500-5.000   0.50  -
-S, RSA-2048  failed
FAILED -S, RSA-2048: x (2 times)
FAILED -S, RSA-2048: y
";

    #[test]
    fn columns_line_up_and_failures_follow() {
        assert_eq!(render(&report()), RENDERED);
    }
}
