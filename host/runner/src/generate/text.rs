//! Texts of a manifest before they are quoted: visible, and in one line.

use sandcheck::escape;

/// One line in which every character can be seen. In difference to what is shown of a check, a `|` stays:
/// nothing of this is read as performance data.
pub(crate) fn visible(text: &str) -> String {
    let parts: Vec<_> = text.split('|').map(escape::line).collect();
    parts.join("|")
}

/// Line by line, without blank ones.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(visible);
    lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// All lines in one.
pub(crate) fn sentence(text: &str) -> String {
    lines(text).join(" ")
}

/// For places that have no quoting of their own: everything but these few characters is `_`.
pub(crate) fn harmless(text: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || " ,.-_=[]<>/".contains(c);
    let chars = text.chars().take(64);
    chars
        .map(|c| if is_harmless(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_seen_and_a_bar_stays() {
        assert_eq!(visible("a|b\r\n\u{1b}[2J\u{202e}"), "a|b \\x1b[2J\\u{202e}");
        assert_eq!(lines("a\n\n  b\rc\n"), ["a", "b c"]);
        assert_eq!(sentence("a\r\nb"), "a b");
        assert_eq!(harmless("N[,M]:$(id)%F"), "N[,M]___id__F");
    }
}
