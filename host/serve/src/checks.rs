//! Runs checks: so many at a time, each counted, in fresh instances of plugins that are loaded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sandcheck::cli::{Request, Unreported};
use sandcheck::types::{Argument, Report, State};
use sandcheck::{Rules, RunError};
use sandcheck_runner::plugins::Ready;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::Metrics;

/// What all checks share.
pub(crate) struct Checks {
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// What came of a check.
pub(crate) struct Done {
    pub(crate) result: Result<Report, Unreported>,
    pub(crate) time: Duration,
}

/// A check that may be run: there is room for it.
pub(crate) struct Place<'a> {
    metrics: &'a Metrics,
    _permit: OwnedSemaphorePermit,
}

impl Checks {
    pub(crate) fn new(concurrency: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(concurrency)),
            metrics,
        }
    }

    /// Nothing where as many checks run as may.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        let Ok(permit) = permit else {
            self.metrics.count_overload();
            return None;
        };
        self.metrics.began();
        Some(Place {
            metrics: &self.metrics,
            _permit: permit,
        })
    }
}

impl Place<'_> {
    /// Runs the check, for so long at most.
    pub(crate) async fn run(
        &self,
        ready: &Ready,
        rules: Rules,
        arguments: Vec<Argument>,
        within: Option<Duration>,
    ) -> Done {
        let manifest = &ready.manifest;
        let began = Instant::now();
        let mut request = Request::of_arguments(manifest, rules, &manifest.name, arguments);
        if let Some(time) = within {
            request = request.within(time);
        }
        let result = request.report(&ready.plugin).await;
        let done = Done {
            result,
            time: began.elapsed(),
        };
        self.metrics.count(&manifest.name, &done);
        done
    }
}

/// Whether it ended or whoever asked went away.
impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.metrics.ended();
    }
}

impl Done {
    pub(crate) fn state(&self) -> State {
        match &self.result {
            Ok(report) => report.state,
            Err(unreported) => match unreported.output.exit_code {
                0 => State::Ok,
                1 => State::Warning,
                2 => State::Critical,
                _ => State::Unknown,
            },
        }
    }

    /// Why there is no report, in a word.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        let unreported = self.result.as_ref().err()?;
        Some(match &unreported.error {
            Some(RunError::Refused(_)) => "refused",
            Some(RunError::Limit(_)) => "limit",
            Some(RunError::Crashed(_)) => "crashed",
            Some(RunError::Exited) => "exited",
            Some(RunError::NoPlugin(_) | RunError::Manifest(_)) => "no_plugin",
            Some(RunError::Misuse(_)) | None => "misuse",
        })
    }

    /// The limit that was exceeded.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        match &self.result.as_ref().err()?.error {
            Some(RunError::Limit(limit)) => Some(limit.name),
            _ => None,
        }
    }

    /// The line that says most: of what is not as it should be the worst finding.
    pub(crate) fn summary(&self) -> String {
        let line = match &self.result {
            Err(unreported) => unreported.output.stdout.lines().next(),
            Ok(report) => {
                let (finding, summary) = (report.findings.first(), report.summary.as_ref());
                let line = match report.state {
                    State::Ok => summary.or(finding),
                    _ => finding.or(summary),
                };
                line.map(String::as_str)
            }
        };
        line.unwrap_or_default().to_owned()
    }

    /// What the plugin's program would print.
    pub(crate) fn text(&self) -> String {
        match &self.result {
            Ok(report) => sandcheck::render::text(report),
            Err(unreported) => unreported.output.stdout.clone(),
        }
    }
}

/// A state in a word.
pub(crate) fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Critical => "critical",
        State::Unknown => "unknown",
    }
}
