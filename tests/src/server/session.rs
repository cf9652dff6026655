//! Playing the script to one connection.

use std::time::Instant;

use super::Transcript;
use super::client::{Client, Frozen};
use super::connection::{Connection, STEP_LIMIT};
use super::handshake::begin_tls;
use super::script::{Rule, Script, Send, Step, Tls};
use super::waiting::Stop;
use crate::certificates::Certificates;
use crate::latin1;
use crate::pattern::Pattern;

pub(super) struct Session<'a> {
    // The connection is closed before a stopped client goes on: fields are dropped in this order.
    connection: Connection<'a>,
    frozen: Option<Frozen>,
    /// The client has begun a handshake while the server speaks plain text.
    said_hello: bool,
    certificates: &'a Certificates,
    client: &'a Client,
    transcript: &'a mut Transcript,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        connection: Connection<'a>,
        certificates: &'a Certificates,
        client: &'a Client,
        transcript: &'a mut Transcript,
    ) -> Self {
        Self {
            connection,
            frozen: None,
            said_hello: false,
            certificates,
            client,
            transcript,
        }
    }

    /// TLS if it is to be had from the start, the steps, the rules, and reading to the end.
    pub(super) fn play(mut self, script: &Script) {
        // A stop is no news: what led to it has been noted.
        let _ = self.all_of(script);
    }

    fn all_of(&mut self, script: &Script) -> Result<(), Stop> {
        if let Some(credentials) = script.tls {
            self.begin_tls(&credentials.into())?;
        }
        for step in &script.steps {
            self.step(step)?;
        }
        self.frozen = None;
        if !script.rules.is_empty() {
            self.follow(&script.rules)?;
        }
        self.drain();
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::Send(send) => self.send(send),
            Step::Expect { expect } => self.expect(expect),
            Step::Delay { delay } => self.connection.pause(*delay),
            Step::Tls(tls) => self.begin_tls(tls),
            Step::Eof { .. } => {
                self.connection.shut_down();
                self.frozen = None;
                self.drain();
                Err(Stop)
            }
            Step::Close { .. } => Err(Stop),
            Step::Reset { .. } => {
                if let Err(e) = self.connection.reset_at_end() {
                    self.transcript.problems.push(format!("server: {e}"));
                }
                Err(Stop)
            }
            Step::Freeze { .. } => {
                self.frozen = self.client.freeze();
                Ok(())
            }
            Step::Thaw { .. } => {
                self.frozen = None;
                Ok(())
            }
        }
    }

    fn send(&mut self, send: &Send) -> Result<(), Stop> {
        let bytes = send.bytes.0.repeat(send.times);
        let Some(piece) = send.piece.filter(|&piece| piece > 0) else {
            return self.connection.send(&bytes);
        };
        for piece in bytes.chunks(piece) {
            self.connection.send(piece)?;
            self.connection.pause(send.gap)?;
        }
        Ok(())
    }

    fn expect(&mut self, pattern: &Pattern) -> Result<(), Stop> {
        let Some(line) = self.line() else {
            self.mismatch(pattern, "the client was gone");
            return Err(Stop);
        };
        if !pattern.is_in(&line) {
            self.mismatch(pattern, &format!("got {line:?}"));
        }
        Ok(())
    }

    fn mismatch(&mut self, pattern: &Pattern, what: &str) {
        let problem = format!("script: expected {pattern}, {what}");
        self.transcript.problems.push(problem);
    }

    fn begin_tls(&mut self, tls: &Tls) -> Result<(), Stop> {
        begin_tls(
            &mut self.connection,
            tls,
            self.certificates,
            self.transcript,
        )
    }

    /// Answers lines until the client is gone or a rule closes the connection.
    fn follow(&mut self, rules: &[Rule]) -> Result<(), Stop> {
        while let Some(line) = self.line() {
            if let Some(rule) = rules.iter().find(|rule| rule.on.is_in(&line)) {
                self.obey(rule)?;
            }
        }
        Err(Stop)
    }

    fn obey(&mut self, rule: &Rule) -> Result<(), Stop> {
        if let Some(bytes) = &rule.send {
            self.connection.send(&bytes.0)?;
        }
        if let Some(credentials) = rule.tls {
            self.begin_tls(&credentials.into())?;
        }
        if rule.close { Err(Stop) } else { Ok(()) }
    }

    fn drain(&mut self) {
        while self.line().is_some() {}
    }

    /// The client's next line without its line end, noted; none at the end of the connection.
    fn line(&mut self) -> Option<String> {
        let until = Instant::now() + STEP_LIMIT;
        loop {
            self.skip_client_hello();
            if let Some(line) = self.connection.take_line() {
                let line = self.note(&line);
                return Some(line.trim_end_matches(['\r', '\n']).to_owned());
            }
            if !self.connection.receive(until) {
                if self.connection.has_rest() {
                    let rest = self.connection.take_rest();
                    self.note(&rest);
                }
                return None;
            }
        }
    }

    fn note(&mut self, bytes: &[u8]) -> String {
        let text = latin1::text(bytes);
        self.transcript.note(text.clone());
        text
    }

    /// Once a client has begun a handshake that nobody answers, nothing of it is text.
    fn skip_client_hello(&mut self) {
        if !self.said_hello && self.connection.has_client_hello() {
            self.said_hello = true;
            self.transcript.note("<CLIENT HELLO>");
        }
        if self.said_hello {
            self.connection.take_rest();
        }
    }
}
