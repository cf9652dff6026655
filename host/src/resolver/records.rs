//! Records of the domain name system. `sandcheck-resolve`, which comes with this program, asks name
//! servers and validates what they say; here its lines are read.

use std::io;
use std::process::Command;
use std::time::Instant;

use sandcheck_contract::reason;

use super::program;
use crate::bindings::monitoring::plugin::resolver::{Association, Error, Exchange};
use crate::companion;

/// The program.
const PROGRAM: &str = "sandcheck-resolve";

/// The longest name, in bytes (RFC 1035 section 2.3.4).
const NAME_LIMIT: usize = 253;

/// The longest data of a record, in bytes.
const DATA_LIMIT: usize = 65_535;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The MX records of a domain.
    Exchanges(String),
    /// The TLSA records of a host's port.
    Associations(String, u16),
}

impl Question {
    fn words(&self) -> [String; 2] {
        match self {
            Self::Exchanges(domain) => ["mx".to_owned(), domain.clone()],
            Self::Associations(host, port) => ["tlsa".to_owned(), format!("_{port}._tcp.{host}")],
        }
    }

    /// Whether there can be such a name; one that begins with a dash would be an option.
    fn makes_sense(&self) -> bool {
        let (Self::Exchanges(name) | Self::Associations(name, _)) = self;
        is_name(name.strip_suffix('.').unwrap_or(name))
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Whether DNSSEC vouches for it.
    pub secure: bool,
    /// MX records.
    pub exchanges: Vec<Exchange>,
    /// TLSA records.
    pub associations: Vec<Association>,
}

/// Asks, and waits for the answer until the deadline.
pub(crate) fn ask(question: &Question, deadline: Instant) -> Result<Answer, Error> {
    if !question.makes_sense() {
        let (Question::Exchanges(name) | Question::Associations(name, _)) = question;
        return Err(Error::Other(format!(
            "'{name}' is no name of the domain name system"
        )));
    }
    let program =
        companion::find(PROGRAM).map_err(|missing| Error::NotSupported(missing.to_string()))?;
    let mut command = Command::new(program);
    command.args(question.words()).env_clear().current_dir("/");
    let answer =
        program::answer_by(&mut command, deadline).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Error::TimedOut,
            _ => Error::Other(reason(&error)),
        })?;
    parse(&answer)
}

/// Reads the lines of `sandcheck-resolve`. Nothing in them is believed to have its form.
pub fn parse(lines: &str) -> Result<Answer, Error> {
    let nonsense = || Error::Other(format!("{PROGRAM} broke off, or answers what is no answer"));
    let mut lines = lines.lines();
    let first = lines.next().ok_or_else(nonsense)?;
    let (word, rest) = first.split_once(' ').unwrap_or((first, ""));
    let secure = match word {
        "secure" => true,
        "insecure" => false,
        "bogus" => return Err(Error::Bogus("DNSSEC validation fails".to_owned())),
        "timed-out" => return Err(Error::TimedOut),
        "failed" if !rest.is_empty() => return Err(Error::Other(rest.to_owned())),
        _ => return Err(nonsense()),
    };
    let mut answer = Answer {
        secure,
        ..Answer::default()
    };
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        add(&mut answer, &words).ok_or_else(nonsense)?;
    }
    answer.exchanges.sort_by_key(|exchange| exchange.preference);
    Ok(answer)
}

fn add(answer: &mut Answer, words: &[&str]) -> Option<()> {
    match *words {
        ["mx", preference, host] => answer.exchanges.push(Exchange {
            preference: preference.parse().ok()?,
            host: exchange_host(host)?,
        }),
        ["tlsa", usage, selector, matching, data] => answer.associations.push(Association {
            usage: usage.parse().ok()?,
            selector: selector.parse().ok()?,
            matching: matching.parse().ok()?,
            data: bytes(data)?,
        }),
        _ => return None,
    }
    Some(())
}

/// `mx.example.org` of `mx.example.org.`, and the root as it is.
fn exchange_host(host: &str) -> Option<String> {
    let name = host.strip_suffix('.').unwrap_or(host);
    match name {
        "" => Some(".".to_owned()),
        name => is_name(name).then(|| name.to_owned()),
    }
}

/// Labels of letters, digits, dashes and underscores, which is all that hosts have.
fn is_name(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(is_part)
    };
    name.len() <= NAME_LIMIT && name.split('.').all(is_label)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() > 2 * DATA_LIMIT || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_come_by_preference() {
        let answer =
            parse("secure\nmx 20 b.example.\nmx 10 a.example.\nmx 20 c.example.\n").unwrap();
        assert!(answer.secure);
        let hosts: Vec<_> = answer.exchanges.iter().map(|mx| &*mx.host).collect();
        assert_eq!(hosts, ["a.example", "b.example", "c.example"]);
        let null = parse("insecure\nmx 0 .\n").unwrap();
        assert!(!null.secure);
        assert_eq!(null.exchanges[0].host, ".");
        assert_eq!(parse("secure\n").unwrap().exchanges, []);
    }

    #[test]
    fn associations_are_numbers_and_bytes() {
        let answer = parse("secure\ntlsa 3 1 1 0aFF\ntlsa 255 254 9 \n").unwrap();
        let [first, second] = answer.associations.as_slice() else {
            panic!("{answer:?}");
        };
        assert_eq!((first.usage, first.selector, first.matching), (3, 1, 1));
        assert_eq!(first.data, [10, 255]);
        assert_eq!((second.usage, &*second.data), (255, &[][..]));
    }

    #[test]
    fn failures_are_told_apart() {
        assert!(matches!(parse("bogus\n"), Err(Error::Bogus(_))));
        assert_eq!(parse("timed-out\n"), Err(Error::TimedOut));
        assert_eq!(
            parse("failed no name server\n"),
            Err(Error::Other("no name server".to_owned()))
        );
    }

    #[test]
    fn what_has_no_form_is_no_answer() {
        let long = format!("secure\nmx 1 {}.\n", vec!["a"; 128].join("."));
        for lines in [
            "",
            "\n",
            "Secure\n",
            "failed\n",
            "secure\nmx 10\n",
            "secure\nmx 65536 a.\n",
            "secure\nmx 1 -a.\n",
            "secure\nmx 1 a..b.\n",
            "secure\nmx 1 a/b.\n",
            "secure\nmx 1 \u{fc}.\n",
            "secure\ntlsa 3 1 1 0\n",
            "secure\ntlsa 3 1 1 +1\n",
            "secure\ntlsa 256 1 1 00\n",
            "secure\ntlsa 3 1 00\n",
            "secure\n\n",
            &long,
        ] {
            assert!(matches!(parse(lines), Err(Error::Other(_))), "{lines:?}");
        }
    }

    #[test]
    fn no_name_is_an_option() {
        for name in ["", "-x", "a.-x", "a b", "..", "a\n", "\u{fc}.example"] {
            let question = Question::Exchanges(name.to_owned());
            let error = ask(&question, Instant::now()).unwrap_err();
            assert!(matches!(error, Error::Other(_)), "{name}");
        }
        let question = Question::Associations("mx.example.".to_owned(), 25);
        assert_eq!(question.words(), ["tlsa", "_25._tcp.mx.example."]);
    }
}
