//! The session with the server, over anything that reads and writes.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use sandcheck_plugin::certificate;
use sandcheck_plugin::state::{Finding, State};
use sandcheck_plugin::stream::Stream;
use sandcheck_plugin::tls::TlsError;

use crate::options::Options;

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// How much is read at once, in bytes.
const READ_SIZE: usize = 4096;

/// What a session came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the certificate is like, when that was asked for.
    pub certificate: Option<Finding>,
    /// How the rest went.
    pub ending: Ending,
    /// What was sent and received, when that was asked for.
    pub transcript: Vec<String>,
}

/// How a session ended.
#[derive(Debug, Default, PartialEq)]
pub enum Ending {
    /// The certificate is all there is to say.
    #[default]
    Certificate,
    /// There is no TLS, and why.
    NoTls(String),
    /// The time was used up before anything was received.
    TimedOut,
    /// The server closed the connection without an answer.
    NoData,
    /// It was connected to, and what was waited for came or did not.
    Done(Answer),
}

/// What was received, when something was waited for.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// Nothing when nothing was waited for.
    pub text: Option<String>,
    /// It is what was expected, or nothing was.
    pub expected: bool,
    /// How long it took, without what `--delay` allows for.
    pub elapsed: Duration,
}

/// Runs the session over an open connection. `now` is seconds since 1970, `clock` the time since
/// before connecting.
pub fn run<S: Read + Write>(
    options: &Options,
    stream: S,
    now: i64,
    clock: impl Fn() -> Duration,
) -> Outcome {
    let mut session = Session {
        options,
        stream: Stream::new(stream),
        outcome: Outcome::default(),
    };
    session.outcome.ending = session.steps(now, clock);
    session.outcome
}

struct Session<'a, S> {
    options: &'a Options,
    stream: Stream<S>,
    outcome: Outcome,
}

impl<S: Read + Write> Session<'_, S> {
    fn steps(&mut self, now: i64, clock: impl Fn() -> Duration) -> Ending {
        if let Err(ending) = self.secure() {
            return ending;
        }
        if self.judge_certificate(now) != State::Ok {
            return Ending::Certificate;
        }
        if let Some(bytes) = &self.options.send
            && let Err(error) = self.say(bytes)
            && error.kind() == ErrorKind::TimedOut
        {
            return Ending::TimedOut;
        }
        // A connection that is lost while something is sent shows when the answer is read.
        let ending = self.listen(clock);
        if let Some(bytes) = &self.options.quit {
            // What was to be found out is known.
            let _ = self.say(bytes);
        }
        ending
    }

    fn secure(&mut self) -> Result<(), Ending> {
        if !self.options.tls {
            return Ok(());
        }
        let name = self.options.sni.as_deref();
        let secured = self.stream.secure(name.or(self.options.host.name()), &[]);
        secured.map_err(|error| match error {
            TlsError::TimedOut => Ending::TimedOut,
            error => Ending::NoTls(error.to_string()),
        })
    }

    fn judge_certificate(&mut self, now: i64) -> State {
        let Some(limits) = self.options.lifetime else {
            return State::Ok;
        };
        let der = self.stream.certificate().unwrap_or_default();
        let finding = certificate::judge(der, now, limits).unwrap_or_else(|error| Finding {
            state: State::Critical,
            text: format!("CRITICAL - Cannot read the server's certificate: {error}"),
        });
        self.outcome.certificate.insert(finding).state
    }

    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.note("sent", bytes);
        self.stream.write_all(bytes)
    }

    /// Reads until what is expected was found, or nothing more is to come.
    fn listen(&mut self, clock: impl Fn() -> Duration) -> Ending {
        let allowance = |elapsed: Duration| elapsed.saturating_sub(self.options.delay);
        if self.options.expect.is_empty() {
            return Ending::Done(Answer {
                text: None,
                expected: true,
                elapsed: clock(),
            });
        }
        let mut search = Search::new(&self.options.expect, self.options.all);
        let limit = self.options.max_bytes.map_or(ANSWER_LIMIT, |max| {
            usize::try_from(max).map_or(ANSWER_LIMIT, |max| max.clamp(1, ANSWER_LIMIT))
        });
        let mut elapsed = Duration::ZERO;
        let mut buffer = [0; READ_SIZE];
        while !search.is_done() && search.bytes.len() < limit {
            match self.stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    search.push(buffer.get(..count).unwrap_or_default());
                    elapsed = allowance(clock());
                }
                Err(error) if error.kind() == ErrorKind::TimedOut && search.bytes.is_empty() => {
                    return Ending::TimedOut;
                }
                Err(_) => break,
            }
        }
        if search.bytes.is_empty() {
            return Ending::NoData;
        }
        self.note("received", &search.bytes);
        Ending::Done(Answer {
            text: Some(String::from_utf8_lossy(&search.bytes).trim_end().to_owned()),
            expected: search.is_done(),
            elapsed,
        })
    }

    fn note(&mut self, what: &str, bytes: &[u8]) {
        if self.options.verbose {
            let heading = format!("{what} {} bytes:", bytes.len());
            let text = String::from_utf8_lossy(bytes);
            let lines = text.lines().map(ToOwned::to_owned);
            self.outcome.transcript.push(heading);
            self.outcome.transcript.extend(lines);
        }
    }
}

/// Looks for texts in what comes bit by bit.
struct Search<'a> {
    bytes: Vec<u8>,
    missing: Vec<&'a [u8]>,
    /// How many of the missing ones there were.
    wanted: usize,
    all: bool,
}

impl<'a> Search<'a> {
    fn new(expect: &'a [String], all: bool) -> Self {
        let missing: Vec<_> = expect.iter().map(String::as_bytes).collect();
        Self {
            bytes: Vec::new(),
            wanted: missing.len(),
            missing,
            all,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let all = &self.bytes;
        self.missing.retain(|text| {
            let new = all.get((before + 1).saturating_sub(text.len())..);
            let mut places = new.unwrap_or_default().windows(text.len().max(1));
            !text.is_empty() && !places.any(|place| place == *text)
        });
    }

    fn is_done(&self) -> bool {
        if self.all {
            self.missing.is_empty()
        } else {
            self.missing.len() < self.wanted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::SPECS;
    use sandcheck_plugin::values::Values;
    use std::collections::VecDeque;

    /// Says its pieces one at a time, then ends or waits for ever.
    struct Server {
        pieces: VecDeque<&'static [u8]>,
        waits: bool,
        heard: Vec<u8>,
    }

    impl Read for Server {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.pieces.pop_front() {
                Some(mut piece) => piece.read(buffer),
                None if self.waits => Err(ErrorKind::TimedOut.into()),
                None => Ok(0),
            }
        }
    }

    impl Write for Server {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn session(given: &[(&str, &str)], pieces: &[&'static [u8]], waits: bool) -> (Ending, String) {
        let owned = given
            .iter()
            .chain(&[("port", "1")])
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        let options = Options::resolve(&Values::new(SPECS, owned.collect())).unwrap();
        let mut server = Server {
            pieces: pieces.iter().copied().collect(),
            waits,
            heard: Vec::new(),
        };
        let outcome = run(&options, &mut server, 0, || Duration::from_secs(3));
        (outcome.ending, String::from_utf8(server.heard).unwrap())
    }

    fn answer(text: &str, expected: bool) -> Ending {
        Ending::Done(Answer {
            text: Some(text.to_owned()),
            expected,
            elapsed: Duration::from_secs(3),
        })
    }

    #[test]
    fn what_comes_in_pieces_is_found() {
        let pieces: &[&[u8]] = &[b"22", b"0 he", b"llo\r\n", b"never read"];
        let (ending, _) = session(&[("expect", "0 hello")], pieces, true);
        assert_eq!(ending, answer("220 hello", true));
    }

    #[test]
    fn one_of_several_or_all() {
        let some = [("expect", "hello"), ("expect", "bye")];
        let (ending, _) = session(&some, &[b"hello\n"], true);
        assert_eq!(ending, answer("hello", true));
        let all = [some[0], some[1], ("all", "")];
        let (ending, _) = session(&all, &[b"hello\n"], true);
        assert_eq!(ending, answer("hello", false));
        let (ending, _) = session(&all, &[b"hello\n", b"bye"], true);
        assert_eq!(ending, answer("hello\nbye", true));
    }

    #[test]
    fn silence_and_an_end_are_told_apart() {
        assert_eq!(session(&[("expect", "x")], &[], true).0, Ending::TimedOut);
        assert_eq!(session(&[("expect", "x")], &[], false).0, Ending::NoData);
    }

    #[test]
    fn no_more_is_read_than_wanted() {
        let given = [("expect", "x"), ("maxbytes", "4")];
        let (ending, _) = session(&given, &[b"12", b"34", b"x"], false);
        assert_eq!(ending, answer("1234", false));
    }

    #[test]
    fn it_says_what_it_is_told_to_and_takes_leave() {
        let given = [("send", "hi"), ("quit", "BYE"), ("expect", "")];
        let (ending, heard) = session(&given, &[b"hi there"], false);
        assert_eq!(ending, answer("hi there", true));
        assert_eq!(heard, "hiBYE\r\n");
    }

    #[test]
    fn a_delay_does_not_count() {
        let (ending, _) = session(&[("expect", "x"), ("delay", "2")], &[b"x"], false);
        let Ending::Done(answer) = ending else {
            panic!("{ending:?}");
        };
        assert_eq!(answer.elapsed, Duration::from_secs(1));
    }
}
