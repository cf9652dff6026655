//! Threshold ranges, in the notation of monitoring plugins.

use std::fmt;

/// A range of values that are no problem, or with `@` of those that are.
///
/// | written | alerts when the value is |
/// |---|---|
/// | `10`, `:10` | below 0 or above 10 |
/// | `10:` | below 10 |
/// | `~:10` | above 10 |
/// | `10:20` | below 10 or above 20 |
/// | `@10:20` | 10 to 20 |
///
/// Its `Display` is what was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    start: f64,
    end: f64,
    inside: bool,
    written: String,
}

impl Range {
    /// Reads a range; none when it is not one, or when its end is before its start.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (bounds, inside) = match text.strip_prefix('@') {
            Some(bounds) => (bounds, true),
            None => (text, false),
        };
        let (start, end) = match bounds.split_once(':') {
            Some(("~", end)) => (f64::NEG_INFINITY, end),
            Some(("", end)) if !end.is_empty() => (0.0, end),
            Some((start, end)) => (number(start)?, end),
            None => (0.0, bounds),
        };
        let end = match end {
            "" if bounds.contains(':') => f64::INFINITY,
            end => number(end)?,
        };
        (start <= end).then(|| Self {
            start,
            end,
            inside,
            written: text.to_owned(),
        })
    }

    /// Whether a value is a problem.
    #[must_use]
    pub fn alerts(&self, value: f64) -> bool {
        (self.start..=self.end).contains(&value) == self.inside
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A decimal number; no word such as `inf`.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn each_form_alerts_where_it_should() {
        for (text, fine, bad) in [
            ("10", &[0.0, 10.0][..], &[-0.1, 10.1][..]),
            ("10:", &[10.0, 1e9], &[9.9]),
            (":10", &[0.0], &[11.0]),
            ("~:10", &[-1e9, 10.0], &[10.1]),
            ("-5:+5.5", &[-5.0, 5.5], &[-5.1, 5.6]),
            ("@10:20", &[9.9, 20.1], &[10.0, 20.0]),
        ] {
            let range = Range::parse(text).unwrap();
            assert!(!fine.iter().any(|value| range.alerts(*value)), "{text}");
            assert!(bad.iter().all(|value| range.alerts(*value)), "{text}");
            assert_eq!(range.to_string(), text);
        }
    }

    #[test]
    fn no_number_is_fine_only_outside_of_what_is_bad() {
        assert!(Range::parse("10").unwrap().alerts(f64::NAN));
    }

    #[test]
    fn what_is_no_range() {
        for text in [
            "", "@", ":", "@:", "x", "5s", "20:10", "1:2:3", "inf", "~", "1:nan", "--5:",
        ] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
