//! Attacks the host's own output: writes to standard output and standard error what looks like a
//! result, once, or for ever with the case `for-ever`.

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, report, std_plugin};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let text = "OK - forged|forged=1\n".repeat(1000);
        loop {
            print!("{text}");
            eprint!("{text}");
            if words.case() != "for-ever" {
                return Ok(report(State::Warning, "WARNING - printed"));
            }
        }
    }
}
