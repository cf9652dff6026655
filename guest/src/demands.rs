//! What is asked of a server beyond what the reference can ask. Each demand is an option of its own, and
//! one that is not met is CRITICAL.

use std::io::{Read, Write};

use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::State;

use crate::dialogue::{Session, Stop};
use crate::options::{self, Options, Protocol, Security};
use crate::phase::Phase;
use crate::reply::Reply;
use crate::status::Status;

/// The demands of one check; none by default.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are flags of a command line"
)]
#[derive(Debug, Default)]
pub struct Demands {
    /// EHLO, where HELO would do.
    ehlo: bool,
    /// Every refused command counts, by its reply code.
    strict: bool,
    /// These addresses must be accepted.
    recipients: Vec<String>,
    /// These addresses must be refused.
    foreign: Vec<String>,
    /// These must be in the reply to EHLO.
    keywords: Vec<String>,
    /// AUTH must not be offered without TLS.
    no_clear_auth: bool,
    /// The sender is announced with SMTPUTF8.
    utf8: bool,
}

impl Demands {
    /// Takes an option, if it is a demand.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Misuse>> {
        let listed = |value: Result<String, Misuse>, list: &mut Vec<String>| {
            value.map(|value| list.push(value))
        };
        Some(match name {
            "ehlo" => {
                self.ehlo = true;
                Ok(())
            }
            "strict" => {
                self.strict = true;
                Ok(())
            }
            "require-starttls-before-auth" => {
                self.no_clear_auth = true;
                Ok(())
            }
            "smtputf8" => {
                self.utf8 = true;
                Ok(())
            }
            "rcpt" => listed(recipient("rcpt", value), &mut self.recipients),
            "no-relay" => listed(recipient("no-relay", value), &mut self.foreign),
            "expect-keyword" => listed(keyword(value), &mut self.keywords),
            _ => return None,
        })
    }

    /// Refuses what contradicts the other options.
    pub(crate) fn check(
        &self,
        protocol: Protocol,
        security: Security,
        logs_in: bool,
    ) -> Result<(), Misuse> {
        if self.ehlo && protocol == Protocol::Lmtp {
            return Err(Misuse::hinted(
                "Set either --ehlo or -L/--lmtp, they contradict",
                "LMTP greets with LHLO, whose reply is like that to EHLO",
            ));
        }
        if self.no_clear_auth && security == Security::Implicit {
            return Err(Misuse::hinted(
                "Set either --require-starttls-before-auth or -s/--ssl/--tls, they contradict",
                "over implicit TLS nothing is said in clear",
            ));
        }
        if logs_in && !self.foreign.is_empty() {
            return Err(Misuse::hinted(
                "Set either --no-relay or -A/--authtype, they contradict",
                "who logs in may relay",
            ));
        }
        Ok(())
    }

    /// Whether there is any.
    pub(crate) fn is_any(&self) -> bool {
        self.strict || self.needs_ehlo() || self.needs_transaction()
    }

    /// Whether HELO will not do.
    pub(crate) fn needs_ehlo(&self) -> bool {
        self.ehlo || self.no_clear_auth || self.utf8 || !self.keywords.is_empty()
    }

    /// Whether a sender has to be named, because recipients are, or for what is said with it.
    pub(crate) fn needs_transaction(&self) -> bool {
        self.utf8 || !self.recipients.is_empty() || !self.foreign.is_empty()
    }

    /// What stands behind the sender's address (RFC 6531 section 3.4).
    pub(crate) fn mail_parameters(&self) -> &'static str {
        if self.utf8 { " SMTPUTF8" } else { "" }
    }

    /// What a refused command means, and what there is to add to it.
    pub(crate) fn judge(&self, reply: &Reply) -> (State, String) {
        if self.strict || self.needs_transaction() {
            (severity(reply), remark(reply))
        } else {
            (State::Warning, String::new())
        }
    }

    /// Whether the reply to a command that nothing else judges is a problem.
    pub(crate) fn minds(&self, reply: &Reply) -> bool {
        self.strict && reply.is_refusal()
    }
}

/// RFC 5321 section 3.2: who does not know EHLO is greeted with HELO, unless what is wanted needs EHLO.
pub(crate) fn falls_back(options: &Options, reply: &Reply) -> bool {
    options.demands.needs_ehlo()
        && options.protocol == Protocol::Smtp
        && options.security != Security::StartTls
        && options.login.is_none()
        && matches!(reply.code(), Some(500..=599))
}

/// What may be offered before TLS.
pub(crate) fn check_clear_offers<S: Read + Write>(session: &mut Session<'_, S>, reply: &Reply) {
    // Before RFC 4954 AUTH was announced with an equals sign.
    let offers_auth = reply.offers("AUTH") || reply.offers_beginning("AUTH=");
    if session.options.demands.no_clear_auth && offers_auth {
        session.find(
            State::Critical,
            "SMTP CRITICAL - AUTH is offered without TLS",
        );
    }
}

/// What must be offered at last; false when a sender cannot be announced as the options ask.
pub(crate) fn check_offers<S: Read + Write>(session: &mut Session<'_, S>, reply: &Reply) -> bool {
    let demands = &session.options.demands;
    let utf8 = demands.utf8.then_some("SMTPUTF8");
    let keywords = demands.keywords.iter().map(String::as_str);
    for keyword in keywords.chain(utf8) {
        if !reply.offers(keyword) {
            let text = format!("SMTP CRITICAL - {keyword} is not offered");
            session.find(State::Critical, &text);
        }
    }
    // RFC 6531 section 3.4: only to a server that offers it.
    utf8.is_none_or(|keyword| reply.offers(keyword))
}

/// Names the recipients, and takes all of it back; false when the server is gone.
pub(crate) fn recipients<S: Read + Write>(session: &mut Session<'_, S>) -> Result<bool, Stop> {
    let demands = &session.options.demands;
    if !demands.needs_transaction() {
        return Ok(true);
    }
    session.begin(Phase::Rcpt);
    for address in &demands.recipients {
        let command = format!("RCPT TO:<{address}>");
        let Some(reply) = session.exchange(&command)? else {
            return Ok(false);
        };
        session.accepted(&reply, &command);
    }
    for address in &demands.foreign {
        let command = format!("RCPT TO:<{address}>");
        let Some(reply) = session.exchange(&command)? else {
            return Ok(false);
        };
        must_be_refused(session, &reply, &command);
    }
    let Some(reply) = session.exchange("RSET")? else {
        return Ok(false);
    };
    session.end();
    session.accepted(&reply, "RSET");
    Ok(true)
}

/// RFC 5321 section 3.3: 5yz is for good. So is 454, with which Postfix refuses to relay unless it is told
/// otherwise; other 4yz tell nothing, for example where greylisting comes first.
fn must_be_refused<S: Read + Write>(session: &mut Session<'_, S>, reply: &Reply, command: &str) {
    let said = reply.shown();
    match reply.code() {
        Some(454 | 500..=599) => {}
        Some(200..=299) => {
            let text = format!("SMTP CRITICAL - open relay: '{said}' to command '{command}'");
            session.find(State::Critical, &text);
        }
        _ => {
            let remark = remark(reply);
            let text = format!(
                "SMTP WARNING - not refused for good: '{said}' to command '{command}'{remark}"
            );
            session.find(State::Warning, &text);
        }
    }
}

/// For now or for good (RFC 5321 section 4.2.1).
fn severity(reply: &Reply) -> State {
    match reply.code() {
        Some(500..=599) => State::Critical,
        _ => State::Warning,
    }
}

fn remark(reply: &Reply) -> String {
    let meaning = Status::of(reply).and_then(Status::meaning);
    meaning.map_or_else(String::new, |meaning| format!(" ({meaning})"))
}

/// An address alone, on one line.
fn recipient(option: &str, value: &str) -> Result<String, Misuse> {
    let line = options::one_line(option, value)?;
    let address = options::address(&line);
    if address.trim().is_empty() {
        return Err(Misuse::hinted(
            format!("Invalid address - {value}"),
            format!("--{option} takes an address such as postmaster@example.org"),
        ));
    }
    Ok(address.to_owned())
}

/// A keyword of EHLO (RFC 5321 section 4.1.1.1), with parameters that it must have.
fn keyword(value: &str) -> Result<String, Misuse> {
    let mut words = value.split(' ');
    let is_keyword = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphanumeric())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_parameter = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic());
    if words.next().is_some_and(is_keyword) && words.all(is_parameter) {
        return Ok(value.to_owned());
    }
    Err(Misuse::hinted(
        format!("Invalid keyword - {value}"),
        "--expect-keyword takes what a line of the reply to EHLO begins with, such as SIZE or 'AUTH PLAIN'",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(name: &str, value: &str) -> Result<(), String> {
        let taken = Demands::default().take(name, value).expect("a demand");
        taken.map_err(|misuse| misuse.message)
    }

    #[test]
    fn addresses_are_on_one_line_and_not_empty() {
        for option in ["rcpt", "no-relay"] {
            for bad in ["", "<>", " ", "a@b\r\nDATA", "a\0"] {
                assert!(taken(option, bad).is_err(), "{option} {bad:?}");
            }
            assert_eq!(taken(option, "Name <a@b>"), Ok(()));
        }
    }

    #[test]
    fn keywords_are_words_of_the_grammar() {
        for good in ["SIZE", "8bitmime", "AUTH PLAIN LOGIN", "X-A"] {
            assert_eq!(taken("expect-keyword", good), Ok(()), "{good}");
        }
        for bad in ["", "-A", "A B ", "AUTH=PLAIN", "A\r\n", "SIZE  1", "é"] {
            assert_eq!(
                taken("expect-keyword", bad),
                Err(format!("Invalid keyword - {bad}"))
            );
        }
    }

    #[test]
    fn other_options_are_not_taken() {
        assert!(Demands::default().take("hostname", "x").is_none());
        assert!(!Demands::default().is_any());
    }
}
