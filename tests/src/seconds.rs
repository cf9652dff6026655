//! Durations that the scenarios write as a number of seconds.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a number of seconds, with or without decimals.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
}
