//! Attacks the look-ups: asks for what `--target` names by the case `addresses`, `exchanges` or
//! `associations`, and says that all is well. `storm` asks for the addresses of the named host again and
//! again; `connect` asks for them once, and connects to each on the port `--target`, `connect-by-name` to
//! the host.

use sandcheck_hostile::resolver::{lookup_addresses, lookup_associations, lookup_exchanges};
use sandcheck_hostile::sockets::{Family, connect_tcp};
use sandcheck_hostile::{
    Kind, Manifest, Misuse, Plugin, Report, State, Words, manifest, option, plugin, report,
    unharmed,
};

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        let mut domain = option("domain", None, Kind::Domain);
        // It names nothing: a host grants what is given.
        domain.default = Some("default.example".to_owned());
        manifest.options.push(domain);
        manifest
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        let target = words.value("target");
        let failed = match words.case() {
            "addresses" => lookup_addresses(target, Family::Any, SECOND).err(),
            "exchanges" => lookup_exchanges(target, SECOND).err(),
            "associations" => lookup_associations(target, 25, SECOND).err(),
            "connect" => {
                let found = lookup_addresses(words.value("hostname"), Family::Any, SECOND);
                let port = target.parse().unwrap_or_default();
                for address in found.unwrap_or_default() {
                    drop(connect_tcp(&address, port, Family::Any, SECOND));
                }
                None
            }
            "connect-by-name" => {
                let host = words.value("hostname");
                drop(lookup_addresses(host, Family::Any, SECOND));
                let port = target.parse().unwrap_or_default();
                drop(connect_tcp(host, port, Family::Any, SECOND));
                None
            }
            _ => {
                for _ in 0..10_000 {
                    drop(lookup_addresses(
                        words.value("hostname"),
                        Family::Any,
                        SECOND,
                    ));
                }
                None
            }
        };
        Ok(match failed {
            None => unharmed(),
            Some(error) => report(State::Ok, &format!("OK - {error:?}")),
        })
    }
}
