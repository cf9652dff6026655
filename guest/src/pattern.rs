//! POSIX extended regular expressions, as `regcomp` of the GNU library reads them, on an engine
//! that runs in linear time.
//!
//! What differs from POSIX: back references are refused (no linear engine has them), and `\d` and
//! `\D` are digits, which is what everybody who writes them means. Matching is case-sensitive and
//! unanchored; `^` and `$` match at every line; `.` and `[^x]` do not match a line break
//! (`REG_NEWLINE`). A character is a code point.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

/// The most repetitions that an interval may ask for (`RE_DUP_MAX`).
const REPETITIONS: u32 = 32_767;

/// How large a compiled expression may become, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// How deep groups and repetitions may nest.
const DEPTH_LIMIT: usize = 50;

/// A compiled expression.
#[derive(Debug)]
pub struct Pattern(PikeVM);

impl Pattern {
    /// Compiles an expression.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parser = Parser {
            rest: text.chars().peekable(),
            depth: 0,
        };
        let expression = parser.alternatives()?;
        let config = thompson::Config::new()
            .nfa_size_limit(Some(SIZE_LIMIT))
            .which_captures(WhichCaptures::None);
        let automaton = thompson::Compiler::new()
            .configure(config)
            .build_from_hir(&expression);
        let machine = automaton.and_then(PikeVM::new_from_nfa);
        machine.map(Self).map_err(|_| PatternError::TooLarge)
    }

    /// Whether it is found anywhere in the text.
    #[must_use]
    pub fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(&mut self.0.create_cache(), text)
    }
}

/// Why an expression does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described by its Display")]
pub enum PatternError {
    BackReference,
    Bracket,
    Class,
    Escape,
    Interval,
    Parenthesis,
    Range,
    Repetition,
    TooLarge,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BackReference => "back references such as \\1 are not supported",
            Self::Bracket => "a bracket expression '[' without its ']'",
            Self::Class => "an unknown character class; [:alpha:], [:digit:] and so on exist",
            Self::Escape => "a backslash at the end; a literal one is '\\\\'",
            Self::Interval => "a bad interval; the form is {3}, {3,} or {3,5}; a literal one '\\{'",
            Self::Parenthesis => "a group '(' without its ')'; a literal one is '\\('",
            Self::Range => "a range whose end comes before its start",
            Self::Repetition => "nothing before a repetition '*', '+', '?' or '{'",
            Self::TooLarge => "the expression is too large or nests too deep",
        })
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

/// A piece of a branch, and how often it has been repeated already; none for what stands for a
/// place, which cannot be repeated.
struct Piece {
    expression: Hir,
    repetitions: Option<usize>,
}

impl Parser<'_> {
    /// Branches up to the end of the expression or of the group.
    fn alternatives(&mut self) -> Result<Hir, PatternError> {
        let mut branches = Vec::new();
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(c) = self.rest.next_if(|c| *c != ')' || self.depth == 0) {
            match c {
                '|' => branches.push(concatenation(std::mem::take(&mut pieces))),
                '*' | '+' | '?' | '{' => {
                    let piece = pieces.pop().ok_or(PatternError::Repetition)?;
                    pieces.push(self.repetition(c, piece)?);
                }
                _ => pieces.push(self.piece(c)?),
            }
        }
        branches.push(concatenation(pieces));
        Ok(Hir::alternation(branches))
    }

    fn repetition(&mut self, operator: char, piece: Piece) -> Result<Piece, PatternError> {
        let repetitions = piece.repetitions.ok_or(PatternError::Repetition)? + 1;
        if repetitions > DEPTH_LIMIT {
            return Err(PatternError::TooLarge);
        }
        let (min, max) = match operator {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            _ => self.interval()?,
        };
        let sub = Box::new(piece.expression);
        let expression = Hir::repetition(Repetition {
            min,
            max,
            greedy: true,
            sub,
        });
        Ok(Piece {
            expression,
            repetitions: Some(repetitions),
        })
    }

    /// One character, class, group or place.
    fn piece(&mut self, c: char) -> Result<Piece, PatternError> {
        let expression = match c {
            '^' => return Ok(place(Look::StartLF)),
            '$' => return Ok(place(Look::EndLF)),
            '.' => class(&[('\n', '\n')], true),
            '[' => self.bracket()?,
            '(' => self.group()?,
            '\\' => return self.escape(),
            _ => literal(c),
        };
        Ok(Piece {
            expression,
            repetitions: Some(0),
        })
    }

    fn group(&mut self) -> Result<Hir, PatternError> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(PatternError::TooLarge);
        }
        let expression = self.alternatives()?;
        self.depth -= 1;
        self.rest
            .next()
            .map(|_| expression)
            .ok_or(PatternError::Parenthesis)
    }

    fn escape(&mut self) -> Result<Piece, PatternError> {
        let c = self.rest.next().ok_or(PatternError::Escape)?;
        if let Some(look) = assertion(c) {
            return Ok(place(look));
        }
        let expression = match c {
            '1'..='9' => return Err(PatternError::BackReference),
            'w' => class(WORD, false),
            'W' => class(WORD, true),
            's' => class(SPACE, false),
            'S' => class(SPACE, true),
            'd' => class(DIGIT, false),
            'D' => class(DIGIT, true),
            c => literal(c),
        };
        Ok(Piece {
            expression,
            repetitions: Some(0),
        })
    }

    /// `{3}`, `{3,}`, `{,5}` or `{3,5}`, behind its brace.
    fn interval(&mut self) -> Result<(u32, Option<u32>), PatternError> {
        let mut text = String::new();
        loop {
            match self.rest.next().ok_or(PatternError::Interval)? {
                '}' => break,
                c => text.push(c),
            }
        }
        let (low, high) = match text.split_once(',') {
            Some((low, high)) => (low, Some(high)),
            None => (text.as_str(), None),
        };
        let low_count = count(low, high.is_some())?.unwrap_or(0);
        let high_count = match high {
            Some(high) => count(high, true)?,
            None => Some(low_count),
        };
        if high_count.is_some_and(|high| high < low_count) {
            return Err(PatternError::Interval);
        }
        Ok((low_count, high_count))
    }

    /// A bracket expression, behind its opening bracket.
    fn bracket(&mut self) -> Result<Hir, PatternError> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut members = Vec::new();
        let mut first = true;
        // Whether a range or a class stands right before, from which no range may go on.
        let mut closed = false;
        loop {
            let c = self.rest.next().ok_or(PatternError::Bracket)?;
            match c {
                ']' if !first => break,
                '-' if closed && self.rest.peek() != Some(&']') => return Err(PatternError::Range),
                '[' if self.rest.next_if_eq(&':').is_some() => {
                    members.extend(self.class()?);
                    closed = true;
                }
                _ => {
                    let (start, end) = self.member(c)?;
                    members.push((start, end));
                    closed = start != end;
                }
            }
            first = false;
        }
        Ok(class(&members, negated))
    }

    /// A single character or a range.
    fn member(&mut self, c: char) -> Result<(char, char), PatternError> {
        let start = self.element(c)?;
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
        if !is_range {
            return Ok((start, start));
        }
        self.rest.next();
        let c = self.rest.next().ok_or(PatternError::Bracket)?;
        let end = self.element(c)?;
        if end < start {
            Err(PatternError::Range)
        } else {
            Ok((start, end))
        }
    }

    /// A character, or the one in `[.x.]` or `[=x=]`.
    fn element(&mut self, c: char) -> Result<char, PatternError> {
        if c != '[' {
            return Ok(c);
        }
        let Some(mark) = self.rest.next_if(|next| matches!(next, '.' | '=')) else {
            return Ok(c);
        };
        let element = self.rest.next().ok_or(PatternError::Bracket)?;
        let closed = self.rest.next() == Some(mark) && self.rest.next() == Some(']');
        if closed {
            Ok(element)
        } else {
            Err(PatternError::Class)
        }
    }

    /// A named class, behind `[:`.
    fn class(&mut self) -> Result<&'static [(char, char)], PatternError> {
        let mut name = String::new();
        loop {
            match self.rest.next().ok_or(PatternError::Bracket)? {
                ':' => break,
                c => name.push(c),
            }
        }
        if self.rest.next() != Some(']') {
            return Err(PatternError::Class);
        }
        class_members(&name).ok_or(PatternError::Class)
    }
}

fn literal(c: char) -> Hir {
    Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes())
}

fn place(look: Look) -> Piece {
    Piece {
        expression: Hir::look(look),
        repetitions: None,
    }
}

fn concatenation(pieces: Vec<Piece>) -> Hir {
    Hir::concat(pieces.into_iter().map(|piece| piece.expression).collect())
}

/// Any of these characters, or any other one that is no line break.
fn class(members: &[(char, char)], negated: bool) -> Hir {
    let ranges = members
        .iter()
        .map(|(start, end)| ClassUnicodeRange::new(*start, *end));
    let mut class = ClassUnicode::new(ranges);
    if negated {
        class.push(ClassUnicodeRange::new('\n', '\n'));
        class.negate();
    }
    Hir::class(Class::Unicode(class))
}

/// What stands for a place and not for a character.
fn assertion(c: char) -> Option<Look> {
    Some(match c {
        'b' => Look::WordAscii,
        'B' => Look::WordAsciiNegate,
        '<' => Look::WordStartAscii,
        '>' => Look::WordEndAscii,
        '`' => Look::Start,
        '\'' => Look::End,
        _ => return None,
    })
}

const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')];
const SPACE: &[(char, char)] = &[(' ', ' '), ('\t', '\r')];

/// The members of a class in the C locale.
fn class_members(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => DIGIT,
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => SPACE,
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

/// One bound of an interval; none where it may be left out.
fn count(text: &str, optional: bool) -> Result<Option<u32>, PatternError> {
    if text.is_empty() && optional {
        return Ok(None);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|number| digits && *number <= REPETITIONS);
    number.map(Some).ok_or(PatternError::Interval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().is_found_in(text)
    }

    #[test]
    fn extended_syntax() {
        for (pattern, text, expected) in [
            (
                "^(250|251) ([0-9]\\.){2}[[:digit:]] O?K$",
                "250 2.0.0 OK",
                true,
            ),
            ("", "anything", true),
            ("a{2,3}b", "aab", true),
            ("a{2,3}b", "ab", false),
            ("a{,2}b", "b", true),
            ("ok", "OK", false),
            ("x*y", "y", true),
            ("(ab)+$", "xabab", true),
            ("a|b|", "", true),
            ("()", "", true),
            (")", "a)", true),
            ("a**", "", true),
            ("[]x]", "]", true),
            ("[^]x]", "]", false),
            ("[a-c-]", "-", true),
            ("[\\]", "\\", true),
            ("[[.-.]a]", "-", true),
            ("[[=a=]]", "a", true),
            ("\\.", ".", true),
            ("\\.", "x", false),
            ("é{2}", "éé", true),
            ("[é-ü]", "ö", true),
            ("a{,}", "", true),
            ("(^)*a", "a", true),
        ] {
            assert_eq!(found(pattern, text), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn gnu_extensions() {
        assert!(found("\\bOK\\b", "250 OK"));
        assert!(found("\\<OK\\>", "250 OK now"));
        assert!(!found("\\<K", "250 OK"));
        assert!(found("\\w{9}", "flushed__"));
        assert!(found("^\\d{3}\\s\\S", "250 ok"));
        assert!(found("\\`250", "250 ok"));
        assert!(!found("\\`two", "one\ntwo"));
        assert!(found("two\\'", "one\ntwo"));
        assert!(!found("one\\'", "one\ntwo"));
    }

    #[test]
    fn lines() {
        let text = "214-commands\n214-HELO MAIL\n214 end";
        assert!(found("HELO MAIL$", text));
        assert!(found("^214 end", text));
        assert!(!found("commands.*end", text));
        assert!(!found("commands[^x]214", text));
    }

    #[test]
    fn what_does_not_compile_says_why() {
        for (pattern, error) in [
            ("(", PatternError::Parenthesis),
            ("(a|b", PatternError::Parenthesis),
            ("[a-", PatternError::Bracket),
            ("[", PatternError::Bracket),
            ("[[:alpha", PatternError::Bracket),
            ("[[:nope:]]", PatternError::Class),
            ("[b-a]", PatternError::Range),
            ("[a-z-9]", PatternError::Range),
            ("[[:digit:]-z]", PatternError::Range),
            ("*a", PatternError::Repetition),
            ("^*a", PatternError::Repetition),
            ("$*a", PatternError::Repetition),
            ("\\b*a", PatternError::Repetition),
            ("a|*b", PatternError::Repetition),
            ("(+a)", PatternError::Repetition),
            ("a{x}", PatternError::Interval),
            ("a{2", PatternError::Interval),
            ("a{3,2}", PatternError::Interval),
            ("a{99999}", PatternError::Interval),
            ("a\\", PatternError::Escape),
            ("(a)\\1", PatternError::BackReference),
            ("((a{1000}){1000}){1000}", PatternError::TooLarge),
        ] {
            assert_eq!(
                Pattern::parse(pattern).map(|_| ()).unwrap_err(),
                error,
                "{pattern}"
            );
        }
        for long in ["(".repeat(1000), format!("a{}", "*".repeat(100_000))] {
            assert_eq!(Pattern::parse(&long).err(), Some(PatternError::TooLarge));
        }
    }

    proptest! {
        #[test]
        fn a_quoted_text_matches_itself(text in "[ -~]{1,30}") {
            let quoted: String = text.chars().flat_map(|c| ['[', c, ']']).collect();
            let quoted = quoted.replace("[^]", "\\^");
            let matches = found(&format!("^{quoted}$"), &text);
            prop_assert!(matches);
        }

        #[test]
        fn what_is_found_is_found_in_a_longer_text(
            pattern in "[a-c(){}|*+?.,0-9\\\\\\[\\]:=-]{0,24}",
            text in "[a-c ]{0,40}",
        ) {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                let longer = format!("{text}\n{text}");
                prop_assert!(!pattern.is_found_in(&text) || pattern.is_found_in(&longer));
            }
        }
    }
}
