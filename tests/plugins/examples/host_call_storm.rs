//! Attacks the host's share of the processor: nothing but short calls of the host, for ever. The
//! case says of which: `clock`, `wall-clock`, `random`, or `randomness`, as much as one call gives.

use sandcheck_hostile::clocks::{monotonic_clock, wall_clock};
use sandcheck_hostile::random::random;
use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        loop {
            match words.case() {
                "clock" => drop(monotonic_clock::now()),
                "wall-clock" => drop(wall_clock::now()),
                "random" => drop(random::get_random_u64()),
                _ => drop(random::get_random_bytes(64 * 1024)),
            }
        }
    }
}
