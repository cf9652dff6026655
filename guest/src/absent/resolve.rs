//! In the place of a look-up apart from the connection where no times are asked for.

use std::time::Duration;

use sandcheck_plugin::network::ConnectError;

use crate::options::Options;
use crate::timings::Stopwatch;

#[allow(clippy::unnecessary_wraps, reason = "as where there is one")]
pub(crate) fn ahead(
    _: &Options,
    timeout: Duration,
    _: &mut Stopwatch<'_>,
) -> Result<Duration, ConnectError> {
    Ok(timeout)
}
