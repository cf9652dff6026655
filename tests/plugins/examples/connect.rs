//! Attacks the grants: connects to `--target`, whatever the endpoint's own options name, and says
//! that all is well. The case `connect-first` takes the granted connection before.

use sandcheck_hostile::{
    Kind, Manifest, Misuse, Plugin, Report, State, Words, manifest, option, plugin, report,
};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        manifest.options.push(option("source", None, Kind::Source));
        manifest
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        let granted = (words.case() == "connect-first").then(|| words.connect());
        let connected = words.connect_to_target();
        drop(granted);
        Ok(match connected {
            Ok(connection) => {
                // Whoever listens sees who came.
                drop(connection.write(b"hostile\n"));
                report(State::Ok, "OK - connected to the target")
            }
            Err(error) => error.into(),
        })
    }
}
