//! What a check found out.

use crate::state::State;

/// What a check found; the contract's `report`. All text is data: the host escapes it, cuts it and
/// writes the performance data.
///
/// ```
/// use sandcheck_plugin::report::{Metric, Report};
/// use sandcheck_plugin::state::State;
///
/// let report = Report::new(State::Ok, "QUEUE OK - 3 mails wait")
///     .metric(Metric::new("mails", 3.0).at_least(0.0))
///     .detail("the oldest one for 12 seconds");
/// assert_eq!(report.metrics.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the contract documents each field")]
pub struct Report {
    pub state: State,
    pub transcript: Vec<String>,
    pub findings: Vec<String>,
    pub summary: Option<String>,
    pub metrics: Vec<Metric>,
    pub details: Vec<String>,
}

impl Report {
    /// A report of one line, which begins as the plugin likes: `SMTP OK - ...`.
    #[must_use]
    pub fn new(state: State, summary: impl Into<String>) -> Self {
        Self {
            state,
            summary: Some(summary.into()),
            ..Self::default()
        }
    }

    /// Adds a measured value.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// Adds a line before the summary.
    #[must_use]
    pub fn finding(mut self, line: impl Into<String>) -> Self {
        self.findings.push(line.into());
        self
    }

    /// Adds a line behind the summary, for people who want to know more.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// Sets what was said and done, line by line. It must not hold a secret.
    #[must_use]
    pub fn transcript(mut self, lines: Vec<String>) -> Self {
        self.transcript = lines;
        self
    }
}

/// A measured value; the contract's `metric`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the contract documents each field")]
pub struct Metric {
    pub name: String,
    pub value: f64,
    pub unit: String,
    pub precision: u8,
    pub warning: Option<String>,
    pub critical: Option<String>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Metric {
    /// A whole number without a unit.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
            unit: String::new(),
            precision: 0,
            warning: None,
            critical: None,
            min: None,
            max: None,
        }
    }

    /// A time span in seconds, good for microseconds.
    #[must_use]
    pub fn seconds(name: impl Into<String>, value: f64) -> Self {
        Self {
            unit: "s".to_owned(),
            precision: 6,
            ..Self::new(name, value)
        }
        .at_least(0.0)
    }

    /// Sets the unit, such as `B` or `%`, and the digits behind the decimal point, 0 to 9.
    #[must_use]
    pub fn unit(mut self, unit: &str, precision: u8) -> Self {
        unit.clone_into(&mut self.unit);
        self.precision = precision;
        self
    }

    /// Shows the thresholds: numbers, or ranges `[@]start:end`.
    #[must_use]
    pub fn thresholds(mut self, warning: Option<String>, critical: Option<String>) -> Self {
        self.warning = warning;
        self.critical = critical;
        self
    }

    /// The smallest value that there can be.
    #[must_use]
    pub fn at_least(mut self, min: f64) -> Self {
        self.min = Some(min);
        self
    }

    /// The largest value that there can be.
    #[must_use]
    pub fn at_most(mut self, max: f64) -> Self {
        self.max = Some(max);
        self
    }
}
