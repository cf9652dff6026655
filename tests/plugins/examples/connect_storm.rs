//! Attacks the host's patience: connects to what is not granted, for ever.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        loop {
            drop(words.connect_to_target());
        }
    }
}
