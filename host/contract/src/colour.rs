//! Colours for people who look at a terminal. Nothing else is ever shown in colour.

use crate::render;

/// The colours of the states, by their exit codes: green, yellow, red, magenta.
const COLOURS: [&str; 4] = ["32", "33", "31", "35"];

/// The text with the word for the state in the state's colour, where it is the first or the second word
/// of a line. Everything in the text has been made safe to show before.
#[must_use]
pub fn text(text: &str, exit_code: u8) -> String {
    let Some(colour) = COLOURS.get(usize::from(exit_code)) else {
        return text.to_owned();
    };
    let word = render::word_of_code(exit_code);
    text.split_inclusive('\n')
        .map(|line| match place(line, word) {
            Some(at) => {
                let (before, rest) = line.split_at(at);
                let (_, behind) = rest.split_at(word.len());
                format!("{before}\u{1b}[{colour}m{word}\u{1b}[0m{behind}")
            }
            None => line.to_owned(),
        })
        .collect()
}

/// Where in a line the word stands.
fn place(line: &str, word: &str) -> Option<usize> {
    let mut at = 0;
    for part in line.split_inclusive(' ').take(2) {
        if part.trim_end().trim_end_matches(':') == word {
            return Some(at);
        }
        at += part.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_coloured_where_a_line_begins_with_it() {
        for (shown, code, expected) in [
            ("SMTP OK - 0.1\n", 0, "SMTP \u{1b}[32mOK\u{1b}[0m - 0.1\n"),
            ("OK\n", 0, "\u{1b}[32mOK\u{1b}[0m\n"),
            (
                "CRITICAL - x\nmore\n",
                2,
                "\u{1b}[31mCRITICAL\u{1b}[0m - x\nmore\n",
            ),
            (
                "sent QUIT\nSMTP WARNING: x",
                1,
                "sent QUIT\nSMTP \u{1b}[33mWARNING\u{1b}[0m: x",
            ),
            (
                "SMTP WARNING - x CRITICAL\n",
                2,
                "SMTP WARNING - x CRITICAL\n",
            ),
            ("250 mx OK\n", 0, "250 mx OK\n"),
            ("", 3, ""),
            ("x\n", 9, "x\n"),
        ] {
            assert_eq!(text(shown, code), expected);
        }
    }
}
