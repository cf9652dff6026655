//! Attacks the exit code: ends itself with success, or with the number that the case says, before
//! there is a report.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, std_plugin};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        println!("OK - forged|forged=1");
        std::process::exit(words.case().parse().unwrap_or_default())
    }
}
