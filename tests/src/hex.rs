//! Bytes that the scenarios write in hexadecimal: `"16 0303 0004 00*4"`.

use serde::Deserialize;

/// What stands for the session id of the client's last hello.
const SESSION: &str = "{session}";

/// Words of whole bytes; `WORD*N` is N times that word, and `{session}` a session id.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Hex {
    /// What stands before, between and behind session ids.
    pieces: Vec<Vec<u8>>,
}

impl Hex {
    /// The bytes, with this session id where one is asked for.
    #[must_use]
    pub fn bytes(&self, session: &[u8]) -> Vec<u8> {
        self.pieces.join(session)
    }
}

impl TryFrom<String> for Hex {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let pieces = text.split(SESSION).map(decoded).collect::<Option<_>>();
        pieces
            .map(|pieces| Self { pieces })
            .ok_or_else(|| format!("`{text}` is not hexadecimal"))
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let words = text.split_ascii_whitespace().map(repeated);
    words
        .collect::<Option<Vec<_>>>()
        .map(|words| words.concat())
}

fn repeated(word: &str) -> Option<Vec<u8>> {
    match word.split_once('*') {
        Some((word, times)) => Some(whole_bytes(word)?.repeat(times.parse().ok()?)),
        None => whole_bytes(word),
    }
}

fn whole_bytes(word: &str) -> Option<Vec<u8>> {
    let digits = word
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<Vec<u8>>>()?;
    let (pairs, []) = digits.as_chunks() else {
        return None;
    };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Result<Hex, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn repetitions_and_session_ids_are_understood() {
        let bytes = |text| hex(text).unwrap().bytes(b"ID");
        assert_eq!(bytes(" 16 0303\n00fF"), [0x16, 3, 3, 0, 0xff]);
        assert_eq!(bytes("02 {session} 00"), b"\x02ID\0");
        assert_eq!(bytes("{session}{session}"), b"IDID");
        assert_eq!(bytes("0a0b*3 ff*0 0c"), b"\n\x0b\n\x0b\n\x0b\x0c");
        assert_eq!(bytes(""), b"");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "1", "1 6", "0x16", "{id}", "16,03", "+1", "00*", "00*-1", "00*x",
        ] {
            assert!(hex(text).is_err(), "{text}");
        }
    }
}
