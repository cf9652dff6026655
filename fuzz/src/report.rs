//! Reports that any component could make.

use arbitrary::Arbitrary;
use sandcheck::types::{Metric, Report, State};

/// A report.
#[derive(Arbitrary, Debug)]
pub struct AnyReport {
    state: u8,
    transcript: Vec<String>,
    findings: Vec<String>,
    summary: Option<String>,
    metrics: Vec<AnyMetric>,
    details: Vec<String>,
}

#[derive(Arbitrary, Debug)]
struct AnyMetric {
    name: String,
    value: f64,
    unit: String,
    precision: u8,
    warning: Option<String>,
    critical: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
}

impl From<AnyReport> for Report {
    fn from(report: AnyReport) -> Self {
        Self {
            state: [State::Ok, State::Warning, State::Critical, State::Unknown]
                [usize::from(report.state % 4)],
            transcript: report.transcript,
            findings: report.findings,
            summary: report.summary,
            metrics: report.metrics.into_iter().map(Metric::from).collect(),
            details: report.details,
        }
    }
}

impl From<AnyMetric> for Metric {
    fn from(metric: AnyMetric) -> Self {
        Self {
            name: metric.name,
            value: metric.value,
            unit: metric.unit,
            precision: metric.precision,
            warning: metric.warning,
            critical: metric.critical,
            min: metric.min,
            max: metric.max,
        }
    }
}
