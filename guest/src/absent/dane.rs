//! In the place of DANE where it is left out.

use std::time::Duration;

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::Finding;

use crate::options::{Options, Security};
use crate::outcome::Ending;
use crate::timings::Stopwatch;

/// Not.
#[derive(Debug, Default)]
pub struct Wanted;

impl Wanted {
    pub(crate) fn take(&mut self, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn check(&self, _: &Host, _: Security) -> Result<(), Misuse> {
        Ok(())
    }
}

pub(crate) fn prepare(
    _: &mut Options,
    _: Duration,
    _: &mut Stopwatch<'_>,
) -> Result<(), (Ending, Option<Finding>)> {
    Ok(())
}
