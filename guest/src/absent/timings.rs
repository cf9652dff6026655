//! In the place of times where nobody can ask for them.

use std::marker::PhantomData;
use std::time::Duration;

use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::report::Metric;
use sandcheck_plugin::state::Finding;

use crate::options::Options;
use crate::phase::Phase;

/// Nothing.
#[derive(Debug, Default)]
pub struct Timings;

impl Timings {
    pub(crate) fn take(&mut self, _: &str, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn is_any(&self) -> bool {
        false
    }

    pub(crate) fn check(&self, _: &Options) -> Result<(), Misuse> {
        Ok(())
    }
}

/// A clock that stands.
pub struct Stopwatch<'a>(PhantomData<&'a ()>);

/// Nothing that was measured.
#[derive(Debug, Default)]
pub struct Laps;

impl<'a> Stopwatch<'a> {
    /// One that measures nothing.
    #[must_use]
    pub fn new(_: &Options, _: &'a dyn Fn() -> Duration) -> Self {
        Self(PhantomData)
    }

    /// The same.
    #[must_use]
    pub fn idle() -> Self {
        Self(PhantomData)
    }

    pub(crate) fn begin(&mut self, _: Phase) {}

    pub(crate) fn end(&mut self) -> Option<(Phase, Duration)> {
        None
    }

    pub(crate) fn note(&mut self, _: Phase, _: Duration) {}

    pub(crate) fn note_certificate(&mut self, _: &Options, _: Option<&[u8]>, _: i64) {}

    /// Nothing.
    #[must_use]
    pub fn stop(self) -> Laps {
        Laps
    }
}

pub(crate) fn judge(_: &Options, _: &Laps, _: f64) -> Vec<Finding> {
    Vec::new()
}

pub(crate) fn metrics(_: &Options, _: &Laps, _: f64) -> Vec<Metric> {
    Vec::new()
}

pub(crate) fn place(_: &Laps) -> String {
    String::new()
}
