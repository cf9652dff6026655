//! The words of a command line, as a shell would make them, without one.
//!
//! Quotes and backslashes are read as POSIX says (Shell Command Language, 2.2). What a shell would
//! do more than that (variables, patterns, pipes, files, several commands) is refused.

use std::fmt;

/// Why a command line is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This character means something to a shell.
    Shell(char),
    /// This quote has no second one.
    Open(char),
    /// There is nothing behind the last backslash.
    Backslash,
    /// It has a control character in it.
    Control,
    /// There is no word.
    Empty,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Shell(c) => {
                write!(
                    f,
                    "'{c}' would need a shell, and there is none: put it between single quotes if it is meant as it stands"
                )
            }
            Self::Open(quote) => write!(f, "a quote {quote} is not closed"),
            Self::Backslash => f.write_str("it ends with a backslash"),
            Self::Control => f.write_str("there is a control character in it"),
            Self::Empty => f.write_str("it is empty"),
        }
    }
}

impl std::error::Error for Refused {}

/// The words of a command line, the program first.
pub fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, Refused> {
    if line
        .iter()
        .any(|byte| byte.is_ascii_control() && *byte != b'\t')
    {
        return Err(Refused::Control);
    }
    let mut rest = line.iter().copied();
    let (mut words, mut word) = (Vec::new(), None::<Vec<u8>>);
    while let Some(byte) = rest.next() {
        match byte {
            b' ' | b'\t' => words.extend(word.take()),
            b'\'' => quoted(&mut rest, word.get_or_insert_default())?,
            b'"' => double_quoted(&mut rest, word.get_or_insert_default())?,
            b'\\' => word
                .get_or_insert_default()
                .push(rest.next().ok_or(Refused::Backslash)?),
            _ if is_special(byte, word.is_none(), words.is_empty()) => {
                return Err(Refused::Shell(byte.into()));
            }
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    if words.is_empty() {
        Err(Refused::Empty)
    } else {
        Ok(words)
    }
}

fn is_special(byte: u8, begins: bool, is_program: bool) -> bool {
    match byte {
        b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b')' | b'$' | b'`' | b'*' | b'?' | b'['
        | b']' | b'{' | b'}' => true,
        // A comment, a home directory.
        b'#' | b'~' => begins,
        b'!' => begins && is_program,
        // A variable for the program.
        b'=' => is_program,
        _ => false,
    }
}

fn quoted(rest: &mut impl Iterator<Item = u8>, word: &mut Vec<u8>) -> Result<(), Refused> {
    loop {
        match rest.next().ok_or(Refused::Open('\''))? {
            b'\'' => return Ok(()),
            byte => word.push(byte),
        }
    }
}

fn double_quoted(rest: &mut impl Iterator<Item = u8>, word: &mut Vec<u8>) -> Result<(), Refused> {
    let mut next = || rest.next().ok_or(Refused::Open('"'));
    loop {
        match next()? {
            b'"' => return Ok(()),
            byte @ (b'$' | b'`') => return Err(Refused::Shell(byte.into())),
            b'\\' => match next()? {
                byte @ (b'$' | b'`' | b'"' | b'\\') => word.push(byte),
                byte => word.extend([b'\\', byte]),
            },
            byte => word.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn split(line: &str) -> Result<Vec<String>, Refused> {
        let words = words(line.as_bytes())?;
        Ok(words
            .into_iter()
            .map(|word| String::from_utf8(word).unwrap())
            .collect())
    }

    #[test]
    fn words_are_those_that_a_shell_makes() {
        for line in [
            r"p -H mx -p 25",
            "  p \t -H  ''  x ",
            r#"p -H '$HOST' "a b"'c'd "" '|'"#,
            r#"p "a\"b\\c\d\$e" a\ b\'c \\"#,
            "p a#b a~b a=b x! ! ^ % @ + , : . /",
            r#"p 'é' "ü""#,
        ] {
            let script = format!("set -- {line}; for word; do printf '%s\\0' \"$word\"; done");
            let shell = Command::new("sh").arg("-c").arg(script).output().unwrap();
            let shell = String::from_utf8(shell.stdout).unwrap();
            let shell: Vec<&str> = shell.split_terminator('\0').collect();
            assert_eq!(split(line).unwrap(), shell, "{line}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for c in "|&;<>()$`*?[]{}".chars() {
            for line in [format!("p a{c}b"), format!("p -H mx {c} q"), format!("{c}")] {
                assert_eq!(split(&line), Err(Refused::Shell(c)), "{line}");
            }
        }
        for (line, expected) in [
            ("p #x", Refused::Shell('#')),
            ("p ~root", Refused::Shell('~')),
            ("! p", Refused::Shell('!')),
            ("A=b p", Refused::Shell('=')),
            ("p \"$x\"", Refused::Shell('$')),
            ("p \"`x`\"", Refused::Shell('`')),
            ("p 'x", Refused::Open('\'')),
            ("p \"x\\", Refused::Open('"')),
            ("p \\", Refused::Backslash),
            ("p a\nq", Refused::Control),
            ("p\0", Refused::Control),
            (" \t", Refused::Empty),
            ("", Refused::Empty),
        ] {
            assert_eq!(split(line), Err(expected), "{line}");
        }
    }
}
