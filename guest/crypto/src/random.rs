//! Randomness from the system.

use rustls::Error;
use rustls::crypto::{GetRandomFailed, SecureRandom};

/// The system's generator; in a component, `wasi:random/random`.
#[derive(Debug)]
pub(crate) struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(buffer).map_err(|_| GetRandomFailed)
    }
}

/// What a failure of the generator means to rustls.
pub(crate) fn failed(_: getrandom::Error) -> Error {
    GetRandomFailed.into()
}
