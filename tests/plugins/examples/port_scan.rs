//! Attacks the network: tries every port of `--target`, and tells which ones are open.

use sandcheck_hostile::sockets::{self, Family};
use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, plugin, report};

/// A tenth of a second, in nanoseconds.
const PATIENCE: u64 = 100_000_000;

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let host = words.value("target");
        let open: Vec<_> = (1..=u16::MAX)
            .filter(|port| sockets::connect_tcp(host, *port, Family::Any, PATIENCE).is_ok())
            .map(|port| port.to_string())
            .collect();
        Ok(report(State::Ok, &format!("OK - open: {}", open.join(" "))))
    }
}
