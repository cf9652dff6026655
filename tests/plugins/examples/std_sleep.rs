//! Attacks the time budget inside the host: sleeps for ever, which is a call of `wasi:io/poll`.
//! With the case `often` it sleeps for ever in short naps.

use std::thread;
use std::time::Duration;

use sandcheck_hostile::{Misuse, Plugin, Report, Words, std_plugin, unharmed};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        while words.case() == "often" {
            thread::sleep(Duration::from_nanos(1));
        }
        thread::sleep(Duration::MAX);
        Ok(unharmed())
    }
}
