//! The report as JSON. Keys of figures end in their unit; a figure is its median and quartiles.

use serde_json::{Map, Value, json};

use crate::fleet::Figure;
use crate::options::shown;
use crate::report::{Comparison, Measure, Outcome, Report};
use crate::statistics::Summary;

/// The whole report, with a line break at its end.
pub(crate) fn render(report: &Report) -> String {
    let [ours, theirs] = &report.versions;
    let value = json!({
        "machine": {
            "cores": report.machine.cores,
            "kernel": report.machine.kernel,
            "processor": report.machine.processor,
        },
        "ours": { "path": shown(&report.programs.ours), "version": ours },
        "theirs": { "path": shown(&report.programs.theirs), "version": theirs },
        "wasmtime": report.runtime,
        "rounds": report.rounds,
        "floor": floor(report),
        "scenarios":
            report.scenarios.iter().map(|outcome| scenario(report, outcome)).collect::<Value>(),
        "fleet": report.fleet.iter().map(figure).collect::<Value>(),
        "fleet_failures": report.fleet_failures,
    });
    format!("{value:#}\n")
}

fn floor(report: &Report) -> Value {
    let figures = report
        .floor
        .iter()
        .map(|(measure, figures)| (key(*measure), summary(figures)));
    figures.collect::<Map<_, _>>().into()
}

fn scenario(report: &Report, outcome: &Outcome) -> Value {
    let measures = outcome
        .comparisons
        .iter()
        .map(|figures| (key(figures.measure), comparison(report, figures)));
    json!({
        "name": outcome.scenario.name,
        "rounds": outcome.rounds,
        "measures": measures.collect::<Map<_, _>>(),
        "failures": outcome.failures,
    })
}

fn comparison(report: &Report, comparison: &Comparison) -> Value {
    json!({
        "ours": summary(&comparison.ours),
        "theirs": summary(&comparison.theirs),
        "native": comparison.native.as_ref().map(summary),
        "wasmtime_run": comparison.stock.as_ref().map(summary),
        "ratio": comparison.ratio(),
        "target": comparison.target,
        "met": comparison.target_is_met(),
        "at_floor": report.is_at_floor(comparison),
    })
}

fn figure(figure: &Figure) -> Value {
    let peer = figure.theirs.as_ref();
    json!({
        "name": figure.name,
        "unit": figure.unit,
        "ours": summary(&figure.ours),
        "against": peer.map(|(name, _)| name),
        "theirs": peer.map(|(_, theirs)| summary(theirs)),
        "value": figure.value(),
        "target": figure.target,
        "met": figure.target_is_met(),
    })
}

fn summary(summary: &Summary) -> Value {
    json!({ "p25": summary.p25, "median": summary.median, "p75": summary.p75 })
}

fn key(measure: Measure) -> String {
    format!("{}_{}", measure.name(), measure.unit()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_in_the_unit() {
        let keys = [Measure::Wall, Measure::Processor, Measure::Memory].map(key);
        assert_eq!(keys, ["wall_ms", "cpu_ms", "memory_mib"]);
    }
}
