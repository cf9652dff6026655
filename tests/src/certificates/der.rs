//! Distinguished encoding of ASN.1 (X.690 section 10), as far as a certificate needs it.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The constructed, context-specific tag with this number.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A value: its tag, its length, its contents.
pub(super) fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    der.extend(length(contents.len()));
    der.extend_from_slice(contents);
    der
}

/// A value made of values.
pub(super) fn values(tag: u8, contents: &[Vec<u8>]) -> Vec<u8> {
    value(tag, &contents.concat())
}

/// X.690 section 8.1.3: one octet, or how many octets follow and those.
fn length(length: usize) -> Vec<u8> {
    if let Ok(short @ ..=0x7f) = u8::try_from(length) {
        return vec![short];
    }
    let octets = length.to_be_bytes();
    let significant: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    let count = u8::try_from(significant.len()).unwrap_or(u8::MAX);
    [vec![0x80 | count], significant].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(value(INTEGER, &[1]), [2, 1, 1]);
        assert_eq!(value(SEQUENCE, &[]), [0x30, 0]);
        assert_eq!(value(4, &[0; 127])[..3], [4, 127, 0]);
        assert_eq!(value(4, &[0; 128])[..4], [4, 0x81, 128, 0]);
        assert_eq!(value(4, &[0; 256])[..5], [4, 0x82, 1, 0, 0]);
        assert_eq!(value(4, &vec![0; 70_000])[..5], [4, 0x83, 1, 0x11, 0x70]);
    }
}
