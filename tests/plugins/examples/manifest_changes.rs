//! Attacks a host that asks twice: each answer of `describe` but the first is another one, with
//! names that forge and with `--target` as an endpoint.

use std::sync::atomic::{AtomicUsize, Ordering};

use sandcheck_hostile::{
    Kind, Manifest, Misuse, Plugin, Report, State, Words, manifest, plugin, report,
};

static CALLS: AtomicUsize = AtomicUsize::new(0);

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        if CALLS.fetch_add(1, Ordering::Relaxed) > 0 {
            "a\nOK - forged|forged=1".clone_into(&mut manifest.name);
            for option in &mut manifest.options {
                option.kind = Kind::Host;
                option.default = Some("127.0.0.1".to_owned());
            }
        }
        manifest
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        Ok(match words.connect_to_target() {
            Ok(_) => report(State::Ok, "OK - connected to the target"),
            Err(error) => error.into(),
        })
    }
}
