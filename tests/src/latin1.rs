//! Text of the scenarios in which a character is one byte.

/// The bytes of a text whose characters are all below U+0100; otherwise the first that is not.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, char> {
    text.chars()
        .map(|c| u8::try_from(c).map_err(|_| c))
        .collect()
}

/// The text whose characters are these bytes.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_one_character() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&text(&all)), Ok(all));
    }

    #[test]
    fn other_characters_are_named() {
        assert_eq!(bytes("a\u{20ac}"), Err('\u{20ac}'));
    }
}
