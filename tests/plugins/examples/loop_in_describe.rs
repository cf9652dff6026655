//! Attacks the processor before any time budget is known: `describe` never returns.

use sandcheck_hostile::{Manifest, Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        loop {
            std::hint::spin_loop();
        }
    }

    fn run(_: &Words) -> Result<Report, Misuse> {
        Ok(unharmed())
    }
}
