//! What a check may take: thresholds for the response time, and the time for all of it.

use std::fmt;

use sandcheck_plugin::range::Range;
use sandcheck_plugin::state::State;
use sandcheck_plugin::threshold;
use sandcheck_plugin::timeout::Timeout;

/// How long the response may take.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// At most so many seconds, as the reference has it.
    AtMost(f64),
    /// As a range says.
    Within(Range),
}

impl Limit {
    /// A number that the reference takes, or a range that is more than a number.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        if let Some(seconds) = threshold::parse(value) {
            return Some(Self::AtMost(seconds));
        }
        let is_range = value.contains([':', '@']);
        is_range.then(|| Range::parse(value).map(Self::Within))?
    }

    /// Whether so many seconds are a problem.
    #[must_use]
    pub fn alerts(&self, seconds: f64) -> bool {
        match self {
            Self::AtMost(limit) => seconds > *limit,
            Self::Within(range) => range.alerts(seconds),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "{limit:.6}"),
            Self::Within(range) => write!(f, "{range}"),
        }
    }
}

/// What `-w` and `-c` take beside a number.
pub(crate) const FORM: &str = ", or a range such as 0.1:5, ~:5 or @5:";

/// The seconds for the whole check, if they are given, and the state when they are over.
pub(crate) fn timeout(value: &str) -> Option<(Option<u32>, State)> {
    let Timeout { seconds, state } = Timeout::parse(value)?;
    Some((seconds, state.unwrap_or(State::Critical)))
}

/// What `-t` takes beside a number.
pub(crate) const TIMEOUT_FORM: &str =
    ", N:STATE or :STATE, the state being ok, warning, critical, unknown or 0 to 3";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_reference_takes_is_a_number_and_nothing_else_is() {
        for (value, shown) in [
            ("5", "5.000000"),
            ("0x10", "16.000000"),
            (" +.5", "0.500000"),
        ] {
            let limit = Limit::parse(value).unwrap();
            assert!(matches!(limit, Limit::AtMost(_)), "{value}");
            assert_eq!(limit.to_string(), shown);
        }
        for value in [
            "", "-1", "5s", "5 ", "1,5", "inf", "abc", "1:x", "5:1", "@", ":",
        ] {
            assert_eq!(Limit::parse(value), None, "{value}");
        }
    }

    #[test]
    fn ranges_are_shown_as_they_were_given() {
        for (value, fine, bad) in [("10:", 10.0, 9.9), ("~:5", -1.0, 5.1), ("@1:2", 0.5, 1.0)] {
            let limit = Limit::parse(value).unwrap();
            assert_eq!(limit.to_string(), value);
            assert!(!limit.alerts(fine) && limit.alerts(bad), "{value}");
        }
    }

    #[test]
    fn a_limit_itself_is_no_problem() {
        assert!(!Limit::AtMost(5.0).alerts(5.0));
        assert!(Limit::AtMost(0.0).alerts(f64::MIN_POSITIVE));
    }
}
