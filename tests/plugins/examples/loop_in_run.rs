//! Attacks the processor: `run` never returns and never calls the host.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(_: &Words) -> Result<Report, Misuse> {
        loop {
            std::hint::spin_loop();
        }
    }
}
