//! Durations of checks as pictures, in SVG.

use std::sync::Arc;

use sandcheck_runner::html::text;

use crate::checks::word;
use crate::history::Record;
use crate::process::number;

/// Of the large picture, in its own units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 14.0;

/// The ends of its scale, in powers of ten of a second.
const LEAST: f64 = -4.0;
const MOST: f64 = 1.0;

/// Of a small one.
const BARS: usize = 30;
const BAR: f64 = 5.0;
const BAR_HEIGHT: f64 = 26.0;

/// Every result as a point: when it came, how long it took (on a logarithmic scale), what it found.
pub(super) fn durations(records: &[Arc<Record>]) -> String {
    let step = (WIDTH - LEFT - 20.0) / number(records.len().max(2) - 1);
    let points: String = records
        .iter()
        .enumerate()
        .map(|(at, record)| point(record, LEFT + 10.0 + number(at) * step))
        .collect();
    let count = records.len();
    format!(
        "<svg class=\"durations\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"How long the last {count} checks took\">\n{}{points}</svg>\n",
        grid()
    )
}

fn grid() -> String {
    let lines = [
        (-4.0, "0.1 ms"),
        (-3.0, "1 ms"),
        (-2.0, "10 ms"),
        (-1.0, "0.1 s"),
        (0.0, "1 s"),
        (1.0, "10 s"),
    ];
    let line = |(power, label): &(f64, &str)| {
        let y = height_of(*power);
        format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\">{label}</text>\n",
            LEFT - 8.0,
            y + 4.0
        )
    };
    lines.iter().map(line).collect()
}

/// Results that are no success are larger, so that they show without colours too.
fn point(record: &Record, x: f64) -> String {
    let state = word(record.state);
    let y = height_of(record.time.as_secs_f64().log10());
    let radius = if state == "ok" { 4 } else { 6 };
    format!(
        "<a href=\"/result?id={}\"><circle class=\"{state}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\">\
         <title>{}</title></circle></a>\n",
        record.number,
        text(&title(record))
    )
}

fn height_of(power: f64) -> f64 {
    let part = (power.clamp(LEAST, MOST) - LEAST) / (MOST - LEAST);
    HEIGHT - BOTTOM - part * (HEIGHT - 2.0 * BOTTOM)
}

/// The last results of one target as bars; the longest one is as high as there is room.
pub(super) fn bars(records: &[&Arc<Record>]) -> String {
    let last = records
        .get(records.len().saturating_sub(BARS)..)
        .unwrap_or_default();
    let longest = last
        .iter()
        .map(|record| record.time.as_secs_f64())
        .fold(1e-6, f64::max);
    let bar = |(at, record): (usize, &&Arc<Record>)| {
        let height = (record.time.as_secs_f64() / longest * BAR_HEIGHT).max(2.0);
        format!(
            "<rect class=\"{}\" x=\"{}\" y=\"{:.1}\" width=\"{}\" height=\"{height:.1}\"><title>{}</title></rect>",
            word(record.state),
            number(at) * BAR,
            BAR_HEIGHT - height,
            BAR - 1.0,
            text(&title(record))
        )
    };
    let width = number(BARS) * BAR;
    let bars: String = last.iter().enumerate().map(bar).collect();
    format!(
        "<svg class=\"bars\" viewBox=\"0 0 {width} {BAR_HEIGHT}\" width=\"{width}\" height=\"{BAR_HEIGHT}\" \
         role=\"img\" aria-label=\"Durations of the last {} checks\">{bars}</svg>",
        last.len()
    )
}

fn title(record: &Record) -> String {
    let seconds = record.time.as_secs_f64();
    format!(
        "{} {}: {}, {seconds:.3} s",
        record.name,
        record.target,
        word(record.state)
    )
}
