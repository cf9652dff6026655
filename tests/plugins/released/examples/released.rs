//! An honest plugin of the contract's line 0.1: what a server says first, over TCP or a Unix socket. With
//! `--target` it connects there instead, whatever the endpoint's own options name.

#[allow(missing_docs, clippy::all, clippy::pedantic)]
mod bindings {
    wit_bindgen::generate!({
        world: "monitoring:plugin/plugin",
        path: "../../../wit/releases/0.1.0",
        generate_all,
    });

    use super::Banner;
    export!(Banner);
}

use bindings::exports::monitoring::plugin::check::Guest;
use bindings::monitoring::plugin::sockets::{self, Connection, Error, Family};
use bindings::monitoring::plugin::types::{
    Argument, Kind, Manifest, Metric, Misuse, OptionSpec, Report, State,
};

/// Nanoseconds that a connection may take, which the host shortens.
const PATIENCE: u64 = 60_000_000_000;

struct Banner;

impl Guest for Banner {
    fn describe() -> Manifest {
        let mut timeout = option("timeout", Some('t'), Kind::Timeout);
        timeout.default = Some("10".to_owned());
        let mut secure = option("secure", Some('S'), Kind::Flag);
        secure.implies = vec![Argument {
            name: "port".to_owned(),
            value: Some("465".to_owned()),
        }];
        Manifest {
            name: "check_released".to_owned(),
            version: "1.0.0".to_owned(),
            summary: "Checks what a server says first".to_owned(),
            description: String::new(),
            word: Some("hostname".to_owned()),
            options: vec![
                option("hostname", Some('H'), Kind::Host),
                option("port", Some('p'), Kind::Port),
                timeout,
                secure,
                option("password", Some('P'), Kind::Secret),
                option("target", None, Kind::Text),
                option("name", Some('N'), Kind::Nodename),
            ],
        }
    }

    fn validate(arguments: Vec<Argument>) -> Result<(), Misuse> {
        match arguments.iter().find(|argument| is_wrong(argument)) {
            Some(wrong) => Err(misuse("Invalid port", wrong.value.clone())),
            None => Ok(()),
        }
    }

    fn run(arguments: Vec<Argument>) -> Result<Report, Misuse> {
        Self::validate(arguments.clone())?;
        let value = |name: &str| {
            let mut given = arguments.iter().rev();
            let given = given.find(|argument| argument.name == name);
            given.and_then(|argument| argument.value.clone())
        };
        let Some(host) = value("hostname") else {
            return Err(misuse("No host", Some("name one with -H".to_owned())));
        };
        let port = value("port").unwrap_or_else(|| "25".to_owned());
        let target = value("target").unwrap_or_else(|| {
            if host.starts_with('/') {
                host.clone()
            } else {
                format!("{host}:{port}")
            }
        });
        let given = arguments.iter().map(|argument| match &argument.value {
            Some(value) => format!("{}={value}", argument.name),
            None => argument.name.clone(),
        });
        Ok(match greeting(&target) {
            Ok(greeting) => Report {
                metrics: vec![size(&greeting)],
                details: given.collect(),
                ..report(State::Ok, format!("RELEASED OK - {greeting}"))
            },
            Err(error) => report(State::Critical, format!("RELEASED CRITICAL - {error:?}")),
        })
    }
}

fn greeting(target: &str) -> Result<String, Error> {
    let connection = connect(target)?;
    connection.write(b"HELLO\r\n")?;
    let bytes = connection.read(512)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn connect(target: &str) -> Result<Connection, Error> {
    if target.starts_with('/') {
        return sockets::connect_unix(target, PATIENCE);
    }
    let (host, port) = target.rsplit_once(':').unwrap_or((target, "0"));
    let port = port.parse().unwrap_or_default();
    sockets::connect_tcp(host, port, Family::Ipv4, PATIENCE)
}

fn is_wrong(argument: &Argument) -> bool {
    let value = argument.value.as_deref().unwrap_or_default();
    argument.name == "port" && value.parse::<u16>().is_err()
}

fn misuse(message: &str, hint: Option<String>) -> Misuse {
    Misuse {
        message: message.to_owned(),
        hint,
    }
}

#[allow(clippy::cast_precision_loss, reason = "a line is short")]
fn size(greeting: &str) -> Metric {
    Metric {
        name: "size".to_owned(),
        value: greeting.len() as f64,
        unit: "B".to_owned(),
        precision: 0,
        warning: Some("100".to_owned()),
        critical: Some("~:200".to_owned()),
        min: Some(0.0),
        max: None,
    }
}

fn report(state: State, summary: String) -> Report {
    Report {
        state,
        transcript: Vec::new(),
        findings: Vec::new(),
        summary: Some(summary),
        metrics: Vec::new(),
        details: Vec::new(),
    }
}

fn option(name: &str, short: Option<char>, kind: Kind) -> OptionSpec {
    OptionSpec {
        name: name.to_owned(),
        short,
        aliases: Vec::new(),
        kind,
        placeholder: match kind {
            Kind::Flag => String::new(),
            _ => "VALUE".to_owned(),
        },
        exact: false,
        required: false,
        repeatable: false,
        default: None,
        implies: Vec::new(),
        help: "What it is good for.".to_owned(),
    }
}
