//! What comes from a server or a plugin, made safe to show: one line, no character that means
//! something to a terminal or to a monitoring system, bounded.

/// The longest line that is shown, in bytes; Nagios reads 8 KiB.
pub const LINE_LIMIT: usize = 8 * 1024 - 256;

const CUT: &str = "...";

/// One line, without line breaks at its end: line breaks, tabs and `|` (which begins performance
/// data) are blanks, other control characters and those that reorder or hide text are written as
/// escapes.
#[must_use]
pub fn line(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.len() <= LINE_LIMIT
        && text
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'{' | b'}' | b'~'))
    {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\t' | '|' => out.push(' '),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if is_invisible(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
        if out.len() > LINE_LIMIT {
            cut(&mut out);
            break;
        }
    }
    out
}

/// Cuts a line at the limit, between two characters.
fn cut(out: &mut String) {
    let mut end = LINE_LIMIT - CUT.len();
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    out.push_str(CUT);
}

/// C1 controls, line and paragraph separators, and what Unicode calls format characters: joiners,
/// marks, embeddings, overrides and isolates of the bidirectional algorithm, tags.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_replaced() {
        for (text, shown) in [
            ("250 OK", "250 OK"),
            ("no address - ", "no address - "),
            ("it's üml", "it's üml"),
            ("a|b=1", "a b=1"),
            ("214-a\r\n214-b\r\n214 c\r\n", "214-a 214-b 214 c"),
            ("one\rtwo\nthree\tfour", "one two three four"),
            ("\u{1b}[2J\u{7}\0\u{7f}", "\\x1b[2J\\x07\\x00\\x7f"),
            ("a\u{85}b\u{202e}c\u{feff}", "a\\u{85}b\\u{202e}c\\u{feff}"),
            ("100% %s %n", "100% %s %n"),
            ("\u{fffd}", "\u{fffd}"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn lines_are_bounded() {
        let shown = line(&"ü".repeat(LINE_LIMIT));
        assert!(
            shown.len() <= LINE_LIMIT && shown.ends_with("ü..."),
            "{}",
            shown.len()
        );
        assert_eq!(line(&"x".repeat(LINE_LIMIT)).len(), LINE_LIMIT);
    }

    #[test]
    fn nothing_that_is_shown_is_a_control_character() {
        let all: String = ('\0'..='\u{2fff}')
            .chain('\u{e0000}'..='\u{e00ff}')
            .collect();
        for part in all.chars().collect::<Vec<_>>().chunks(500) {
            let shown = line(&part.iter().collect::<String>());
            assert!(!shown.contains(|c: char| c.is_control() || c == '|' || is_invisible(c)));
        }
    }
}
