//! Replies, from the bytes of the wire (RFC 5321 section 4.2).

use std::borrow::Cow;

use crate::status;

/// The longest reply that is read, all of its lines together, in bytes.
pub const REPLY_LIMIT: usize = 32 * 1024;

/// One reply, whole, as it came: its lines with their ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    bytes: Vec<u8>,
    /// Only its codes may be shown.
    is_hidden: bool,
}

impl Reply {
    /// The three digits that it begins with; none when a line below begins with others, as all
    /// lines have the same (RFC 5321 section 4.2.1) and the reply would mean two things.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        let mut lines = self.lines();
        let code = lines.next().and_then(code)?;
        let agreed = lines.filter_map(self::code).all(|other| other == code);
        agreed.then_some(code)
    }

    /// Whether the command was carried out (RFC 5321 section 4.2.1: 2yz).
    #[must_use]
    pub fn is_positive(&self) -> bool {
        matches!(self.code(), Some(200..=299))
    }

    /// Whether the command was refused, for now or for good (4yz, 5yz).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), Some(400..=599))
    }

    /// The text without line breaks and blanks at its end. Bytes that are no UTF-8 stay in it as
    /// U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        self.without_end(b" \t\r\n")
    }

    /// The text without line breaks at its end.
    #[must_use]
    pub fn line(&self) -> Cow<'_, str> {
        self.without_end(b"\r\n")
    }

    fn without_end(&self, end: &[u8]) -> Cow<'_, str> {
        let length = self.bytes.iter().rposition(|b| !end.contains(b));
        String::from_utf8_lossy(
            self.bytes
                .get(..length.map_or(0, |at| at + 1))
                .unwrap_or_default(),
        )
    }

    /// Has nothing but its codes shown from now on.
    pub fn hide(&mut self, is_hidden: bool) {
        self.is_hidden = is_hidden;
    }

    /// What may be shown of [`Reply::text`].
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        if self.is_hidden {
            status::codes(self).into()
        } else {
            self.text()
        }
    }

    /// What may be shown of [`Reply::line`].
    #[must_use]
    pub fn shown_line(&self) -> Cow<'_, str> {
        if self.is_hidden {
            status::codes(self).into()
        } else {
            self.line()
        }
    }

    /// The text for matching: as [`Reply::text`], with a line feed alone between the lines.
    #[must_use]
    pub fn matchable(&self) -> String {
        self.text().replace("\r\n", "\n")
    }

    /// The bytes as they came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether an EHLO reply offers a keyword: the first word of a line, whatever its case
    /// (RFC 5321 section 4.1.1.1). Words behind the keyword must be among its parameters.
    #[must_use]
    pub fn offers(&self, keyword: &str) -> bool {
        let mut wanted = keyword.split(' ').map(str::as_bytes);
        let keyword = wanted.next().unwrap_or_default();
        self.is_positive()
            && self.lines().any(|line| {
                let mut words = words(line);
                let is_it = words
                    .next()
                    .is_some_and(|word| word.eq_ignore_ascii_case(keyword));
                is_it
                    && wanted
                        .clone()
                        .all(|wanted| words.clone().any(|word| word.eq_ignore_ascii_case(wanted)))
            })
    }

    /// The mechanisms that an EHLO reply offers (RFC 4954 section 3), also in the form that was used
    /// before it, `AUTH=LOGIN`.
    #[must_use]
    pub fn mechanisms(&self) -> Vec<String> {
        let of_line = |line: &[u8]| {
            let line = String::from_utf8_lossy(line.get(4..).unwrap_or_default()).into_owned();
            let is_auth = line
                .get(..4)
                .is_some_and(|word| word.eq_ignore_ascii_case("AUTH"));
            let names = line
                .get(4..)
                .filter(|rest| is_auth && rest.starts_with([' ', '=']));
            let names = names
                .unwrap_or_default()
                .split(|c: char| c == '=' || c.is_whitespace());
            names
                .filter(|name| !name.is_empty())
                .map(ToOwned::to_owned)
                .collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.lines().flat_map(of_line).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether an EHLO reply has a line that begins with this text, whatever its case.
    #[must_use]
    pub fn offers_beginning(&self, text: &str) -> bool {
        let begins = |word: &[u8]| {
            word.get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
        };
        self.is_positive()
            && self
                .lines()
                .any(|line| words(line).next().is_some_and(begins))
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|b| *b == b'\n')
    }
}

/// Collects bytes until they make a reply.
#[derive(Debug, Default)]
pub struct ReplyReader {
    bytes: Vec<u8>,
    /// How far the lines have been looked at.
    seen: usize,
}

/// A reply grew over [`REPLY_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl ReplyReader {
    /// Adds bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes out the first whole reply, if there is one.
    ///
    /// It goes on while a line is three digits and a hyphen; any other line ends it.
    pub fn take(&mut self) -> Result<Option<Reply>, TooLong> {
        while let Some(length) = self.next_line_end() {
            let line = self.bytes.get(self.seen..length).unwrap_or_default();
            let goes_on = is_continued(line);
            self.seen = length;
            if length > REPLY_LIMIT {
                return Err(TooLong);
            }
            if !goes_on {
                let rest = self.bytes.split_off(length);
                self.seen = 0;
                return Ok(Some(Reply {
                    bytes: std::mem::replace(&mut self.bytes, rest),
                    is_hidden: false,
                }));
            }
        }
        if self.bytes.len() > REPLY_LIMIT {
            Err(TooLong)
        } else {
            Ok(None)
        }
    }

    /// What came behind the last reply; nothing is kept.
    pub fn drain(&mut self) -> Vec<u8> {
        self.seen = 0;
        std::mem::take(&mut self.bytes)
    }

    fn next_line_end(&self) -> Option<usize> {
        let rest = self.bytes.get(self.seen..)?;
        rest.iter()
            .position(|b| *b == b'\n')
            .map(|at| self.seen + at + 1)
    }
}

/// The words of a line behind its code.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let text = line.get(4..).unwrap_or_default();
    text.trim_ascii_end().split(u8::is_ascii_whitespace)
}

/// Three digits and no more.
fn code(line: &[u8]) -> Option<u16> {
    let (digits, rest) = line.split_at_checked(3)?;
    let followed_by_digit = rest.first().is_some_and(u8::is_ascii_digit);
    if followed_by_digit || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn is_continued(line: &[u8]) -> bool {
    matches!(line, [a, b, c, b'-', ..] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(bytes: &[u8]) -> Reply {
        let mut reader = ReplyReader::default();
        reader.push(bytes);
        reader.take().unwrap().unwrap()
    }

    #[test]
    fn ends_with_the_first_line_that_is_not_continued() {
        let mut reader = ReplyReader::default();
        for byte in b"250-mx\r\n250-SIZE\r\n250 HELP\r\n221 bye\r\nrest" {
            reader.push(&[*byte]);
        }
        assert_eq!(
            reader.take().unwrap().unwrap().bytes(),
            b"250-mx\r\n250-SIZE\r\n250 HELP\r\n"
        );
        assert_eq!(reader.take().unwrap().unwrap().bytes(), b"221 bye\r\n");
        assert_eq!(reader.take(), Ok(None));
        assert_eq!(reader.drain(), b"rest");
        assert_eq!(reader.drain(), b"");
    }

    #[test]
    fn code_is_three_digits_that_all_lines_have() {
        for (bytes, code) in [
            (&b"220 mx\r\n"[..], Some(220)),
            (b"220\r\n", Some(220)),
            (b"220\tmx\n", Some(220)),
            (b"220-mx\r\n220 mx\r\n", Some(220)),
            (b" 220 mx\r\n", None),
            (b"2201 mx\r\n", None),
            (b"22\r\n", None),
            (b"\r\n", None),
            (b"\x00220 mx\r\n", None),
            (b"220-mx\r\nthat is all\r\n", Some(220)),
            (b"220-mx\r\n554 no\r\n", None),
            (b"554-no\r\n220 mx\r\n", None),
            (b"220-mx\r\n220-mx\r\n221 mx\r\n", None),
        ] {
            assert_eq!(reply(bytes).code(), code, "{bytes:?}");
        }
    }

    #[test]
    fn keywords_are_whole_words_of_any_case() {
        let ehlo = reply(b"250-starttls.example\r\n250-SIZE 22020096\r\n250 StartTLS\r\n");
        assert!(ehlo.offers("STARTTLS"));
        assert!(ehlo.offers("size"));
        assert!(!ehlo.offers("SIZ"));
        assert!(!reply(b"250-mx\r\n250 STARTTLSX\r\n").offers("STARTTLS"));
        assert!(!reply(b"502-no\r\n502 STARTTLS\r\n").offers("STARTTLS"));
    }

    #[test]
    fn parameters_are_words_behind_the_keyword() {
        let ehlo = reply(b"250-mx\r\n250-AUTH PLAIN login\r\n250-AUTH=PLAIN\r\n250 SIZE\r\n");
        assert!(ehlo.offers("AUTH"));
        assert!(ehlo.offers("auth LOGIN"));
        assert!(ehlo.offers("AUTH LOGIN PLAIN"));
        assert!(!ehlo.offers("AUTH CRAM-MD5"));
        assert!(!ehlo.offers("SIZE 1000"));
        assert!(ehlo.offers_beginning("AUTH="));
        assert!(!ehlo.offers_beginning("X="));
        assert_eq!(ehlo.mechanisms(), ["PLAIN", "login"]);
        assert!(
            reply(b"250-mx\r\n250 AUTHX PLAIN\r\n")
                .mechanisms()
                .is_empty()
        );
    }

    #[test]
    fn text_has_no_blanks_at_its_end() {
        assert_eq!(reply(b"250 OK \t \r\n").text(), "250 OK");
        assert_eq!(reply(b"250-a\r\n250 b\r\n").text(), "250-a\r\n250 b");
        assert_eq!(reply(b"250-a\r\n250 b\r\n").matchable(), "250-a\n250 b");
        assert_eq!(reply(b"250 \xff\r\n").text(), "250 \u{fffd}");
        assert_eq!(reply(b"\r\n").text(), "");
    }

    #[test]
    fn size_is_bounded() {
        let mut reader = ReplyReader::default();
        reader.push(&vec![b'x'; REPLY_LIMIT]);
        assert_eq!(reader.take(), Ok(None));
        reader.push(b"x");
        assert_eq!(reader.take(), Err(TooLong));

        let mut reader = ReplyReader::default();
        for _ in 0..=REPLY_LIMIT / 8 {
            reader.push(b"220-aa\r\n");
        }
        assert_eq!(reader.take(), Err(TooLong));
    }

    proptest! {
        #[test]
        fn packets_do_not_matter(
            lines in prop::collection::vec("(250[- ])?[a-z]{0,8}", 1..20),
            size in 1usize..40,
        ) {
            let bytes = lines.join("\r\n") + "\r\n";
            let (mut whole, mut pieces) = (ReplyReader::default(), ReplyReader::default());
            whole.push(bytes.as_bytes());
            let mut in_pieces = Vec::new();
            for piece in bytes.as_bytes().chunks(size) {
                pieces.push(piece);
                in_pieces.extend(std::iter::from_fn(|| pieces.take().unwrap()));
            }
            let at_once: Vec<_> = std::iter::from_fn(|| whole.take().unwrap()).collect();
            prop_assert_eq!(&at_once, &in_pieces);
            // Nothing is lost: the replies and what is left are what came.
            let mut all: Vec<u8> = at_once.iter().flat_map(|reply| reply.bytes().to_vec()).collect();
            all.extend(whole.drain());
            prop_assert_eq!(all, bytes.as_bytes());
        }
    }
}
