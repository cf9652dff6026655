//! Options and a server out of an input that people can read: items with a NUL behind each, an empty
//! item, and then what the server says.
//!
//! An item is the letter of an option with its value behind it (`fa@b.example`), or tells how the
//! server behaves: `/7` sends pieces of seven bytes, `?` is silent at the end instead of closing,
//! `!3` breaks the connection after three lines, `2` speaks TLS 1.2 only, `^40` damages the byte at
//! 40 of what it sends.

use check_smtp::options::Options;
use check_smtp::table::SPECS;
use sandcheck_plugin::table::Kind;

/// What `-P` says in every input that has it.
pub const PASSWORD: &str = "u3-Zq7!kW)pas5";

/// The same as it goes over the wire.
pub const PASSWORD_BASE64: &str = "dTMtWnE3IWtXKXBhczU=";

/// What an input says.
pub struct Conversation<'a> {
    /// The options, named as in the table.
    pub arguments: Vec<(String, Option<String>)>,
    /// How the server behaves.
    pub manner: Manner,
    /// What it says.
    pub says: &'a [u8],
    /// The password stands in the input by itself, so it may come out.
    pub holds_password: bool,
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// The most bytes that it sends at once; everything when there is none.
    pub piece: Option<usize>,
    /// It is silent at its end; otherwise it closes.
    pub silent: bool,
    /// After so many lines the connection is broken.
    pub lines: Option<usize>,
    /// It speaks TLS 1.2 and not 1.3.
    pub old_tls: bool,
    /// The byte of its output that arrives changed.
    pub damaged: Option<usize>,
}

impl<'a> Conversation<'a> {
    /// Reads an input; one without an empty item is all server.
    pub fn parse(input: &'a [u8]) -> Self {
        let end = input.windows(2).position(|pair| pair == b"\0\0");
        let (items, says) = match end {
            Some(end) => (&input[..end], &input[end + 2..]),
            None => (&[][..], input),
        };
        let mut conversation = Self {
            arguments: vec![("hostname".to_owned(), Some("mx.example.org".to_owned()))],
            manner: Manner::default(),
            says,
            holds_password: [PASSWORD, PASSWORD_BASE64].iter().any(|form| {
                input
                    .windows(form.len())
                    .any(|part| part == form.as_bytes())
            }),
        };
        for item in items.split(|byte| *byte == 0) {
            conversation.take(&String::from_utf8_lossy(item));
        }
        conversation
    }

    fn take(&mut self, item: &str) {
        let mut rest = item.chars();
        let Some(letter) = rest.next() else { return };
        let value = rest.as_str();
        match letter {
            '/' => self.manner.piece = value.parse().ok().filter(|size| *size > 0),
            '?' => self.manner.silent = true,
            '!' => self.manner.lines = value.parse().ok(),
            '2' => self.manner.old_tls = true,
            '^' => self.manner.damaged = value.parse().ok(),
            letter => self.give(letter, value),
        }
    }

    fn give(&mut self, letter: char, value: &str) {
        let Some(spec) = SPECS.iter().find(|spec| spec.short == Some(letter)) else {
            return;
        };
        let value = match spec.kind {
            Kind::Flag => None,
            Kind::Secret => Some(PASSWORD.to_owned()),
            _ => Some(value.to_owned()),
        };
        self.arguments.push((spec.name.to_owned(), value));
    }

    /// The options, when they make sense.
    pub fn options(&self) -> Option<Options> {
        Options::resolve(&self.arguments).ok()
    }
}
