//! Attacks the processor where a command line is wrong: `validate` never returns.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn validate(_: &Words) -> Result<(), Misuse> {
        loop {
            std::hint::spin_loop();
        }
    }

    fn run(_: &Words) -> Result<Report, Misuse> {
        Ok(unharmed())
    }
}
