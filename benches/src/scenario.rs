//! What is measured: the arguments, the server behind them and the state that must come out.

use crate::peer::Peer;

/// What both plugins are asked to do, and what both must say.
pub(crate) struct Scenario {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Who is checked.
    pub(crate) peer: Peer,
    /// The arguments behind those that name the server.
    pub(crate) arguments: &'static [&'static str],
    /// The exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    pub(crate) exit: i32,
    /// How the first line of the output begins.
    pub(crate) line: &'static str,
    /// The highest ratio of wall and processor time that we want to see.
    pub(crate) time_target: Option<f64>,
}

/// The highest ratio of peak memory that we want to see, in every scenario.
pub(crate) const MEMORY_TARGET: f64 = 1.0;

const PLAIN_TARGET: Option<f64> = Some(0.70);
const TLS_TARGET: Option<f64> = Some(0.55);

/// All scenarios, in the order of the table.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "plain",
        peer: Peer::Plain,
        arguments: &[],
        exit: 0,
        line: "SMTP OK - ",
        time_target: PLAIN_TARGET,
    },
    Scenario {
        name: "-S, RSA-2048",
        peer: Peer::Tls("rsa2048"),
        arguments: &["-S"],
        exit: 0,
        line: "SMTP OK - ",
        time_target: TLS_TARGET,
    },
    Scenario {
        name: "-S, P-256",
        peer: Peer::Tls("p256"),
        arguments: &["-S"],
        exit: 0,
        line: "SMTP OK - ",
        time_target: TLS_TARGET,
    },
    Scenario {
        name: "-S -D 30,10",
        peer: Peer::Tls("rsa2048"),
        arguments: &["-S", "-D", "30,10"],
        exit: 0,
        line: "OK - Certificate '",
        time_target: TLS_TARGET,
    },
    Scenario {
        name: "refused port",
        peer: Peer::Refused,
        arguments: &[],
        exit: 2,
        line: "connect to address 127.0.0.1 and port 1: Connection refused",
        time_target: None,
    },
    Scenario {
        name: "-p abc",
        peer: Peer::None,
        arguments: &["-p", "abc"],
        exit: 3,
        line: "check_smtp: Port must be a positive integer",
        time_target: None,
    },
    Scenario {
        name: "--help",
        peer: Peer::None,
        arguments: &["--help"],
        exit: 3,
        line: "check_smtp ",
        time_target: None,
    },
];
