//! What `-vv` and `-vvv` tell: each line with its time and direction, what TLS came to, and why things
//! were done as they were.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::time::Duration;

use sandcheck_plugin::certificate_text::Text;
use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::table::Kind;

use crate::dialogue::Session;
use crate::options::{Options, Protocol, Security};
use crate::phase::Phase;
use crate::reply::Reply;
use crate::table::SPECS;
use crate::timings;

/// What stands for a secret, and for a server's words where those are not wanted.
pub(crate) const HIDDEN: &str = "(hidden)";

/// `-vv`.
const WIRE: u8 = 2;
/// `-vvv`.
const REASONS: u8 = 3;

/// What has to be known of the line before.
#[derive(Default)]
pub(crate) struct Tracer {
    /// The server asked for something in a login, so the next line may be a secret.
    is_challenged: bool,
}

/// The options as they were given, for `-vvv`: those whose values cannot be secrets.
pub(crate) fn in_force(verbose: u8, arguments: &[(String, Option<String>)]) -> Vec<String> {
    if verbose < REASONS {
        return Vec::new();
    }
    arguments.iter().filter_map(shown_argument).collect()
}

fn shown_argument((name, value): &(String, Option<String>)) -> Option<String> {
    let kind = SPECS.iter().find(|spec| spec.name == name)?.kind;
    let is_shown = match kind {
        Kind::Flag => return Some(format!("--{name}")),
        // A command may be part of a login.
        Kind::Text => name != "command",
        Kind::Integer
        | Kind::Number
        | Kind::Duration
        | Kind::Range
        | Kind::Host
        | Kind::Domain
        | Kind::Port
        | Kind::Timeout
        | Kind::Nodename
        | Kind::Output
        | Kind::Source => true,
        Kind::Secret | Kind::File | Kind::Anchors => false,
    };
    let value = value.as_deref().filter(|_| is_shown).unwrap_or(HIDDEN);
    Some(format!("--{name}={value}"))
}

pub(crate) fn connected<S: Read + Write>(session: &mut Session<'_, S>) {
    let options = session.options;
    for option in &options.in_force {
        push(session, '*', &format!("option {option}"));
    }
    note(session, || match &options.host {
        Host::Path(path) => format!("connected to {path}"),
        _ => format!("connected to {}, port {}", options.server, options.port),
    });
    reason(session, || hello(options));
}

/// Which greeting, and why.
fn hello(options: &Options) -> String {
    let why = match options.protocol {
        Protocol::Lmtp => "LHLO: the protocol is LMTP (-L)",
        Protocol::Smtp if options.security == Security::StartTls => {
            "EHLO: STARTTLS is an extension"
        }
        Protocol::Smtp if options.login.is_some() => "EHLO: AUTH is an extension",
        Protocol::Smtp if options.demands.needs_ehlo() => "EHLO: an option asks for it",
        Protocol::Smtp if options.lifetime.is_some() => "EHLO: as the reference with -D",
        Protocol::Smtp => "HELO: no extension is needed",
    };
    format!("greeting with {why}")
}

pub(crate) fn sent<S: Read + Write>(session: &mut Session<'_, S>, line: &str) {
    if session.options.verbose >= WIRE {
        let line = if session.tracer.is_challenged && line != "*" {
            HIDDEN.into()
        } else {
            masked(line)
        };
        push(session, '>', &line);
    }
    session.tracer.is_challenged = false;
}

/// RFC 4954 section 4: what stands behind the mechanism is as good as a password.
fn masked(line: &str) -> Cow<'_, str> {
    let mut words = line.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(auth), Some(mechanism), Some(_)) if auth.eq_ignore_ascii_case("AUTH") => {
            format!("{auth} {mechanism} {HIDDEN}").into()
        }
        _ => line.into(),
    }
}

pub(crate) fn received<S: Read + Write>(session: &mut Session<'_, S>, reply: &Reply) {
    session.tracer.is_challenged = reply.code() == Some(334);
    if session.options.verbose < WIRE {
        return;
    }
    for line in reply.shown().lines() {
        push(session, '<', line);
    }
}

/// What TLS came to, in one line of the transcript, and more of it in the details.
pub(crate) fn secured<S: Read + Write>(session: &mut Session<'_, S>) {
    if session.options.verbose < WIRE {
        return;
    }
    let Some(tls) = session.wire.tls() else {
        return;
    };
    let agreed = tls.agreed();
    let agreed = format!("{}, {}, {}", agreed.version, agreed.suite, agreed.group);
    let is_hidden = session.options.no_server_text;
    let shown = if session.options.verbose >= REASONS {
        usize::MAX
    } else {
        1
    };
    let mut details = vec![format!("TLS: {agreed}")];
    for (place, der) in tls.certificates().take(shown).enumerate() {
        details.extend(describe(place, &Text::of(der), is_hidden));
    }
    session.outcome.details.extend(details);
    push(session, '*', &agreed);
}

/// A certificate, line by line; the server's own is at place 0.
fn describe(place: usize, text: &Text, is_hidden: bool) -> Vec<String> {
    let of = match place {
        0 => "certificate".to_owned(),
        place => format!("chain {place}"),
    };
    let names = text.names.join(", ");
    let said = [
        ("subject", &text.subject),
        ("issuer", &text.issuer),
        ("names", &names),
        ("serial", &text.serial),
    ];
    let valid = format!("{} to {}", text.begins, text.ends);
    let computed = [
        ("valid", &valid),
        ("SHA-256", &text.fingerprint),
        ("key SHA-256", &text.key_fingerprint),
    ];
    said.into_iter()
        .filter(|(_, value)| !is_hidden && !value.is_empty())
        .chain(computed)
        .map(|(what, value)| format!("{of} {what}: {value}"))
        .collect()
}

pub(crate) fn ended<S: Read + Write>(session: &mut Session<'_, S>, phase: Phase, time: Duration) {
    reason(session, || {
        let (name, seconds) = (timings::name(Some(phase)), time.as_secs_f64());
        format!("phase {name} is done, {seconds:.3} sec.")
    });
}

/// For `-vv`.
pub(crate) fn note<S: Read + Write>(session: &mut Session<'_, S>, line: impl FnOnce() -> String) {
    if session.options.verbose >= WIRE {
        push(session, '*', &line());
    }
}

/// For `-vvv`.
pub(crate) fn reason<S: Read + Write>(session: &mut Session<'_, S>, line: impl FnOnce() -> String) {
    if session.options.verbose >= REASONS {
        push(session, '*', &line());
    }
}

fn push<S: Read + Write>(session: &mut Session<'_, S>, mark: char, line: &str) {
    let seconds = session.stopwatch.time().unwrap_or_default().as_secs_f64();
    let line = format!("{seconds:.3} {mark} {line}");
    session.outcome.transcript.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_login_is_masked() {
        for (line, shown) in [
            ("AUTH PLAIN AGEAYg==", "AUTH PLAIN (hidden)"),
            ("auth plain AGEAYg==", "auth plain (hidden)"),
            ("AUTH LOGIN", "AUTH LOGIN"),
            ("MAIL FROM:<a@b> SIZE=1", "MAIL FROM:<a@b> SIZE=1"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn options_are_told_without_secrets() {
        let given = [
            ("hostname", "mx"),
            ("authpass", "secret"),
            ("command", "AUTH PLAIN secret"),
            ("verbose", ""),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        assert_eq!(
            in_force(3, &given),
            [
                "--hostname=mx",
                "--authpass=(hidden)",
                "--command=(hidden)",
                "--verbose"
            ]
        );
        assert!(in_force(2, &given).is_empty());
    }
}
