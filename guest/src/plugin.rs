//! The check as a plugin: from its options to its report, over a connection of the host.

use std::time::{Duration, Instant};

use sandcheck_plugin::certificate;
use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::network::{self, ConnectError, Connection};
use sandcheck_plugin::plugin::{About, Plugin};
use sandcheck_plugin::report::Report;
use sandcheck_plugin::state::{Finding, State};
use sandcheck_plugin::table::Spec;
use sandcheck_plugin::values::Values;

use crate::options::{self, Options};
use crate::outcome::{Ending, Outcome};
use crate::phase::Phase;
use crate::table::SPECS;
use crate::timings::Stopwatch;
use crate::{dane, dialogue, report, resolve, several};

/// The plugin `check_smtp`.
#[derive(Debug)]
pub struct CheckSmtp;

impl Plugin for CheckSmtp {
    fn about() -> About {
        About {
            name: "check_smtp",
            version: env!("CARGO_PKG_VERSION"),
            summary: "Checks SMTP and LMTP servers: replies, TLS, certificates, logins, response time",
            description: DESCRIPTION,
            word: Some("hostname"),
        }
    }

    fn options() -> &'static [Spec] {
        SPECS
    }

    fn validate(values: &Values) -> Result<(), Misuse> {
        options::validate(values.given())
    }

    fn run(values: &Values) -> Result<Report, Misuse> {
        let mut options = Options::resolve(values.given())?;
        if let Some(report) = several::run(values.given(), &options) {
            return report;
        }
        let timeout = Duration::from_secs(u64::from(options.timeout));
        check(&mut options, None, timeout)
    }
}

/// What the states mean, and what people mostly do; a lesser build is never asked.
const DESCRIPTION: &str = if cfg!(feature = "extended") {
    concat!(
        include_str!("help/states.txt"),
        include_str!("help/examples.txt")
    )
} else {
    include_str!("help/states.txt")
};

/// An address that was found for the server's name before.
#[cfg_attr(
    not(feature = "extended"),
    allow(dead_code, reason = "there is one server, and nothing is found before")
)]
pub(crate) struct Found<'a> {
    pub(crate) address: &'a str,
    /// How long the look-up took, if there was one.
    pub(crate) took: Option<Duration>,
}

/// Checks one server, at this address of it or at any.
pub(crate) fn check(
    options: &mut Options,
    found: Option<&Found<'_>>,
    timeout: Duration,
) -> Result<Report, Misuse> {
    let began = Instant::now();
    let clock = || began.elapsed();
    let mut stopwatch = Stopwatch::new(options, &clock);
    let outcome = match dane::prepare(options, timeout, &mut stopwatch) {
        Ok(()) => {
            let left = timeout.saturating_sub(began.elapsed());
            run_at(options, found, left, stopwatch)?
        }
        Err((ending, finding)) => Outcome {
            laps: stopwatch.stop(),
            ..outcome(options, ending, finding)
        },
    };
    Ok(report::report(
        options,
        outcome,
        began.elapsed().as_secs_f64(),
    ))
}

fn run_at(
    options: &Options,
    found: Option<&Found<'_>>,
    timeout: Duration,
    mut stopwatch: Stopwatch<'_>,
) -> Result<Outcome, Misuse> {
    match connect(options, found, timeout, &mut stopwatch) {
        Ok(connection) => {
            stopwatch.end();
            let now = certificate::now();
            Ok(dialogue::run_timed(options, connection, now, stopwatch))
        }
        Err(error) => unconnected(options, error).map(|outcome| Outcome {
            laps: stopwatch.stop(),
            ..outcome
        }),
    }
}

fn connect(
    options: &Options,
    found: Option<&Found<'_>>,
    timeout: Duration,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<Connection, ConnectError> {
    let (port, family) = (options.port, options.family);
    if let Some(Found { address, took }) = found {
        if let Some(took) = took {
            stopwatch.note(Phase::Resolve, *took);
        }
        stopwatch.begin(Phase::Connect);
        return network::connect_tcp(address, port, family, timeout);
    }
    let left = resolve::ahead(options, timeout, stopwatch)?;
    stopwatch.begin(Phase::Connect);
    network::connect(&options.host, port, family, left)
}

/// What a failed connection means: a misuse where no server can be meant, an outcome otherwise.
fn unconnected(options: &Options, error: ConnectError) -> Result<Outcome, Misuse> {
    use ConnectError as E;
    let server = &options.server;
    let reason = match error {
        E::TimedOut => return Ok(outcome(options, Ending::TimedOut, None)),
        E::NameNotFound(reason) => {
            let message = format!("Invalid hostname/address - {server}");
            return Err(Misuse::hinted(message, reason));
        }
        E::InvalidAddress(reason) => {
            let message = format!("Invalid hostname/address - {server}: {reason}");
            return Err(Misuse::new(message));
        }
        E::AccessDenied(_) | E::NotSupported => return Ok(impossible(options, &error)),
        E::Refused | E::Reset | E::Unreachable(_) | E::Other(_) => error,
    };
    let address = match &options.host {
        Host::Path(_) => server.clone(),
        _ => format!("{server} and port {}", options.port),
    };
    let text = format!("connect to address {address}: {reason}");
    let finding = Finding {
        state: State::Critical,
        text,
    };
    Ok(outcome(options, Ending::Measured, Some(finding)))
}

fn impossible(options: &Options, reason: &ConnectError) -> Outcome {
    let text = format!(
        "SMTP UNKNOWN - connection to {} not made: {reason}",
        options.server
    );
    let finding = Finding {
        state: State::Unknown,
        text,
    };
    outcome(options, Ending::Abandoned, Some(finding))
}

fn outcome(options: &Options, ending: Ending, finding: Option<Finding>) -> Outcome {
    Outcome {
        ending,
        findings: finding.into_iter().collect(),
        transcript: dialogue::plan(options),
        ..Outcome::default()
    }
}
