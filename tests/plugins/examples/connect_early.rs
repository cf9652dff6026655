//! Attacks the grants before they are made: connects while the manifest is described, to the ports
//! that the suite listens on, and again while words are validated.

use sandcheck_hostile::sockets::{self, Family};
use sandcheck_hostile::{Manifest, Misuse, Plugin, Report, Words, manifest, plugin, unharmed};

/// The suite writes the port of its listener over this.
static PORT: [u8; 5] = *b"@PORT";

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let port = std::hint::black_box(&PORT);
        let port = std::str::from_utf8(port).unwrap_or_default();
        let port = port.parse().unwrap_or_default();
        drop(sockets::connect_tcp(
            "127.0.0.1",
            port,
            Family::Any,
            u64::MAX,
        ));
        manifest()
    }

    fn validate(words: &Words) -> Result<(), Misuse> {
        drop(words.connect_to_target());
        drop(words.connect());
        Ok(())
    }

    fn run(_: &Words) -> Result<Report, Misuse> {
        Ok(unharmed())
    }
}
