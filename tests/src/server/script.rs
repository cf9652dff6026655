//! What a scripted server does: the `[case.server]` table.

use std::time::Duration;

use serde::Deserialize;

use crate::certificates::Credentials;
use crate::latin1;
use crate::pattern::Pattern;

/// One server: what it listens on, and what it says to each connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it listens on.
    #[serde(default)]
    pub transport: Transport,
    /// Whether its port is below 32000, so that the port plus 65536 has five digits.
    #[serde(default)]
    pub low_port: bool,
    /// TLS from the start, with these credentials.
    pub tls: Option<Credentials>,
    /// What it does first, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// How it answers lines after that.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

impl Script {
    /// No server at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            transport: Transport::None,
            low_port: false,
            tls: None,
            steps: Vec::new(),
            rules: Vec::new(),
        }
    }
}

/// What a server listens on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A port of 127.0.0.1.
    #[default]
    Tcp4,
    /// A port of `::1`.
    Tcp6,
    /// A Unix socket in the run's folder.
    Unix,
    /// A file of a Unix socket that nobody listens on.
    UnixStale,
    /// A port of 127.0.0.1 that refuses connections.
    Refused,
    /// A port of `::1` that refuses connections.
    Refused6,
    /// A port of 127.0.0.1 on which connecting gets no answer.
    Blackhole,
    /// Nothing.
    None,
}

/// One step of a script.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "not a step; the steps are {send, times, each, gap}, {expect}, {delay}, \
                 {tls, min, max, client_cert, sni}, and {eof = true} with close, reset, freeze \
                 or thaw in the place of eof"
)]
pub enum Step {
    /// Sends bytes.
    Send(Send),
    /// Reads a line; one that does not match is a problem, but the script goes on.
    Expect {
        /// What the line has to match.
        expect: Pattern,
    },
    /// Waits.
    Delay {
        /// For how long.
        #[serde(deserialize_with = "crate::seconds::deserialize")]
        delay: Duration,
    },
    /// A TLS handshake.
    Tls(Tls),
    /// Sends no more; what the client still sends is recorded.
    Eof {
        /// The mark of this step.
        eof: Yes,
    },
    /// Closes the connection.
    Close {
        /// The mark of this step.
        close: Yes,
    },
    /// Ends the connection with a TCP reset.
    Reset {
        /// The mark of this step.
        reset: Yes,
    },
    /// Stops the client until `thaw`, `eof` or the end of the script, so that several things
    /// happen at once from its point of view.
    Freeze {
        /// The mark of this step.
        freeze: Yes,
    },
    /// Lets the client go on.
    Thaw {
        /// The mark of this step.
        thaw: Yes,
    },
}

/// Some bytes to send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The bytes.
    #[serde(rename = "send")]
    pub bytes: Bytes,
    /// How many copies of them.
    #[serde(default = "once")]
    pub times: usize,
    /// How many bytes at a time; all at once without it.
    #[serde(rename = "each")]
    pub piece: Option<usize>,
    /// The pause after each piece.
    #[serde(default, deserialize_with = "crate::seconds::deserialize")]
    pub gap: Duration,
}

/// A TLS handshake, of any version from 1.2 on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// What the server shows.
    #[serde(rename = "tls")]
    pub credentials: Credentials,
    /// The lowest version.
    pub min: Option<Version>,
    /// The highest version.
    pub max: Option<Version>,
    /// Whether the client has to show a certificate.
    #[serde(default)]
    pub client_cert: bool,
    /// Notes the server name that the client asks for, and shows this instead when it does.
    pub sni: Option<Credentials>,
}

impl From<Credentials> for Tls {
    fn from(credentials: Credentials) -> Self {
        Self {
            credentials,
            min: None,
            max: None,
            client_cert: false,
            sni: None,
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub enum Version {
    /// TLS 1.2.
    #[serde(rename = "TLSv1_2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "TLSv1_3")]
    V1_3,
}

/// How a server answers a line; the first rule that matches does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the line has to match.
    pub on: Pattern,
    /// What is sent then,
    pub send: Option<Bytes>,
    /// then TLS begins,
    pub tls: Option<Credentials>,
    /// then the connection is closed.
    #[serde(default)]
    pub close: bool,
}

/// Bytes, each written as one character.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Bytes(pub Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        latin1::bytes(&text)
            .map(Self)
            .map_err(|c| format!("{c:?} is not one byte; write the bytes as \\u0000 to \\u00ff"))
    }
}

/// The value `true`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "bool")]
pub struct Yes;

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value
            .then_some(Self)
            .ok_or("only `true` has a meaning here")
    }
}

fn once() -> usize {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Result<Script, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn every_kind_of_step_is_understood() {
        let script = script(
            "transport = 'unix_stale'\nsteps = [{send = '\u{e9}', times = 2, each = 1, gap = 0.5}, \
             {expect = '^A'}, {delay = 1}, {tls = 'days20', min = 'TLSv1_3'}, {eof = true}, \
             {close = true}, {reset = true}, {freeze = true}, {thaw = true}]\n\
             rules = [{on = 'x', send = 'y', tls = 'none', close = true}]",
        )
        .unwrap();
        assert_eq!(script.transport, Transport::UnixStale);
        assert_eq!((script.steps.len(), script.rules.len()), (9, 1));
        assert!(matches!(&script.steps[0], Step::Send(send)
            if send.bytes.0 == [0xe9] && send.times == 2 && send.gap.as_millis() == 500));
        assert!(matches!(&script.steps[2], Step::Delay { delay } if delay.as_secs() == 1));
        assert!(matches!(&script.steps[3], Step::Tls(tls) if tls.min == Some(Version::V1_3)));
        assert!(matches!(script.steps[8], Step::Thaw { .. }));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "transport = 'udp'",
            "steps = [{say = 'x'}]",
            "steps = [{send = 'x', twice = true}]",
            "steps = [{close = false}]",
            "steps = [{expect = '('}]",
            "steps = [{send = '\u{20ac}'}]",
            "steps = [{tls = 'nosuch'}]",
            "rules = [{send = 'x'}]",
        ] {
            assert!(script(text).is_err(), "{text}");
        }
    }
}
