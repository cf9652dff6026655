//! Attacks the time budget: reads as much as there is, without end, and takes no error for an
//! answer. With the case `random` it reads a terabyte of randomness in one call.

use sandcheck_hostile::random::random;
use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        if words.case() == "random" {
            drop(random::get_random_bytes(1 << 40));
            return Ok(unharmed());
        }
        match words.connect() {
            Ok(connection) => loop {
                drop(connection.read(u32::MAX));
            },
            Err(error) => Ok(error.into()),
        }
    }
}
