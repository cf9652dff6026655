//! The parser of replies. The input is what a server sends.
//!
//! Property: however the bytes are cut into packets, the same replies come out, and all of them
//! together with what is left are what came; each goes up to the first line that says so, none is
//! longer than the limit, and none has a line end at the end of its text. The last byte also says how
//! long the packets are.

#![no_main]

use check_smtp::reply::{REPLY_LIMIT, Reply, ReplyReader, TooLong};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes, bytes.len().max(1));
    let size = bytes.last().copied().unwrap_or_default().max(1);
    for size in [1, usize::from(size)] {
        assert_eq!(read(bytes, size), whole, "packets of {size} bytes");
    }
    let (replies, end) = whole;
    replies.iter().for_each(check);
    if let Ok(rest) = end {
        assert!(
            lines(&rest).all(|line| goes_on(line) || !line.ends_with(b"\n")),
            "kept back"
        );
        let read: Vec<u8> = replies
            .iter()
            .flat_map(|reply| reply.bytes().to_vec())
            .collect();
        assert_eq!([read, rest].concat(), bytes, "something is lost");
    }
});

/// The replies, and what is left behind them.
fn read(bytes: &[u8], size: usize) -> (Vec<Reply>, Result<Vec<u8>, TooLong>) {
    let mut reader = ReplyReader::default();
    let mut replies = Vec::new();
    for packet in bytes.chunks(size) {
        reader.push(packet);
        loop {
            match reader.take() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(TooLong) => return (replies, Err(TooLong)),
            }
        }
    }
    (replies, Ok(reader.drain()))
}

fn check(reply: &Reply) {
    assert!(reply.bytes().len() <= REPLY_LIMIT);
    let last = lines(reply.bytes()).position(|line| !goes_on(line));
    assert_eq!(
        last,
        lines(reply.bytes()).count().checked_sub(1),
        "{reply:?}"
    );
    assert!(reply.bytes().ends_with(b"\n"));
    assert!(reply.code().is_none_or(|code| code <= 999));
    assert!(!(reply.is_positive() && reply.is_refusal()));
    assert!(!reply.text().ends_with([' ', '\t', '\r', '\n']));
    assert!(!reply.line().ends_with(['\r', '\n']));
    assert!(reply.line().starts_with(&*reply.text()));
    assert_eq!(
        reply.matchable().matches('\n').count(),
        reply.text().matches('\n').count()
    );
    assert!(reply.is_positive() || !reply.offers("STARTTLS"));
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

/// RFC 5321 section 4.2.1: a hyphen behind the code when there are more lines.
fn goes_on(line: &[u8]) -> bool {
    line.iter().take(3).all(u8::is_ascii_digit) && line.get(3) == Some(&b'-')
}
