//! Attacks the file system: reads and writes what `--target` says, lists the root, and shows what
//! it found.

use std::fs;

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, report, std_plugin};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let target = words.value("target");
        let read = fs::read_to_string(target);
        let written = fs::write(target, "written by a plugin").is_ok();
        let listed = fs::read_dir("/").map(Iterator::count);
        let found = format!("OK - read {read:?}, written {written}, listed {listed:?}");
        Ok(report(State::Ok, &found))
    }
}
