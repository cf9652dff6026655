//! What a gearman server sends. The first byte of the input says in which pieces the rest comes.
//!
//! Property: packets do not depend on the pieces, no handle could be mistaken for something else, and
//! what comes out is never more than what went in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sandcheck_gearman::packet::{Decoder, Request, Response, Violation};

fuzz_target!(|input: &[u8]| {
    let Some((piece, stream)) = input.split_first() else {
        return;
    };
    let (whole, end) = decode(stream.chunks(stream.len().max(1)));
    let in_pieces = decode(stream.chunks(usize::from(*piece).max(1)));
    assert_eq!((&whole, end), (&in_pieces.0, in_pieces.1));
    assert!(whole.iter().map(size).sum::<usize>() <= stream.len());
    for response in &whole {
        if let Response::Job { handle, .. } | Response::LongJob { handle } = response {
            assert!(!handle.contains(&0));
            let mut answer = Vec::new();
            Request::WorkComplete(handle).write(&mut answer);
            assert_eq!(answer.len(), 12 + handle.len() + 1);
        }
    }
});

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Response>, Option<Violation>) {
    let (mut decoder, mut responses) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.packet() {
                Ok(Some(response)) => responses.push(response),
                Ok(None) => break,
                Err(violation) => return (responses, Some(violation)),
            }
        }
    }
    (responses, None)
}

/// Its bytes in the stream, at least.
fn size(response: &Response) -> usize {
    12 + match response {
        Response::Job { handle, data } => handle.len() + data.len(),
        Response::LongJob { handle } => handle.len(),
        Response::Error { code, text } => code.len() + text.len(),
        _ => 0,
    }
}
