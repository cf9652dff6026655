//! The session with the server, from the greeting to QUIT, one function a step.

use std::io::{Read, Write};

use sandcheck_plugin::certificate::{self, Lifetime};
use sandcheck_plugin::state::{Finding, State};
#[cfg(feature = "tls")]
use sandcheck_plugin::tls::AlertDescription;
#[cfg(feature = "extended")]
use sandcheck_plugin::tls::CertificateDer;
use sandcheck_plugin::tls::TlsError;

use crate::auth;
use crate::demands;
use crate::options::{Expectation, Options, Protocol, SMTP_PORT, Security};
use crate::outcome::{Ending, Outcome};
use crate::phase::Phase;
use crate::reply::Reply;
use crate::timings::Stopwatch;
use crate::trace::{self, Tracer};
use crate::trust;
use crate::wire::{Wire, WireError};

/// Runs the session over an open connection. `now` is seconds since 1970.
pub fn run<S: Read + Write>(options: &Options, stream: S, now: i64) -> Outcome {
    run_timed(options, stream, now, Stopwatch::idle())
}

/// The same, with a stopwatch that has run until now.
pub fn run_timed<S: Read + Write>(
    options: &Options,
    stream: S,
    now: i64,
    stopwatch: Stopwatch<'_>,
) -> Outcome {
    let outcome = Outcome {
        transcript: plan(options),
        ..Outcome::default()
    };
    let mut session = Session {
        options,
        now,
        hello: hello_command(options),
        wire: Wire::new(stream),
        outcome,
        stopwatch,
        tracer: Tracer::default(),
    };
    trace::connected(&mut session);
    match session.steps() {
        Ok(()) => {}
        Err(Stop::Abandon) => session.outcome.ending = Ending::Abandoned,
        Err(Stop::TimeOut) => session.outcome.ending = Ending::TimedOut,
    }
    session.outcome.laps = session.stopwatch.stop();
    session.outcome
}

/// What the transcript says before anything is connected to.
#[must_use]
pub fn plan(options: &Options) -> Vec<String> {
    if options.verbose == 0 {
        return Vec::new();
    }
    let mail = options
        .sender
        .iter()
        .map(|sender| format!("FROM CMD: {}", mail_command(options, sender)));
    std::iter::once(format!("HELOCMD: {}", hello_command(options)))
        .chain(mail)
        .collect()
}

/// RFC 5321 section 4.1.1.2.
fn mail_command(options: &Options, sender: &str) -> String {
    format!("MAIL FROM:<{sender}>{}", options.demands.mail_parameters())
}

/// RFC 2033 section 4.1: LHLO in LMTP. HELO is enough where no extension is used.
fn hello_command(options: &Options) -> String {
    let extended = options.login.is_some()
        || options.lifetime.is_some()
        || options.demands.needs_ehlo()
        || options.security == Security::StartTls;
    let verb = match options.protocol {
        Protocol::Lmtp => "LHLO",
        Protocol::Smtp if extended => "EHLO",
        Protocol::Smtp => "HELO",
    };
    format!("{verb} {}", options.greet_as)
}

/// Why the session does not go on. What there is to say about it has been recorded.
#[derive(Debug)]
pub(crate) enum Stop {
    /// There is no response time to report.
    Abandon,
    /// The time for the whole check was used up.
    TimeOut,
}

impl From<WireError> for Stop {
    fn from(error: WireError) -> Self {
        match error {
            WireError::TimedOut => Self::TimeOut,
            WireError::Lost => Self::Abandon,
        }
    }
}

/// A session under way.
pub(crate) struct Session<'a, S> {
    pub(crate) options: &'a Options,
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// How the server is greeted.
    pub(crate) hello: String,
    pub(crate) wire: Wire<S>,
    pub(crate) outcome: Outcome,
    pub(crate) stopwatch: Stopwatch<'a>,
    #[cfg_attr(
        not(feature = "extended"),
        allow(dead_code, reason = "there is nothing to trace")
    )]
    pub(crate) tracer: Tracer,
}

impl<S: Read + Write> Session<'_, S> {
    fn steps(&mut self) -> Result<(), Stop> {
        if !self.options.proxy.is_empty() {
            trace::note(self, || "PROXY header sent".to_owned());
            self.wire.send_as_it_is(&self.options.proxy)?;
        }
        if self.options.security == Security::Implicit {
            self.secure()?;
        }
        let greeting = self.greeting()?;
        let mut reply = self.greet(&greeting)?;
        if demands::falls_back(self.options, &reply) {
            self.trace(|| reply.shown().into_owned());
            trace::reason(self, || "HELO, because EHLO was refused".to_owned());
            self.hello = format!("HELO {}", self.options.greet_as);
            reply = self.greet(&greeting)?;
        }
        demands::check_clear_offers(self, &reply);
        if self.options.security == Security::StartTls {
            self.check_readiness(&greeting, &reply)?;
            self.starttls(&reply)?;
            self.secure()?;
            reply = self.greet_again()?;
        }
        self.trace(|| reply.shown().into_owned());
        if let Some(limits) = self.options.lifetime {
            self.check_certificate(limits)?;
        }
        self.check_expectation(&greeting, &reply)?;
        let may_announce = demands::check_offers(self, &reply);
        let hello = self.hello.clone();
        if self.accepted(&reply, &hello) && self.log_in(&reply)? && may_announce {
            self.transaction()?;
        }
        self.quit()
    }

    /// RFC 5321 section 4.3.1: nothing is said before the whole greeting is there.
    fn greeting(&mut self) -> Result<Reply, Stop> {
        self.begin(Phase::Greeting);
        let reply = self.reply();
        let reply = reply.map_err(|error| self.nothing_received(error))?;
        self.end();
        Ok(reply)
    }

    fn greet(&mut self, greeting: &Reply) -> Result<Reply, Stop> {
        self.begin(Phase::Ehlo);
        self.send(&self.hello.clone())?;
        match self.reply() {
            Ok(reply) => {
                self.end();
                Ok(reply)
            }
            // RFC 5321 section 3.1: a server may refuse service and go; what it said matters.
            Err(WireError::Lost) if greeting.is_refusal() && !self.is_expected(&[greeting]) => {
                Err(self.unexpected(greeting, None))
            }
            Err(error) => Err(self.nothing_received(error)),
        }
    }

    fn nothing_received(&mut self, error: WireError) -> Stop {
        if error == WireError::Lost {
            self.find(State::Warning, "recv() failed");
            trust::tell_refusal(self, State::Warning);
        }
        error.into()
    }

    /// A server that refuses service is not to blame for its TLS.
    fn check_readiness(&mut self, greeting: &Reply, reply: &Reply) -> Result<(), Stop> {
        let expected = self.options.expectation != Expectation::ServiceReady;
        if expected || !greeting.is_refusal() {
            return Ok(());
        }
        Err(self.unexpected(greeting, Some(reply)))
    }

    fn starttls(&mut self, reply: &Reply) -> Result<(), Stop> {
        if !reply.offers("STARTTLS") {
            self.find(State::Warning, "WARNING - TLS not supported by server");
            return Err(self.leave());
        }
        self.begin(Phase::StartTls);
        self.send("STARTTLS")?;
        let ready = match self.reply() {
            Ok(reply) => reply.code() == Some(220),
            Err(WireError::TimedOut) => return Err(Stop::TimeOut),
            Err(WireError::Lost) => false,
        };
        if ready {
            self.end();
            return Ok(());
        }
        // RFC 3207 section 4: anything but 220 is a refusal.
        self.find(State::Unknown, "Server does not support STARTTLS");
        Err(self.leave())
    }

    fn secure(&mut self) -> Result<(), Stop> {
        self.begin(Phase::Tls);
        let Err(error) = trust::secure(&mut self.wire, self.options) else {
            self.end();
            self.stopwatch
                .note_certificate(self.options, self.wire.certificate(), self.now);
            trace::secured(self);
            return Ok(());
        };
        if matches!(error, TlsError::TimedOut) {
            return Err(Stop::TimeOut);
        }
        // The alert ended the session: no command, let alone a password, goes to such a server.
        if let Some(rejection) = trust::rejection(&error, self.options) {
            self.outcome.findings.push(rejection);
            return Err(Stop::Abandon);
        }
        self.find(State::Critical, "CRITICAL - Cannot make SSL connection.");
        let behind_starttls = self.options.security == Security::StartTls;
        let suspicion = match error {
            TlsError::NotTls if behind_starttls => " (possible injection)",
            _ => "",
        };
        self.find(State::Critical, &format!("{error}{suspicion}"));
        Err(Stop::Abandon)
    }

    /// RFC 3207 section 4.2: what was learned before TLS is forgotten.
    fn greet_again(&mut self) -> Result<Reply, Stop> {
        let hello = self.hello.clone();
        self.begin(Phase::Ehlo);
        self.trace(|| format!("sent {hello}"));
        let sent = self
            .put(&hello, &hello)
            .map_err(|error| (error, "Cannot send EHLO command"));
        let reply = sent.and_then(|()| {
            self.reply()
                .map_err(|error| (error, "Cannot read EHLO response"))
        });
        let reply = reply.map_err(|(error, problem)| {
            if error == WireError::Lost {
                self.find(
                    State::Unknown,
                    &format!("SMTP UNKNOWN - {problem} via TLS."),
                );
                trust::tell_refusal(self, State::Unknown);
            }
            Stop::from(error)
        })?;
        self.end();
        Ok(reply)
    }

    fn check_certificate(&mut self, limits: Lifetime) -> Result<(), Stop> {
        let name = self.options.no_server_text.then_some(trace::HIDDEN);
        let judged = self
            .wire
            .certificate()
            .map(|der| certificate::judge_as(name, der, self.now, limits));
        match judged {
            Some(Ok(mut finding)) => {
                if self.options.ignore_expiration {
                    let words = finding
                        .text
                        .split_once(" - ")
                        .map_or("", |(_, words)| words);
                    finding = Finding {
                        state: State::Ok,
                        text: format!("OK - {words}"),
                    };
                }
                self.outcome.findings.push(finding);
                trust::check_chain(self, limits);
                Ok(())
            }
            Some(Err(error)) => {
                let text = format!("CRITICAL - Cannot read the server's certificate: {error}");
                self.find(State::Critical, &text);
                Err(self.leave())
            }
            None => {
                self.find(
                    State::Critical,
                    "CRITICAL - Cannot retrieve server certificate.",
                );
                Err(self.leave())
            }
        }
    }

    fn check_expectation(&mut self, greeting: &Reply, reply: &Reply) -> Result<(), Stop> {
        if self.is_expected(&[greeting, reply]) {
            Ok(())
        } else {
            Err(self.unexpected(greeting, Some(reply)))
        }
    }

    /// Whether the replies, the greeting first, hold what they must.
    fn is_expected(&self, replies: &[&Reply]) -> bool {
        match &self.options.expectation {
            Expectation::ServiceReady => replies.first().and_then(|r| r.code()) == Some(220),
            Expectation::Text(text) => is_found(text, replies),
        }
    }

    /// The greeting in the first line, and what came behind it in a line of its own, which never
    /// begins with the server's words.
    fn unexpected(&mut self, greeting: &Reply, reply: Option<&Reply>) -> Stop {
        let port = match self.options.port {
            SMTP_PORT => String::new(),
            port => format!(" on port {port}"),
        };
        let greeting = if reply.is_some() {
            greeting.shown_line()
        } else {
            greeting.shown()
        };
        let text = format!("Invalid SMTP response received from host{port}: {greeting}");
        self.find(State::Warning, &text);
        if let Some(reply) = reply {
            let text = format!("reply to '{}': {}", self.hello, reply.shown());
            self.find(State::Warning, &text);
        }
        Stop::Abandon
    }

    /// Logs in when that is asked for; false when the session ends there.
    fn log_in(&mut self, reply: &Reply) -> Result<bool, Stop> {
        let Some(login) = &self.options.login else {
            return Ok(true);
        };
        // RFC 4954 section 4: no AUTH during a mail transaction, so it comes before MAIL.
        self.begin(Phase::Auth);
        let (problem, goes_on) = auth::log_in(self, login, reply)?;
        self.end();
        self.outcome.problem = problem;
        Ok(goes_on)
    }

    fn transaction(&mut self) -> Result<(), Stop> {
        let options = self.options;
        // The null sender, where recipients are named and nobody else is.
        let anybody = options.demands.needs_transaction().then_some("");
        if let Some(sender) = options.sender.as_deref().or(anybody) {
            let command = mail_command(options, sender);
            self.begin(Phase::Mail);
            let Some(reply) = self.exchange(&command)? else {
                return Ok(());
            };
            self.end();
            if self.accepted(&reply, &command) && !demands::recipients(self)? {
                return Ok(());
            }
        }
        if options.exchanges.is_empty() {
            return Ok(());
        }
        self.begin(Phase::Command);
        for exchange in &options.exchanges {
            let Some(reply) = self.exchange(&exchange.command)? else {
                return Ok(());
            };
            let is_invalid = match &exchange.response {
                Some(pattern) => !pattern.is_found_in(&reply.matchable()),
                None => options.demands.minds(&reply),
            };
            if is_invalid {
                self.invalid_response(&reply, &exchange.command);
            }
        }
        self.end();
        Ok(())
    }

    /// Sends a command and reads its reply; none when the server is gone, which is recorded.
    pub(crate) fn exchange(&mut self, command: &str) -> Result<Option<Reply>, Stop> {
        self.send(command)?;
        match self.reply() {
            Ok(reply) => {
                self.trace(|| reply.shown().into_owned());
                self.outcome.last_reply = Some(reply.shown().into_owned());
                Ok(Some(reply))
            }
            Err(WireError::TimedOut) => Err(Stop::TimeOut),
            Err(WireError::Lost) => {
                let text = format!("SMTP WARNING - recv() failed after command '{command}'");
                self.find(State::Warning, &text);
                Ok(None)
            }
        }
    }

    /// Whether a command was carried out; what was refused is recorded.
    pub(crate) fn accepted(&mut self, reply: &Reply, command: &str) -> bool {
        self.outcome.last_reply = Some(reply.shown().into_owned());
        if !reply.is_positive() {
            self.invalid_response(reply, command);
        }
        reply.is_positive()
    }

    fn invalid_response(&mut self, reply: &Reply, command: &str) {
        let (state, remark) = self.options.demands.judge(reply);
        let reply = reply.shown();
        let text =
            format!("SMTP {state} - Invalid response '{reply}' to command '{command}'{remark}");
        self.find(state, &text);
    }

    /// RFC 5321 section 4.1.1.10: QUIT is sent on every path, and its reply is waited for.
    fn quit(&mut self) -> Result<(), Stop> {
        self.begin(Phase::Quit);
        match self.put("QUIT", "QUIT") {
            Ok(()) => {}
            Err(WireError::TimedOut) => return Err(Stop::TimeOut),
            Err(WireError::Lost) => return self.quit_failed(),
        }
        self.trace(|| "sent QUIT".to_owned());
        match self.reply() {
            Ok(reply) => {
                self.end();
                self.trace(|| format!("received {}", reply.shown()));
                self.outcome.last_reply = Some(reply.shown().into_owned());
                self.summarise()
            }
            Err(WireError::TimedOut) => Err(Stop::TimeOut),
            Err(WireError::Lost) => {
                self.remark("recv() failed after QUIT.");
                self.outcome.last_reply = None;
                self.summarise()
            }
        }
    }

    /// A failed QUIT matters only when nothing worse was found before.
    fn quit_failed(&mut self) -> Result<(), Stop> {
        let text = "Connection closed by server before sending QUIT command";
        if self.options.ignore_quit_failure || self.outcome.state() != State::Ok {
            self.remark(text);
            return self.summarise();
        }
        self.find(State::Unknown, text);
        Err(Stop::Abandon)
    }

    fn summarise(&self) -> Result<(), Stop> {
        if self.options.wants_summary() || self.outcome.problem.is_some() {
            Ok(())
        } else {
            Err(Stop::Abandon)
        }
    }

    /// QUIT after something that ends the session without a response time.
    fn leave(&mut self) -> Stop {
        match self.quit() {
            Err(Stop::TimeOut) => Stop::TimeOut,
            Ok(()) | Err(Stop::Abandon) => Stop::Abandon,
        }
    }

    /// Sends a line. A connection that is lost shows when the reply is read.
    pub(crate) fn send(&mut self, line: &str) -> Result<(), Stop> {
        self.send_as(line, line)
    }

    /// Sends a line for which another one is shown, because it holds a secret.
    pub(crate) fn send_as(&mut self, line: &str, shown: &str) -> Result<(), Stop> {
        match self.put(line, shown) {
            Err(WireError::TimedOut) => Err(Stop::TimeOut),
            Ok(()) | Err(WireError::Lost) => Ok(()),
        }
    }

    fn put(&mut self, line: &str, shown: &str) -> Result<(), WireError> {
        trace::sent(self, shown);
        self.wire.send(line)
    }

    #[cfg(feature = "extended")]
    pub(crate) fn verified_chain(&self) -> &[CertificateDer<'static>] {
        self.wire.verified_chain()
    }

    #[cfg(feature = "tls")]
    pub(crate) fn refusal(&self) -> Option<AlertDescription> {
        self.wire.refusal()
    }

    pub(crate) fn reply(&mut self) -> Result<Reply, WireError> {
        let mut reply = self.wire.reply()?;
        reply.hide(self.options.no_server_text);
        trace::received(self, &reply);
        Ok(reply)
    }

    /// A phase begins. It has no time unless it comes to its end.
    pub(crate) fn begin(&mut self, phase: Phase) {
        self.stopwatch.begin(phase);
    }

    pub(crate) fn end(&mut self) {
        if let Some((phase, time)) = self.stopwatch.end() {
            trace::ended(self, phase, time);
        }
    }

    /// What `-v` shows, in the reference's words; more of it is shown with the direction and the time.
    pub(crate) fn trace(&mut self, line: impl FnOnce() -> String) {
        if self.options.verbose == 1 {
            self.outcome
                .transcript
                .extend(line().lines().map(ToOwned::to_owned));
        }
    }

    /// What is said neither by the server nor to it.
    pub(crate) fn remark(&mut self, text: &str) {
        self.trace(|| text.to_owned());
        trace::note(self, || text.to_owned());
    }

    pub(crate) fn find(&mut self, state: State, text: &str) {
        self.outcome.findings.push(Finding {
            state,
            text: text.to_owned(),
        });
    }
}

/// Whether a text is found in what the replies say together, line ends included.
fn is_found(text: &str, replies: &[&Reply]) -> bool {
    let all: Vec<u8> = replies
        .iter()
        .flat_map(|reply| reply.bytes())
        .copied()
        .collect();
    text.is_empty()
        || all
            .windows(text.len())
            .any(|window| window == text.as_bytes())
}
