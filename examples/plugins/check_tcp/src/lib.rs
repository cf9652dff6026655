//! `check_tcp`: connects to a TCP port or a Unix socket, may say something, and looks at what comes
//! back. Written with the crate `sandcheck-plugin`; it knows no other interfaces of a host.
//!
//! Data flows one way: [`options`], [`session`], [`report`].

pub mod options;
pub mod report;
pub mod session;

use std::time::Instant;

use sandcheck_plugin::certificate;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::network;
use sandcheck_plugin::plugin::{About, Plugin};
use sandcheck_plugin::report::Report;
use sandcheck_plugin::table::Spec;
use sandcheck_plugin::values::Values;

use crate::options::Options;

/// The plugin `check_tcp`.
#[derive(Debug)]
pub struct CheckTcp;

sandcheck_plugin::export!(CheckTcp);

impl Plugin for CheckTcp {
    fn about() -> About {
        About {
            name: "check_tcp",
            version: env!("CARGO_PKG_VERSION"),
            summary: "Checks TCP ports and Unix sockets: connection, answer, TLS, response time",
            description: "\
OK: it was connected to, and answered as expected, in time.
WARNING: an answer that is not expected (see -M), the warning limits.
CRITICAL: no connection, no answer, no TLS, the critical limits.
UNKNOWN: usage errors.",
            word: None,
        }
    }

    fn options() -> &'static [Spec] {
        options::SPECS
    }

    fn validate(values: &Values) -> Result<(), Misuse> {
        options::validate(values)
    }

    fn run(values: &Values) -> Result<Report, Misuse> {
        let options = Options::resolve(values)?;
        let began = Instant::now();
        let connected =
            network::connect(&options.host, options.port, options.family, options.timeout);
        Ok(match connected {
            Ok(connection) => {
                let clock = || began.elapsed();
                let outcome = session::run(&options, connection, certificate::now(), clock);
                report::report(&options, outcome)
            }
            Err(error) => report::unconnected(&options, &error),
        })
    }
}
