//! JSON that may be shown on a terminal.

use sandcheck::escape;

/// The same JSON without characters that mean something to a terminal. They stand in strings only,
/// where they may be written as escapes (RFC 8259 section 7).
pub(crate) fn visible(json: String) -> String {
    if json.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if escape::is_invisible(c) || c == '\u{7f}' {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            out.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_without_characters_for_terminals() {
        let text = "a\u{9b}31m\u{202e}\u{e0041}\u{7f}\"\u{fc}";
        let json = serde_json::to_string(text).unwrap();
        let shown = visible(json);
        assert_eq!(
            shown,
            "\"a\\u009b31m\\u202e\\udb40\\udc41\\u007f\\\"\u{fc}\""
        );
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
