//! The exchange that all mechanisms have in common (RFC 4954 section 4).

use std::io::{Read, Write};

use base64ct::{Base64, Encoding};
use sandcheck_plugin::state::{Finding, State};

use super::{Mechanism, Verdict, critical};
use crate::dialogue::{Session, Stop};
use crate::reply::Reply;
use crate::trace::HIDDEN;
use crate::wire::WireError;

/// The longest command line (RFC 5321 section 4.5.3.1.4), without its end.
const COMMAND_LIMIT: usize = 510;

/// Challenges that are answered; no mechanism has more than three.
const ROUNDS: usize = 8;

/// One side of a mechanism.
pub(super) trait Client {
    /// What goes with the command, where the client begins.
    fn first(&mut self) -> Option<Vec<u8>>;

    /// The answer to a challenge, or what is wrong with it.
    fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, String>;

    /// Whether the server has proved whatever it has to.
    fn is_satisfied(&self) -> bool {
        true
    }

    /// What the server refuses the login for, where it has named something else than the password.
    fn reason(&self) -> Option<&'static str> {
        None
    }
}

pub(super) fn run<S: Read + Write>(
    session: &mut Session<'_, S>,
    mechanism: Mechanism,
    mut client: impl Client,
) -> Result<Verdict, Stop> {
    let command = format!("AUTH {mechanism}");
    let first = client.first().map(|first| encoded_first(&first));
    // RFC 4954 section 4: too long a line goes without it, and the server asks for it.
    let fits = |first: &String| command.len() + 1 + first.len() <= COMMAND_LIMIT;
    let (mut line, mut kept, shown) = match first {
        Some(first) if fits(&first) => (
            format!("{command} {first}"),
            None,
            format!("{command} {HIDDEN}"),
        ),
        first => (command.clone(), first, command),
    };
    let mut shown = shown;
    for _ in 0..ROUNDS {
        let reply = match turn(session, mechanism, &line, &shown)? {
            Ok(reply) => reply,
            Err(lost) => return Ok(Verdict::Failed(lost)),
        };
        match reply.code() {
            Some(235) if client.is_satisfied() => return Ok(Verdict::Accepted),
            Some(235) => {
                let text =
                    format!("{mechanism}: the server did not prove that it knows the password");
                return Ok(Verdict::Failed(critical(text)));
            }
            Some(334) => {}
            _ => return Ok(refusal(mechanism, &reply, client.reason())),
        }
        if let Some(first) = kept.take() {
            line = first;
        } else {
            match challenge(&reply).and_then(|challenge| client.answer(&challenge)) {
                Ok(answer) => line = Base64::encode_string(&answer),
                Err(problem) => return give_up(session, mechanism, &problem),
            }
        }
        HIDDEN.clone_into(&mut shown);
    }
    give_up(session, mechanism, "the server asks without end")
}

/// RFC 4954 section 4: an asterisk ends the exchange, whatever the server says to it.
fn give_up<S: Read + Write>(
    session: &mut Session<'_, S>,
    mechanism: Mechanism,
    problem: &str,
) -> Result<Verdict, Stop> {
    let _ = turn(session, mechanism, "*", "*")?;
    Ok(Verdict::Failed(critical(format!("{mechanism}: {problem}"))))
}

/// Nothing at all is an equals sign.
fn encoded_first(first: &[u8]) -> String {
    if first.is_empty() {
        "=".to_owned()
    } else {
        Base64::encode_string(first)
    }
}

fn challenge(reply: &Reply) -> Result<Vec<u8>, String> {
    let text = reply.text();
    let text = text.get(3..).unwrap_or_default().trim();
    Base64::decode_vec(text).map_err(|_| "the challenge is not in base64".to_owned())
}

/// Sends a line and reads the reply, or says that the server is gone.
fn turn<S: Read + Write>(
    session: &mut Session<'_, S>,
    mechanism: Mechanism,
    line: &str,
    shown: &str,
) -> Result<Result<Reply, Finding>, Stop> {
    session.send_as(line, shown)?;
    session.trace(|| format!("sent {shown}"));
    match session.reply() {
        Ok(reply) => {
            session.trace(|| format!("received {}", reply.shown()));
            Ok(Ok(reply))
        }
        Err(WireError::TimedOut) => Err(Stop::TimeOut),
        Err(WireError::Lost) => {
            let text = format!("connection lost while logging in with {mechanism}");
            Ok(Err(critical(text)))
        }
    }
}

/// What a refusal means (RFC 4954 sections 4 and 6, RFC 5321 section 4.2.1); `named` is what the server has
/// said about it before.
fn refusal(mechanism: Mechanism, reply: &Reply, named: Option<&'static str>) -> Verdict {
    let (state, reason) = match (reply.code(), named) {
        (Some(500..=599), Some(named)) => (State::Critical, named),
        (Some(535), None) => (State::Critical, mechanism.mistake()),
        (Some(code), _) => meaning(code),
        (None, _) => (State::Critical, "refused"),
    };
    let text = format!("login with {mechanism} failed, {reason}: {}", reply.shown());
    let finding = Finding { state, text };
    if reply.code() == Some(535) && named.is_none() {
        Verdict::Refused(finding)
    } else {
        Verdict::Failed(finding)
    }
}

fn meaning(code: u16) -> (State, &'static str) {
    match code {
        432 => (State::Warning, "the password has to be changed first"),
        454 => (State::Warning, "the server cannot tell for now"),
        504 => (State::Critical, "the server does not know the mechanism"),
        530 | 538 => (State::Critical, "it needs encryption"),
        534 => (State::Critical, "the mechanism is too weak for this server"),
        400..=499 => (State::Warning, "refused for now"),
        _ => (State::Critical, "refused"),
    }
}
