//! The options, as a table and as what a session uses.

use std::time::Duration;

use sandcheck_plugin::certificate::Lifetime;
use sandcheck_plugin::host_name::{Family, Host};
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::State;
use sandcheck_plugin::table::{Kind, Spec};
use sandcheck_plugin::values::Values;

/// What to do on one run, all values parsed.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are flags of a command line"
)]
#[derive(Debug)]
pub struct Options {
    /// The host or the Unix socket.
    pub host: Host,
    /// The host as it was given.
    pub server: String,
    /// The TCP port; 0 for a Unix socket.
    pub port: u16,
    /// Which addresses of a name.
    pub family: Family,
    /// For the whole check.
    pub timeout: Duration,
    /// TLS from the first byte.
    pub tls: bool,
    /// The name to ask for in the TLS handshake instead of the host's.
    pub sni: Option<String>,
    /// The certificate's remaining lifetime is checked.
    pub lifetime: Option<Lifetime>,
    /// What to say once connected.
    pub send: Option<Vec<u8>>,
    /// What to look for in the answer; without any, none is waited for.
    pub expect: Vec<String>,
    /// All of it has to be found, not just one.
    pub all: bool,
    /// What to say at the end.
    pub quit: Option<Vec<u8>>,
    /// How bad a refused connection is.
    pub refused: State,
    /// How bad an unexpected answer is.
    pub mismatch: State,
    /// The answer is not shown.
    pub jail: bool,
    /// No more is read once there are this many bytes.
    pub max_bytes: Option<u32>,
    /// Not counted as response time.
    pub delay: Duration,
    /// Response time in seconds.
    pub warning: Option<f64>,
    /// Response time in seconds.
    pub critical: Option<f64>,
    /// Keep a transcript.
    pub verbose: bool,
}

impl Options {
    /// Reads the arguments of one call.
    pub fn resolve(values: &Values) -> Result<Self, Misuse> {
        validate(values)?;
        let host = values.host("hostname")?;
        let port = match host {
            Host::Path(_) => 0,
            _ => values.port("port")?,
        };
        let family = values.family("use-ipv4", "use-ipv6");
        if !host.suits(family) {
            let message = format!("-4 and -6 do not fit the address - {host}");
            return Err(Misuse::hinted(message, "leave them out for addresses"));
        }
        let lifetime = lifetime(values)?;
        Ok(Self {
            server: values.text("hostname").unwrap_or_default().to_owned(),
            host,
            port,
            family,
            timeout: values.timeout()?,
            tls: values.flag("ssl") || lifetime.is_some() || values.flag("sni"),
            sni: values.text("sni").map(ToOwned::to_owned),
            lifetime,
            send: said(values, "send", b""),
            expect: values.texts("expect").map(ToOwned::to_owned).collect(),
            all: values.flag("all"),
            quit: said(values, "quit", b"\r\n"),
            refused: state(values, "refuse", State::Critical)?,
            mismatch: state(values, "mismatch", State::Warning)?,
            jail: values.flag("jail"),
            max_bytes: values.integer("maxbytes")?,
            delay: delay(values)?,
            warning: values.number("warning")?,
            critical: values.number("critical")?,
            verbose: values.flag("verbose"),
        })
    }

    /// Where it is connected to, as the summary calls it.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.host {
            Host::Path(path) => format!("socket {path}"),
            _ => format!("{} port {}", self.server, self.port),
        }
    }
}

/// Looks at each value by itself.
pub fn validate(values: &Values) -> Result<(), Misuse> {
    values.check()?;
    state(values, "refuse", State::Critical)?;
    state(values, "mismatch", State::Warning)?;
    lifetime(values).map(drop)
}

fn lifetime(values: &Values) -> Result<Option<Lifetime>, Misuse> {
    let parsed = values.text("certificate").map(Lifetime::parse).transpose();
    parsed.map_err(|part| {
        let message = format!("Invalid certificate expiration period - {part}");
        let form = "-D, --certificate takes whole numbers of days: WARNING or WARNING,CRITICAL";
        Misuse::hinted(message, form)
    })
}

fn state(values: &Values, name: &str, default: State) -> Result<State, Misuse> {
    match values.text(name) {
        None => Ok(default),
        Some("ok") => Ok(State::Ok),
        Some("warn") => Ok(State::Warning),
        Some("crit") => Ok(State::Critical),
        Some(other) => Err(Misuse::hinted(
            format!("--{name}: no such state - {other}"),
            "it takes one of ok, warn, crit",
        )),
    }
}

fn delay(values: &Values) -> Result<Duration, Misuse> {
    let delay = values.integer("delay")?.unwrap_or_default();
    let delay = Duration::from_secs(u64::from(delay));
    let timeout = values.timeout()?;
    if delay < timeout {
        return Ok(delay);
    }
    let message = format!("-d, --delay: {} seconds are too long", delay.as_secs());
    let way = format!(
        "it has to be less than the whole check's {} seconds (-t, --timeout)",
        timeout.as_secs()
    );
    Err(Misuse::hinted(message, way))
}

/// The value of `--send` or `--quit`. An `-E` before it stands for escapes in it; without one, `end`
/// is added.
fn said(values: &Values, name: &str, end: &[u8]) -> Option<Vec<u8>> {
    let mut escapes = false;
    let mut said = None;
    for (option, value) in values.given() {
        let value = value.as_deref().unwrap_or_default();
        match option.as_str() {
            "escape" => escapes = true,
            option if option == name && escapes => said = Some(unescape(value).into_bytes()),
            option if option == name => said = Some([value.as_bytes(), end].concat()),
            _ => {}
        }
    }
    said.filter(|said| !said.is_empty())
}

/// `\n`, `\r` and `\t` are what they are in C; a backslash before anything else stands for that.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        plain.push(match (char, char == '\\') {
            (_, true) => match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(other) => other,
                None => '\\',
            },
            (char, false) => char,
        });
    }
    plain
}

/// All options, in the order of the help text.
pub static SPECS: &[Spec] = &[
    Spec {
        name: "hostname",
        short: Some('H'),
        kind: Kind::Host,
        placeholder: "ADDRESS",
        default: Some("127.0.0.1"),
        help: "The host: a name, an IPv4 or IPv6 address, or the absolute path of a Unix socket",
        ..Spec::FLAG
    },
    Spec {
        name: "port",
        short: Some('p'),
        kind: Kind::Port,
        placeholder: "INTEGER",
        help: "The TCP port; not needed for a Unix socket",
        ..Spec::FLAG
    },
    Spec {
        name: "use-ipv4",
        short: Some('4'),
        help: "Connect over IPv4 only",
        ..Spec::FLAG
    },
    Spec {
        name: "use-ipv6",
        short: Some('6'),
        help: "Connect over IPv6 only; of -4 and -6 the last one counts",
        ..Spec::FLAG
    },
    Spec {
        name: "escape",
        short: Some('E'),
        help: "Take \\n, \\r, \\t and \\\\ in what -s and -q, behind it, give to send.\n\
               Without it a line end is added to what -q gives",
        ..Spec::FLAG
    },
    Spec {
        name: "send",
        short: Some('s'),
        kind: Kind::Text,
        placeholder: "STRING",
        help: "Send this once connected",
        ..Spec::FLAG
    },
    Spec {
        name: "expect",
        short: Some('e'),
        kind: Kind::Text,
        placeholder: "STRING",
        repeatable: true,
        help: "Wait for an answer that contains this; one of several, when given several times",
        ..Spec::FLAG
    },
    Spec {
        name: "all",
        short: Some('A'),
        help: "The answer has to contain everything that -e gives",
        ..Spec::FLAG
    },
    Spec {
        name: "quit",
        short: Some('q'),
        kind: Kind::Text,
        placeholder: "STRING",
        help: "Send this before closing the connection",
        ..Spec::FLAG
    },
    Spec {
        name: "refuse",
        short: Some('r'),
        kind: Kind::Text,
        placeholder: "ok,warn,crit",
        default: Some("crit"),
        help: "How bad it is when the connection is refused",
        ..Spec::FLAG
    },
    Spec {
        name: "mismatch",
        short: Some('M'),
        kind: Kind::Text,
        placeholder: "ok,warn,crit",
        default: Some("warn"),
        help: "How bad an answer is that is not expected",
        ..Spec::FLAG
    },
    Spec {
        name: "jail",
        short: Some('j'),
        help: "Do not show the answer",
        ..Spec::FLAG
    },
    Spec {
        name: "maxbytes",
        short: Some('m'),
        kind: Kind::Integer,
        placeholder: "INTEGER",
        help: "Read no more once there are this many bytes",
        ..Spec::FLAG
    },
    Spec {
        name: "delay",
        short: Some('d'),
        kind: Kind::Integer,
        placeholder: "INTEGER",
        help: "Seconds that the answer may take without counting as response time",
        ..Spec::FLAG
    },
    Spec {
        name: "certificate",
        short: Some('D'),
        kind: Kind::Text,
        placeholder: "INTEGER[,INTEGER]",
        help: "Days that the server's certificate has to be valid: WARNING[,CRITICAL]; uses TLS",
        ..Spec::FLAG
    },
    Spec {
        name: "ssl",
        short: Some('S'),
        help: "Speak TLS from the first byte",
        ..Spec::FLAG
    },
    Spec {
        name: "sni",
        kind: Kind::Text,
        placeholder: "STRING",
        help: "The name to ask for in the TLS handshake (default: that of -H); uses TLS",
        ..Spec::FLAG
    },
    Spec {
        name: "warning",
        short: Some('w'),
        kind: Kind::Number,
        placeholder: "DOUBLE",
        help: "WARNING when the response time is longer than this many seconds",
        ..Spec::FLAG
    },
    Spec {
        name: "critical",
        short: Some('c'),
        kind: Kind::Number,
        placeholder: "DOUBLE",
        help: "CRITICAL when the response time is longer than this many seconds",
        ..Spec::FLAG
    },
    Spec {
        name: "timeout",
        short: Some('t'),
        kind: Kind::Timeout,
        placeholder: "INTEGER",
        default: Some("10"),
        help: "Seconds for the whole check, name look-up included",
        ..Spec::FLAG
    },
    Spec {
        name: "verbose",
        short: Some('v'),
        help: "Show what is said (a monitoring system may cut it)",
        ..Spec::FLAG
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn values(given: &[(&str, &str)]) -> Values {
        let owned = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        Values::new(SPECS, owned.collect())
    }

    fn refused(given: &[(&str, &str)]) -> String {
        let resolved = Options::resolve(&values(given));
        resolved
            .err()
            .map(|misuse| misuse.message)
            .unwrap_or_default()
    }

    #[test]
    fn escapes_count_for_what_stands_behind() {
        let said = |given, name| said(&values(given), name, b"\r\n");
        let before = [("quit", r"BYE\n"), ("escape", "")];
        assert_eq!(said(&before, "quit"), Some(b"BYE\\n\r\n".to_vec()));
        let behind = [("escape", ""), ("quit", r"a\r\n\t\\b\c\")];
        assert_eq!(said(&behind, "quit"), Some(b"a\r\n\t\\bc\\".to_vec()));
        assert_eq!(said(&[("escape", ""), ("send", "")], "send"), None);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (given, start) in [
            (&[("port", "0")][..], "-p, --port: invalid value - 0"),
            (&[("hostname", "mx")], "-p, --port is missing"),
            (
                &[("port", "1"), ("refuse", "no")],
                "--refuse: no such state - no",
            ),
            (
                &[("port", "1"), ("certificate", "1,x")],
                "Invalid certificate expiration period - x",
            ),
            (
                &[("port", "1"), ("delay", "10")],
                "-d, --delay: 10 seconds are too long",
            ),
            (
                &[("port", "1"), ("warning", "1:5")],
                "-w, --warning: invalid value - 1:5",
            ),
            (&[("port", "1"), ("use-ipv6", "")], "-4 and -6 do not fit"),
        ] {
            assert!(refused(given).starts_with(start), "{}", refused(given));
        }
    }

    #[test]
    fn a_socket_needs_no_port() {
        let options = Options::resolve(&values(&[("hostname", "/run/x")])).unwrap();
        assert_eq!(options.place(), "socket /run/x");
    }
}
