//! The look-up of a name apart from the connection, where somebody wants to know how long it takes.

use std::time::{Duration, Instant};

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::network::ConnectError;
use sandcheck_plugin::resolver::{self, LookUpError};

use crate::options::Options;
use crate::phase::Phase;
use crate::timings::Stopwatch;

/// Has the host look the name up, if that is to be told apart. Connecting to the name then goes where
/// that led, or says why it led nowhere. Returns the time that is left.
///
/// A host that looks no names up for a plugin does it when it connects, so that nothing is measured.
pub(crate) fn ahead(
    options: &Options,
    timeout: Duration,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<Duration, ConnectError> {
    if !matches!(options.host, Host::Name(_)) || !options.timings.wants_resolve_apart() {
        return Ok(timeout);
    }
    let began = Instant::now();
    stopwatch.begin(Phase::Resolve);
    match resolver::addresses(&options.host.to_string(), options.family, timeout) {
        Err(LookUpError::TimedOut) => return Err(ConnectError::TimedOut),
        Ok(found) if !found.is_empty() => {
            stopwatch.end();
        }
        Ok(_) | Err(_) => {}
    }
    Ok(timeout.saturating_sub(began.elapsed()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::timings;

    /// Which times there are when it is a second later at each look at the clock.
    fn measured(given: &[(&str, &str)]) -> Vec<String> {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        let options = Options::resolve(&given.collect::<Vec<_>>()).expect("they make sense");
        let seconds = Cell::new(0);
        let clock = || Duration::from_secs(seconds.replace(seconds.get() + 1));
        let mut stopwatch = Stopwatch::new(&options, &clock);
        let timeout = Duration::from_mins(1);
        let left = ahead(&options, timeout, &mut stopwatch).expect("it is in time");
        assert!(left <= timeout);
        let metrics = timings::metrics(&options, &stopwatch.stop(), 1.0);
        metrics.into_iter().map(|metric| metric.name).collect()
    }

    #[test]
    fn names_are_looked_up_for_those_who_ask_how_long_it_takes() {
        let both = ["time_resolve", "time_total"];
        assert_eq!(
            measured(&[("hostname", "localhost"), ("timings", "")]),
            both
        );
        let limit = ("warning-phase", "resolve=5");
        assert_eq!(
            measured(&[("hostname", "localhost"), limit]),
            ["time_resolve"]
        );
        assert!(measured(&[("hostname", "localhost")]).is_empty());
    }

    #[test]
    fn what_has_no_name_is_not_looked_up() {
        for host in ["127.0.0.1", "::1", "/run/lmtp"] {
            let names = measured(&[("hostname", host), ("timings", "")]);
            assert_eq!(names, ["time_total"], "{host}");
        }
    }
}
