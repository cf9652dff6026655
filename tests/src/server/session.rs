//! Playing the script to one connection.

use std::io;
use std::time::Instant;

use base64ct::{Base64, Encoding};

use super::Transcript;
use super::client::{Client, Frozen};
use super::connection::{Connection, STEP_LIMIT};
use super::fragments::is_handshake;
use super::handshake::begin_tls;
use super::scram::First;
use super::script::{Raw, Rule, Scram, Script, Send, Step, Tls};
use super::waiting::Stop;
use crate::certificates::Certificates;
use crate::latin1;
use crate::pattern::Pattern;

/// What leads to TLS: the beginnings of the client's lines, and the replies to them.
const LEADING_TO_TLS: [(Option<&str>, &str); 3] = [
    (None, "220 mx.example.org ESMTP\r\n"),
    (Some("EHLO "), "250-mx.example.org\r\n250 STARTTLS\r\n"),
    (Some("STARTTLS"), "220 go\r\n"),
];
/// Raw bytes that are made before they are sent.
const BATCH: usize = 64 * 1024;
/// Where the length of the session id stands in a record with a hello: behind the header of the
/// record, that of the message, the version and the random (RFC 8446 section 4.1.2).
const SESSION_LENGTH: usize = 5 + 4 + 2 + 32;

pub(super) struct Session<'a> {
    // The connection is closed before a stopped client goes on: fields are dropped in this order.
    connection: Connection<'a>,
    frozen: Option<Frozen>,
    /// The client has begun a handshake while the server speaks plain text.
    said_hello: bool,
    /// The session id of the client's last hello that was read.
    hello_id: Vec<u8>,
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
            hello_id: Vec::new(),
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
        if let Some(credentials) = &script.tls {
            self.begin_tls(&credentials.clone().into())?;
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
            Step::Raw(raw) => self.send_raw(raw),
            Step::Expect { expect } => self.expect(expect),
            Step::Delay { delay } => self.connection.pause(*delay),
            Step::Tls(tls) => self.begin_tls(tls),
            Step::StartTls { .. } => self.lead_to_tls(),
            Step::Hello { .. } => self.hello(),
            Step::KeyUpdates { key_updates } => self.update_keys(*key_updates),
            Step::Scram(scram) => self.log_in(scram),
            Step::Eof { .. } => {
                self.connection.shut_down();
                self.frozen = None;
                self.drain();
                Err(Stop)
            }
            Step::Close { .. } => Err(Stop),
            Step::Reset { .. } => {
                let armed = self.connection.reset_at_end();
                armed.map_err(|e| self.blame(&e))?;
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

    fn send_raw(&mut self, raw: &Raw) -> Result<(), Stop> {
        let bytes = raw.bytes.bytes(&self.hello_id);
        let mut unsent = Vec::new();
        for _ in 0..raw.times {
            match raw.record {
                Some(content_type) => {
                    let record = self.connection.record(content_type, &bytes);
                    unsent.extend(record.map_err(|e| self.blame(&e))?);
                }
                None => unsent.extend_from_slice(&bytes),
            }
            // Not all of them at once: there may be millions.
            if unsent.len() >= BATCH {
                self.deliver(&unsent, raw)?;
                unsent.clear();
            }
        }
        self.deliver(&unsent, raw)
    }

    fn deliver(&mut self, bytes: &[u8], raw: &Raw) -> Result<(), Stop> {
        for piece in bytes.chunks(raw.piece.unwrap_or(BATCH).max(1)) {
            self.connection.send_beneath(piece)?;
            self.connection.pause(raw.gap)?;
        }
        Ok(())
    }

    fn update_keys(&mut self, times: usize) -> Result<(), Stop> {
        for _ in 0..times {
            let update = self.connection.update_keys();
            let update = update.map_err(|e| self.blame(&e))?;
            self.connection.send_beneath(&update)?;
        }
        Ok(())
    }

    /// A mistake of the script.
    fn blame(&mut self, error: &io::Error) -> Stop {
        self.transcript.problems.push(format!("server: {error}"));
        Stop
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

    fn lead_to_tls(&mut self) -> Result<(), Stop> {
        for (due, reply) in LEADING_TO_TLS {
            if let Some(due) = due {
                self.expect(&Pattern::beginning_with(due))?;
            }
            self.connection.send(reply.as_bytes())?;
        }
        Ok(())
    }

    /// RFC 4954 section 4.
    fn log_in(&mut self, scram: &Scram) -> Result<(), Stop> {
        let line = self.line().unwrap_or_default();
        let Some(first) = First::parse(&line, scram) else {
            let problem = format!("script: expected a login with SCRAM, got {line:?}");
            self.transcript.problems.push(problem);
            return Err(Stop);
        };
        self.challenge(&first.answer)?;
        let line = self.line().unwrap_or_default();
        let channel = self.connection.channel_binding();
        let judged = first.judge(&line, scram, channel);
        self.transcript.note(format!("<SCRAM {}>", judged.note));
        self.challenge(&judged.answer)?;
        let reply = match (self.line().as_deref(), judged.accepted) {
            (Some(""), true) => "235 2.7.0 welcome\r\n",
            (Some(""), false) => "535 5.7.8 no\r\n",
            _ => "501 5.0.0 cancelled\r\n",
        };
        self.connection.send(reply.as_bytes())
    }

    fn challenge(&mut self, message: &str) -> Result<(), Stop> {
        let message = Base64::encode_string(message.as_bytes());
        self.connection
            .send(format!("334 {message}\r\n").as_bytes())
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
        if let Some(credentials) = &rule.tls {
            self.begin_tls(&credentials.clone().into())?;
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

    /// Reads the hello of a client, for a server that answers by raw bytes.
    fn hello(&mut self) -> Result<(), Stop> {
        let until = Instant::now() + STEP_LIMIT;
        loop {
            let record = self.connection.take_record();
            // A second hello may come behind a change of the cipher (RFC 8446 appendix D.4).
            if let Some(hello) = record.as_ref().filter(|record| is_handshake(record)) {
                self.said_hello = true;
                self.hello_id = session_id(hello).unwrap_or_default();
                self.transcript.note("<CLIENT HELLO>");
                return Ok(());
            }
            if record.is_none() && !self.connection.receive(until) {
                let problem = "script: expected a hello, the client was gone".to_owned();
                self.transcript.problems.push(problem);
                return Err(Stop);
            }
        }
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

fn session_id(hello: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = hello.get(SESSION_LENGTH..)?.split_first()?;
    rest.get(..usize::from(*length)).map(<[u8]>::to_vec)
}
