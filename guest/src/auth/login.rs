//! AUTH LOGIN, in the reference's words.

use std::io::{Read, Write};

use base64ct::{Base64, Encoding};
use sandcheck_plugin::state::{Finding, State};

use super::{Login, Verdict};
use crate::dialogue::{Session, Stop};
use crate::trace::HIDDEN;
use crate::wire::WireError;

/// One line to send and what must come back.
struct Turn<'a> {
    line: String,
    /// What the transcript shows for the line.
    shown: &'a str,
    /// How the line is called in a finding.
    lost_after: &'a str,
    refused_after: &'a str,
    code: u16,
    /// How bad it is when the server is gone.
    lost: State,
}

/// AUTH LOGIN (draft-murchison-sasl-login): the user name and the password, in base64, each in a
/// line of its own.
pub(super) fn login<S: Read + Write>(
    session: &mut Session<'_, S>,
    login: &Login,
) -> Result<Verdict, Stop> {
    let user = Base64::encode_string(login.user.as_bytes());
    let turns = [
        Turn {
            line: "AUTH LOGIN".to_owned(),
            shown: "AUTH LOGIN",
            lost_after: "AUTH LOGIN",
            refused_after: "AUTH LOGIN",
            code: 334,
            lost: State::Warning,
        },
        Turn {
            line: user.clone(),
            shown: &user,
            lost_after: "sending authuser",
            refused_after: "authuser",
            code: 334,
            lost: State::Critical,
        },
        Turn {
            line: Base64::encode_string(login.password.as_bytes()),
            shown: HIDDEN,
            lost_after: "sending authpass",
            refused_after: "authpass",
            code: 235,
            lost: State::Critical,
        },
    ];
    for turn in turns {
        if let Some(verdict) = take(session, &turn)? {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Accepted)
}

/// One turn; a verdict when it is the last one.
fn take<S: Read + Write>(
    session: &mut Session<'_, S>,
    turn: &Turn<'_>,
) -> Result<Option<Verdict>, Stop> {
    session.send_as(&turn.line, turn.shown)?;
    session.trace(|| format!("sent {}", turn.shown));
    match session.reply() {
        Ok(reply) => {
            session.trace(|| format!("received {}", reply.shown()));
            if reply.code() == Some(turn.code) {
                return Ok(None);
            }
            let text = format!("invalid response received after {}", turn.refused_after);
            let state = State::Critical;
            let finding = Finding { state, text };
            Ok(Some(if reply.code() == Some(535) {
                Verdict::Refused(finding)
            } else {
                Verdict::Failed(finding)
            }))
        }
        Err(WireError::TimedOut) => Err(Stop::TimeOut),
        Err(WireError::Lost) => {
            let text = format!("recv() failed after {}", turn.lost_after);
            let state = turn.lost;
            Ok(Some(Verdict::Failed(Finding { state, text })))
        }
    }
}
