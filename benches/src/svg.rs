//! The report as a picture: a bar for each ratio, and a mark where its target is.

use std::fmt::Write;

use crate::report::Report;

/// Sizes in pixels.
const WIDTH: f64 = 760.0;
const ROW: f64 = 18.0;
const LABELS: f64 = 290.0;
const FIGURES: f64 = 60.0;

/// The ratio at the right end; whatever is larger ends there.
const LONGEST: f64 = 1.2;

/// One bar.
struct Bar {
    label: String,
    /// In parts of what it is held against.
    ratio: f64,
    target: f64,
    is_met: bool,
    text: String,
}

/// The whole picture.
pub(crate) fn render(report: &Report) -> String {
    let bars = bars(report);
    let count = u32::try_from(bars.len()).unwrap_or(u32::MAX);
    let height = 64.0 + ROW * f64::from(count);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"18\" font-weight=\"bold\">sandcheck against its peers, in the same run</text>\n\
         <text x=\"8\" y=\"34\" fill=\"#555\">shorter is better; the black mark is the target; in parts \
         of the peer, or of the target where that is longer</text>\n"
    );
    for (at, bar) in (0u32..).zip(&bars) {
        draw(&mut svg, bar, 46.0 + ROW * f64::from(at));
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, bar: &Bar, y: f64) {
    let scale = (WIDTH - LABELS - FIGURES) / LONGEST;
    let length = scale * bar.ratio.min(LONGEST);
    let mark = LABELS + scale * bar.target.min(LONGEST);
    let colour = if bar.is_met { "#2a9d5c" } else { "#d98324" };
    let (label, text) = (escape(&bar.label), escape(&bar.text));
    let middle = y + 13.0;
    let end = LABELS + length;
    // Not across the mark.
    let is_close = (0.0..36.0).contains(&(mark - end));
    let behind = if is_close { mark } else { end } + 6.0;
    let bottom = y + ROW - 2.0;
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<text x=\"8\" y=\"{middle:.1}\">{label}</text>\n\
         <rect x=\"{LABELS}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"12\" fill=\"{colour}\"/>\n\
         <line x1=\"{mark:.1}\" x2=\"{mark:.1}\" y1=\"{y:.1}\" y2=\"{bottom:.1}\" stroke=\"#000\"/>\n\
         <text x=\"{behind:.1}\" y=\"{middle:.1}\">{text}</text>\n",
        y + 3.0
    );
}

fn bars(report: &Report) -> Vec<Bar> {
    let single = report.scenarios.iter().flat_map(|outcome| {
        outcome.comparisons.iter().map(|comparison| Bar {
            label: format!("{}: {}", outcome.scenario.name, comparison.measure.name()),
            ratio: comparison.ratio(),
            target: comparison.target,
            is_met: comparison.target_is_met(),
            text: format!("{:.2}", comparison.ratio()),
        })
    });
    let fleet = report.fleet.iter().map(|figure| {
        // Against more than itself, and without a peer: in parts of the target.
        let is_part = figure.theirs.is_some() && figure.target < 1.0;
        let whole = if is_part { 1.0 } else { figure.target };
        let (against, text) = match &figure.theirs {
            Some((peer, _)) => (format!(" / {peer}"), format!("{:.2}", figure.value())),
            None => (
                String::new(),
                format!("{:.1} {}", figure.value(), figure.unit),
            ),
        };
        Bar {
            label: format!("fleet: {}{against}", figure.name),
            ratio: figure.value() / whole,
            target: figure.target / whole,
            is_met: figure.target_is_met(),
            text,
        }
    });
    single.chain(fleet).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_ratio_and_no_longer_than_the_picture() {
        let bar = |ratio| Bar {
            label: "a < b".to_owned(),
            ratio,
            target: 0.5,
            is_met: ratio <= 0.5,
            text: String::new(),
        };
        let drawn = |ratio| {
            let mut svg = String::new();
            draw(&mut svg, &bar(ratio), 0.0);
            svg
        };
        let half = (WIDTH - LABELS - FIGURES) / LONGEST / 2.0;
        assert!(drawn(0.5).contains(&format!("width=\"{half:.1}\"")));
        assert!(drawn(0.5).contains("a &lt; b"));
        assert_eq!(drawn(5.0), drawn(LONGEST));
    }
}
