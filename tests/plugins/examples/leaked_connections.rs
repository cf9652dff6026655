//! Attacks the host's descriptors: opens the granted connection again and again and closes none.
//! The case `closed` closes each, so that only their number counts.

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, plugin, report};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let mut kept = Vec::new();
        for _ in 0..100_000 {
            match words.connect() {
                Ok(connection) if words.case() == "closed" => drop(connection),
                Ok(connection) => kept.push(connection),
                Err(error) => return Ok(error.into()),
            }
        }
        Ok(report(State::Ok, "OK - a hundred thousand connections"))
    }
}
