//! Handshake messages cut into small records (RFC 8446 section 5.1 allows records of one byte).

/// Content type, version and length of a record (RFC 8446 section 5.1).
const HEADER: usize = 5;
/// The content type of a handshake record.
const HANDSHAKE: u8 = 22;

/// The same stream of whole records, in which no handshake record in clear holds more than `most`
/// bytes.  (Under TLS 1.3 sealed records have another content type; under TLS 1.2 they follow the
/// change of the cipher.)
pub(super) fn fragmented(stream: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut in_clear = true;
    let mut rest = stream;
    while let Some((record, behind)) = first_record(rest) {
        in_clear &= is_handshake(record);
        if in_clear {
            append_in_fragments(&mut out, record, most);
        } else {
            out.extend_from_slice(record);
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
    out
}

fn append_in_fragments(out: &mut Vec<u8>, record: &[u8], most: usize) {
    let (header, contents) = record.split_at(HEADER);
    for fragment in contents.chunks(most.max(1)) {
        let length = u16::try_from(fragment.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&header[..3]);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(fragment);
    }
}

/// Whether a record holds handshake messages in clear.
pub(super) fn is_handshake(record: &[u8]) -> bool {
    record.first() == Some(&HANDSHAKE)
}

/// The first whole record, and what is behind it.
pub(super) fn first_record(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = stream.get(3..HEADER)?;
    let end = HEADER + usize::from(u16::from_be_bytes([length[0], length[1]]));
    stream.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshake_records_in_clear_are_cut() {
        let stream = b"\x16\x03\x03\0\x03abc\x14\x03\x03\0\x01\x01\x16\x03\x03\0\x02de";
        assert_eq!(
            fragmented(stream, 2),
            b"\x16\x03\x03\0\x02ab\x16\x03\x03\0\x01c\x14\x03\x03\0\x01\x01\x16\x03\x03\0\x02de"
        );
    }

    #[test]
    fn a_record_that_is_not_whole_is_none() {
        assert!(first_record(b"\x16\x03\x03\0\x02a").is_none());
        assert!(first_record(b"\x16\x03").is_none());
        assert_eq!(first_record(b"\x16\x03\x03\0\0x").unwrap().1, b"x");
    }
}
