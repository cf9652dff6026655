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
    /// The highest ratios to the C plugin that we want to see.
    pub(crate) targets: Targets,
}

/// The highest ratios that we want to see.
#[derive(Clone, Copy)]
pub(crate) struct Targets {
    /// Of wall time.
    pub(crate) wall: f64,
    /// Of processor time.
    pub(crate) processor: f64,
    /// Of peak memory.
    pub(crate) memory: f64,
}

impl Targets {
    const PLAIN: Self = Self::of(0.35, 0.32, 1.0);
    const RSA: Self = Self::of(0.36, 0.26, 0.55);
    const P256: Self = Self::of(0.33, 0.26, 0.55);
    /// Without a session.
    pub(crate) const REST: Self = Self::of(0.40, 0.40, 1.0);

    const fn of(wall: f64, processor: f64, memory: f64) -> Self {
        Self {
            wall,
            processor,
            memory,
        }
    }
}

/// All scenarios, in the order of the table.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "plain",
        peer: Peer::Plain,
        arguments: &[],
        exit: 0,
        line: "SMTP OK - ",
        targets: Targets::PLAIN,
    },
    Scenario {
        name: "-S, RSA-2048",
        peer: Peer::Tls("rsa2048"),
        arguments: &["-S"],
        exit: 0,
        line: "SMTP OK - ",
        targets: Targets::RSA,
    },
    Scenario {
        name: "-S, P-256",
        peer: Peer::Tls("p256"),
        arguments: &["-S"],
        exit: 0,
        line: "SMTP OK - ",
        targets: Targets::P256,
    },
    Scenario {
        name: "-S -D 30,10",
        peer: Peer::Tls("rsa2048"),
        arguments: &["-S", "-D", "30,10"],
        exit: 0,
        line: "OK - Certificate '",
        targets: Targets::RSA,
    },
    Scenario {
        name: "refused port",
        peer: Peer::Refused,
        arguments: &[],
        exit: 2,
        line: "connect to address 127.0.0.1 and port 1: Connection refused",
        targets: Targets::REST,
    },
    Scenario {
        name: "-p abc",
        peer: Peer::None,
        arguments: &["-p", "abc"],
        exit: 3,
        line: "check_smtp: Port must be a positive integer",
        targets: Targets::REST,
    },
    Scenario {
        name: "--help",
        peer: Peer::None,
        arguments: &["--help"],
        exit: 3,
        line: "check_smtp ",
        targets: Targets::REST,
    },
];
