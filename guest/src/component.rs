//! The component's exports, and its connection: a thin layer between the contract's types and ours.

// The code that the bindings generate, and the symbols below, need what the rest does without.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::pedantic)]

mod bindings {
    wit_bindgen::generate!({
        world: "monitoring:plugin/plugin",
        path: "../wit",
        generate_all,
    });
}
mod connection;
mod no_stdio;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use self::bindings::exports::monitoring::plugin::check::{
    Argument, Guest, Manifest, Misuse, Report,
};
use self::bindings::monitoring::plugin::{sockets, types};
use self::connection::Connection;
use crate::host_name::Host;
use crate::options::{self, Family, Options};
use crate::outcome::{Ending, Finding, Outcome, State};
use crate::table::{Kind, SPECS, Spec};
use crate::{dialogue, report};

struct Component;

impl Guest for Component {
    fn describe() -> Manifest {
        Manifest {
            name: "check_smtp".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary:
                "Checks SMTP and LMTP servers: replies, TLS, certificates, logins, response time"
                    .to_owned(),
            description: DESCRIPTION.to_owned(),
            word: Some("hostname".to_owned()),
            options: SPECS.iter().map(option_spec).collect(),
        }
    }

    fn validate(arguments: Vec<Argument>) -> Result<(), Misuse> {
        options::validate(&pairs(arguments)).map_err(misuse)
    }

    fn run(arguments: Vec<Argument>) -> Result<Report, Misuse> {
        let options = Options::resolve(&pairs(arguments)).map_err(misuse)?;
        let began = Instant::now();
        let outcome = check(&options).map_err(misuse)?;
        Ok(contract_report(report::Report::new(
            &options,
            outcome,
            began.elapsed().as_secs_f64(),
        )))
    }
}

bindings::export!(Component with_types_in bindings);

const DESCRIPTION: &str = "\
OK: the server answered as it should, in time.
WARNING: the server was reached and gave an answer that it should not give, TLS is not offered,
the response time or the certificate's lifetime reached the warning limit.
CRITICAL: the server cannot be reached or did not answer in time, TLS or the login failed, the
critical limits.
UNKNOWN: usage errors, a host name that does not exist, STARTTLS refused.";

fn check(options: &Options) -> Result<Outcome, options::Misuse> {
    match connect(options) {
        Ok(connection) => Ok(dialogue::run(options, Connection::new(connection), now())),
        Err(error) => unconnected(options, error),
    }
}

fn connect(options: &Options) -> Result<sockets::Connection, sockets::Error> {
    let timeout = u64::from(options.timeout) * 1_000_000_000;
    match &options.host {
        Host::Path(path) => sockets::connect_unix(path, timeout),
        host => {
            let family = match options.family {
                Family::Any => sockets::Family::Any,
                Family::V4 => sockets::Family::Ipv4,
                Family::V6 => sockets::Family::Ipv6,
            };
            sockets::connect_tcp(&host.to_string(), options.port, family, timeout)
        }
    }
}

/// What a failed connection means: a misuse where no server can be meant, an outcome otherwise.
fn unconnected(options: &Options, error: sockets::Error) -> Result<Outcome, options::Misuse> {
    use sockets::Error as E;
    let server = &options.server;
    let reason = match error {
        E::TimedOut => return Ok(outcome(options, Ending::TimedOut, None)),
        E::NameNotFound(reason) => {
            return Err(options::Misuse {
                message: format!("Invalid hostname/address - {server}"),
                hint: Some(reason),
            });
        }
        E::InvalidAddress(reason) => {
            return Err(options::Misuse {
                message: format!("Invalid hostname/address - {server}: {reason}"),
                hint: None,
            });
        }
        E::AccessDenied(reason) => return Ok(impossible(options, &reason)),
        E::NotSupported => return Ok(impossible(options, "not supported by the host")),
        E::Refused => "Connection refused".to_owned(),
        E::Reset => "Connection reset by peer".to_owned(),
        E::Unreachable(reason) | E::Other(reason) => reason,
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

fn impossible(options: &Options, reason: &str) -> Outcome {
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

fn now() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn pairs(arguments: Vec<Argument>) -> Vec<(String, Option<String>)> {
    arguments
        .into_iter()
        .map(|argument| (argument.name, argument.value))
        .collect()
}

fn misuse(misuse: options::Misuse) -> Misuse {
    Misuse {
        message: misuse.message,
        hint: misuse.hint,
    }
}

fn option_spec(spec: &Spec) -> types::OptionSpec {
    types::OptionSpec {
        name: spec.name.to_owned(),
        short: spec.short,
        aliases: spec
            .aliases
            .iter()
            .map(|alias| (*alias).to_owned())
            .collect(),
        kind: kind(spec.kind),
        placeholder: spec.placeholder.to_owned(),
        exact: spec.exact,
        required: false,
        repeatable: spec.repeatable,
        default: spec.default.map(ToOwned::to_owned),
        implies: spec.implies.iter().map(argument).collect(),
        help: spec.help.to_owned(),
    }
}

fn argument((name, value): &(&str, Option<&str>)) -> Argument {
    Argument {
        name: (*name).to_owned(),
        value: value.map(ToOwned::to_owned),
    }
}

fn kind(kind: Kind) -> types::Kind {
    match kind {
        Kind::Flag => types::Kind::Flag,
        Kind::Text => types::Kind::Text,
        Kind::Integer => types::Kind::Integer,
        Kind::Number => types::Kind::Number,
        Kind::Host => types::Kind::Host,
        Kind::Port => types::Kind::Port,
        Kind::Secret => types::Kind::Secret,
        Kind::Timeout => types::Kind::Timeout,
        Kind::Nodename => types::Kind::Nodename,
    }
}

fn contract_report(report: report::Report) -> Report {
    Report {
        state: match report.state {
            State::Ok => types::State::Ok,
            State::Warning => types::State::Warning,
            State::Critical => types::State::Critical,
            State::Unknown => types::State::Unknown,
        },
        transcript: report.transcript,
        findings: report.findings,
        summary: report.summary,
        metrics: report.metric.into_iter().map(contract_metric).collect(),
        details: Vec::new(),
    }
}

fn contract_metric(metric: report::Metric) -> types::Metric {
    types::Metric {
        name: metric.name.to_owned(),
        value: metric.value,
        unit: metric.unit.to_owned(),
        precision: metric.precision,
        warning: metric.warning,
        critical: metric.critical,
        min: Some(metric.min),
        max: None,
    }
}
