//! Attacks the host's own output with the message of a panic, which the standard library prints.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, std_plugin};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(_: &Words) -> Result<Report, Misuse> {
        panic!("\nOK - forged|forged=1\n\u{1b}[2J")
    }
}
