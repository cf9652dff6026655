//! What a scripted server does: the `[case.server]` table.

use std::time::Duration;

use serde::Deserialize;

use crate::bytes::Bytes;
use crate::certificates::Credentials;
use crate::hex::Hex;
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
    expecting = "not a step; the steps are {send, times, each, gap}, {bytes, record, times, \
                 each, gap}, {expect}, {delay}, {tls, min, max, client_cert, sni, fragment}, \
                 {key_updates}, {scram, plus, twist}, and {eof = true} with starttls, hello, close, reset, freeze or \
                 thaw in the place of eof"
)]
pub enum Step {
    /// Sends bytes.
    Send(Send),
    /// Sends bytes beneath TLS, or records of it.
    Raw(Raw),
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
    /// The session in clear that leads to TLS: the greeting, EHLO, the offer of STARTTLS, and a
    /// 220 to that.
    StartTls {
        /// The mark of this step.
        starttls: Yes,
    },
    /// Reads the hello with which a client begins its handshake, and does not answer it.
    Hello {
        /// The mark of this step.
        hello: Yes,
    },
    /// Changes the server's key, and tells the client to change its own (RFC 8446 section 4.6.3).
    KeyUpdates {
        /// How many times.
        key_updates: usize,
    },
    /// A login with SCRAM, from the client's AUTH to the reply that ends it.
    Scram(Scram),
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

/// Bytes that the server's TLS, if any has begun, does not know of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// The bytes; a session id in them is that of the client's last hello.
    pub bytes: Hex,
    /// Makes them the contents of a record of this type (RFC 8446 section 5.1), sealed once TLS
    /// has begun.  Without it they are sent as they are.
    pub record: Option<u8>,
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
    /// How many bytes of the handshake a record in clear holds at most.
    pub fragment: Option<usize>,
}

impl From<Credentials> for Tls {
    fn from(credentials: Credentials) -> Self {
        Self {
            credentials,
            min: None,
            max: None,
            client_cert: false,
            sni: None,
            fragment: None,
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

/// A login with SCRAM-SHA-256, or SCRAM-SHA-256-PLUS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scram {
    /// The user and the password, a colon between them.
    pub scram: String,
    /// Whether the server knows channel binding.
    #[serde(default)]
    pub plus: bool,
    /// What is not as it should be.
    pub twist: Option<Twist>,
}

impl Scram {
    pub(super) fn user(&self) -> &str {
        self.scram.split_once(':').map_or("", |(user, _)| user)
    }

    pub(super) fn password(&self) -> &str {
        self.scram
            .split_once(':')
            .map_or("", |(_, password)| password)
    }
}

/// What is not as it should be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Twist {
    /// The client's TLS ends somewhere else.
    Elsewhere,
    /// The server does not know the password, and accepts all the same.
    Forged,
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
             {close = true}, {reset = true}, {freeze = true}, {thaw = true}, \
             {bytes = '16 {session}', record = 22, times = 2}, {hello = true}, \
             {key_updates = 3}, {tls = {names = 9}, fragment = 1}, {starttls = true}]\n\
             rules = [{on = 'x', send = 'y', tls = 'none', close = true}]",
        )
        .unwrap();
        assert_eq!(script.transport, Transport::UnixStale);
        assert_eq!((script.steps.len(), script.rules.len()), (14, 1));
        assert!(matches!(&script.steps[0], Step::Send(send)
            if send.bytes.0 == [0xe9] && send.times == 2 && send.gap.as_millis() == 500));
        assert!(matches!(&script.steps[2], Step::Delay { delay } if delay.as_secs() == 1));
        assert!(matches!(&script.steps[3], Step::Tls(tls) if tls.min == Some(Version::V1_3)));
        assert!(matches!(script.steps[8], Step::Thaw { .. }));
        assert!(matches!(&script.steps[9], Step::Raw(raw)
            if raw.bytes.bytes(b"ID") == b"\x16ID" && raw.record == Some(22)));
        assert!(matches!(script.steps[10], Step::Hello { .. }));
        assert!(matches!(
            script.steps[11],
            Step::KeyUpdates { key_updates: 3 }
        ));
        assert!(matches!(&script.steps[12], Step::Tls(tls) if tls.fragment == Some(1)));
        assert!(matches!(script.steps[13], Step::StartTls { .. }));
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
            "steps = [{tls = {nosuch = 1}}]",
            "steps = [{bytes = 'x'}]",
            "rules = [{send = 'x'}]",
            "steps = [{scram = 'a:b', twist = 'other'}]",
        ] {
            assert!(script(text).is_err(), "{text}");
        }
    }
}
