//! The report as text: facts, one table, and what went wrong.

use crate::fleet::Figure;
use crate::options::shown;
use crate::report::{Comparison, Outcome, Report};
use crate::statistics::Summary;

const COLUMNS: usize = 11;

const HEADER: [&str; COLUMNS] = [
    "scenario", "measure", "unit", "ours", "p25-p75", "theirs", "p25-p75", "ratio", "native",
    "wasmtime", "target",
];

/// Columns of figures are set flush right.
const FLUSH_RIGHT: [bool; COLUMNS] = [
    false, false, false, true, false, true, false, true, true, true, false,
];

const FLEET_COLUMNS: usize = 9;

const FLEET_HEADER: [&str; FLEET_COLUMNS] = [
    "in a fleet",
    "unit",
    "ours",
    "p25-p75",
    "against",
    "theirs",
    "p25-p75",
    "ratio",
    "target",
];

const FLEET_FLUSH_RIGHT: [bool; FLEET_COLUMNS] =
    [false, false, true, true, false, true, true, true, false];

/// The whole report, with a line break at its end.
pub(crate) fn render(report: &Report) -> String {
    let mut text = facts(report);
    text.push('\n');
    text.push_str(&aligned(&rows(report), FLUSH_RIGHT));
    text.push('\n');
    text.push_str(&aligned(&fleet_rows(report), FLEET_FLUSH_RIGHT));
    text.push_str(&failures(report));
    text
}

fn facts(report: &Report) -> String {
    let machine = &report.machine;
    let [ours, theirs] = &report.versions;
    format!(
        "check_smtp, whole process: medians of {} rounds in turns, ratio = ours / theirs,\n\
         native = a client without a sandbox / theirs, wasmtime = ours under {} / theirs\n\
         machine  {} cores, {}, {}\n\
         ours     {}: {ours}\n\
         theirs   {}: {theirs}\n\
         floor    /bin/true: {}\n",
        report.rounds,
        report.runtime,
        machine.cores,
        machine.processor,
        machine.kernel,
        shown(&report.programs.ours),
        shown(&report.programs.theirs),
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
        peer(comparison.native.as_ref(), comparison),
        peer(comparison.stock.as_ref(), comparison),
        target(report, comparison),
    ]
}

/// A further peer in parts of theirs, where there is one.
fn peer(peer: Option<&Summary>, comparison: &Comparison) -> String {
    peer.map_or_else(String::new, |peer| {
        format!("{:.2}", peer.ratio_to(&comparison.theirs))
    })
}

fn fleet_rows(report: &Report) -> Vec<[String; FLEET_COLUMNS]> {
    let header = FLEET_HEADER.map(str::to_owned);
    std::iter::once(header)
        .chain(report.fleet.iter().map(fleet_row))
        .collect()
}

fn fleet_row(figure: &Figure) -> [String; FLEET_COLUMNS] {
    let (against, theirs) = figure
        .theirs
        .as_ref()
        .map_or(("", None), |(name, theirs)| (*name, Some(theirs)));
    let ratio = theirs.map(|_| format!("{:.3}", figure.value()));
    let verdict = if figure.target_is_met() {
        "met"
    } else {
        "missed"
    };
    let digits = if theirs.is_some() { 3 } else { 0 };
    [
        figure.name.to_owned(),
        figure.unit.to_owned(),
        short(figure.ours.median),
        short_spread(&figure.ours),
        against.to_owned(),
        theirs.map_or_else(String::new, |theirs| short(theirs.median)),
        theirs.map_or_else(String::new, short_spread),
        ratio.unwrap_or_default(),
        format!("<= {:.digits$} {verdict}", figure.target),
    ]
}

fn short(value: f64) -> String {
    format!("{value:.1}")
}

fn short_spread(summary: &Summary) -> String {
    format!("{}-{}", short(summary.p25), short(summary.p75))
}

fn figure(value: f64) -> String {
    format!("{value:.3}")
}

fn spread(summary: &Summary) -> String {
    format!("{}-{}", figure(summary.p25), figure(summary.p75))
}

fn target(report: &Report, comparison: &Comparison) -> String {
    let verdict = if comparison.target_is_met() {
        "met"
    } else {
        "missed"
    };
    let note = if report.is_at_floor(comparison) {
        " (at floor)"
    } else {
        ""
    };
    format!("<= {:.2} {verdict}{note}", comparison.target)
}

fn aligned<const N: usize>(rows: &[[String; N]], flush_right: [bool; N]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    rows.iter()
        .map(|row| line(row, &widths, flush_right))
        .collect()
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N], flush_right: [bool; N]) -> String {
    let cells: Vec<String> = row
        .iter()
        .zip(widths)
        .zip(flush_right)
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
        .chain(fleet_failures(report))
        .collect()
}

fn fleet_failures(report: &Report) -> impl Iterator<Item = String> {
    let failures = report.fleet_failures.iter();
    failures.map(|failure| format!("FAILED {failure}\n"))
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
        let comparison = |measure, native: Option<Summary>, target| Comparison {
            measure,
            ours: summary(2.0),
            theirs: summary(4.0),
            stock: native.as_ref().map(|_| summary(5.0)),
            native,
            target,
        };
        let path = |name: &str| name.into();
        Report {
            machine: Machine {
                cores: 2,
                kernel: "Linux 6".into(),
                processor: "CPU".into(),
            },
            programs: Programs {
                ours: path("a"),
                theirs: path("b"),
                native: path("c"),
                server: path("d"),
                crowd: path("e"),
                sandcheck: path("f"),
                component: path("g"),
                cache: path("h"),
                stock: None,
            },
            versions: ["A 1".into(), "B 2".into()],
            runtime: "wasmtime 1".into(),
            rounds: 9,
            floor: vec![
                (Measure::Wall, summary(1.0)),
                (Measure::Memory, summary(2.0)),
            ],
            scenarios: vec![
                Outcome {
                    scenario: &SCENARIOS[0],
                    rounds: 9,
                    comparisons: vec![
                        comparison(Measure::Wall, Some(summary(3.0)), 0.4),
                        comparison(Measure::Memory, None, 1.0),
                    ],
                    failures: Vec::new(),
                },
                Outcome {
                    scenario: &SCENARIOS[1],
                    rounds: 0,
                    comparisons: Vec::new(),
                    failures: ["x", "x", "y"].map(str::to_owned).to_vec(),
                },
            ],
            fleet: vec![
                Figure {
                    name: "plain check",
                    unit: "us CPU",
                    ours: summary(90.0),
                    theirs: Some(("native", summary(60.0))),
                    target: 1.25,
                },
                Figure {
                    name: "instance",
                    unit: "us",
                    ours: summary(12.0),
                    theirs: None,
                    target: 13.0,
                },
            ],
            fleet_failures: vec!["crowd: z".to_owned()],
        }
    }

    const RENDERED: &str = "\
check_smtp, whole process: medians of 9 rounds in turns, ratio = ours / theirs,
native = a client without a sandbox / theirs, wasmtime = ours under wasmtime 1 / theirs
machine  2 cores, CPU, Linux 6
ours     a: A 1
theirs   b: B 2
floor    /bin/true: wall 1.000 ms, memory 2.000 MiB

scenario      measure  unit   ours  p25-p75      theirs  p25-p75      ratio  native  wasmtime  target
plain         wall     ms    2.000  1.500-3.000   4.000  3.500-5.000   0.50    0.75      1.25  <= 0.40 missed
              memory   MiB   2.000  1.500-3.000   4.000  3.500-5.000   0.50                    <= 1.00 met (at floor)
-S, RSA-2048  failed

in a fleet   unit    ours    p25-p75  against  theirs    p25-p75  ratio  target
plain check  us CPU  90.0  89.5-91.0  native     60.0  59.5-61.0  1.500  <= 1.250 missed
instance     us      12.0  11.5-13.0                                     <= 13 met
FAILED -S, RSA-2048: x (2 times)
FAILED -S, RSA-2048: y
FAILED crowd: z
";

    #[test]
    fn columns_line_up_and_failures_follow() {
        assert_eq!(render(&report()), RENDERED);
    }
}
