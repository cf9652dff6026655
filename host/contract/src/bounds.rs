//! Thresholds of performance data: a number, or `[@]start:end` of the plugin guidelines.

/// When a value alerts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Nothing: there is no lower end.
    pub start: Option<f64>,
    /// Nothing: there is no upper end.
    pub end: Option<f64>,
    /// It alerts inside of the range, and not outside.
    pub is_inside: bool,
}

impl Range {
    /// Reads a range; nothing when it is none. A number alone is an upper end: that it alerts below 0 too
    /// is left out, which nobody means who writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bounds = text.strip_prefix('@').unwrap_or(text);
        let (start, end) = bounds.split_once(':').unwrap_or(("~", bounds));
        let start = match start {
            "~" => None,
            start => Some(number(start)?),
        };
        let end = match end {
            "" if bounds.contains(':') => None,
            end => Some(number(end)?),
        };
        Some(Self {
            start,
            end,
            is_inside: text.starts_with('@'),
        })
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_the_guidelines() {
        for (text, start, end, is_inside) in [
            ("10", None, Some(10.0), false),
            ("10:", Some(10.0), None, false),
            ("~:10", None, Some(10.0), false),
            ("-1:10.5", Some(-1.0), Some(10.5), false),
            ("@10:20", Some(10.0), Some(20.0), true),
        ] {
            let range = Range::parse(text).unwrap();
            assert_eq!(
                (range.start, range.end, range.is_inside),
                (start, end, is_inside),
                "{text}"
            );
        }
        for text in ["", ":", "@", "x", "1:x", "nan", "inf", "1:2:3"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
