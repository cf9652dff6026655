//! How long a check may take so that its scrape is in time.

use std::fmt;
use std::time::Duration;

/// The longest that counts, in seconds.
const LONGEST: f64 = 86_400.0;

/// Why there is no time for a check.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeoutError {
    /// The header holds something else.
    NoNumber(String),
    /// Nothing is left of it without the offset.
    TooShort {
        /// What the header says, in seconds.
        given: f64,
        /// What is to be left over, in seconds.
        offset: f64,
    },
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber(text) => {
                write!(
                    f,
                    "the scrape timeout '{text}' is no number of seconds above 0"
                )
            }
            Self::TooShort { given, offset } => write!(
                f,
                "the scrape timeout of {given} s leaves no time for a check: {offset} s of it are kept \
                 back; scrape_timeout has to be longer, or --timeout-offset shorter"
            ),
        }
    }
}

impl std::error::Error for TimeoutError {}

/// The time that `X-Prometheus-Scrape-Timeout-Seconds` leaves for a check.
pub fn budget(header: &str, offset: Duration) -> Result<Duration, TimeoutError> {
    let given: Option<f64> = header.parse().ok();
    let given = given.filter(|seconds| *seconds > 0.0 && seconds.is_finite());
    let Some(given) = given else {
        let shown = header.chars().take(64).collect();
        return Err(TimeoutError::NoNumber(shown));
    };
    let left = given.min(LONGEST) - offset.as_secs_f64();
    if left <= 0.0 {
        let offset = offset.as_secs_f64();
        return Err(TimeoutError::TooShort { given, offset });
    }
    Ok(Duration::from_secs_f64(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_kept_back() {
        let budget = |text| budget(text, Duration::from_millis(500));
        assert_eq!(budget("10"), Ok(Duration::from_millis(9500)));
        assert_eq!(budget("0.75"), Ok(Duration::from_millis(250)));
        assert_eq!(budget("1e300").unwrap(), Duration::from_millis(86_399_500));
        for text in ["", "x", "0", "-1", "NaN", "inf", "1 "] {
            let error = budget(text).unwrap_err().to_string();
            assert!(error.contains("is no number of seconds"), "{text}: {error}");
        }
        let error = budget("0.5").unwrap_err().to_string();
        assert!(error.contains("0.5 s leaves no time"), "{error}");
    }
}
