//! Standard input, line by line, read by a thread: no faster than lines are taken.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Lines that are handed over at once, if they are there.
const CHUNK: usize = 32;

/// Chunks that are read ahead.
const AHEAD: usize = 2;

/// What is read at once, in bytes.
const BUFFER: usize = 64 << 10;

/// The longest line, in bytes.
const LENGTH: u64 = 1 << 20;

/// One line of the input.
#[derive(Debug)]
pub(super) struct Line {
    /// Counted from 1, as an editor does.
    pub(super) number: u64,
    /// What it says, or why that cannot be read.
    pub(super) text: Result<String, String>,
}

/// The lines that are read.
pub(super) struct Lines {
    chunks: UnboundedReceiver<VecDeque<Line>>,
    /// What is left of the chunk that was taken.
    chunk: VecDeque<Line>,
    /// Each allows one more chunk to be read. So no line is ever read that cannot be handed over.
    room: SyncSender<()>,
}

impl Lines {
    pub(super) fn read() -> Self {
        let (room, wanted) = sync_channel(AHEAD);
        let (sender, chunks) = unbounded_channel();
        for _ in 0..AHEAD {
            let _ = room.try_send(());
        }
        thread::spawn(move || read_all(&wanted, &sender));
        Self {
            chunks,
            chunk: VecDeque::new(),
            room,
        }
    }

    /// The next line; nothing when there is none left.
    pub(super) async fn next(&mut self) -> Option<Line> {
        if self.chunk.is_empty() {
            self.chunk = self.chunks.recv().await?;
            let _ = self.room.try_send(());
        }
        self.chunk.pop_front()
    }

    /// The lines that have been read and not been taken. No more are read.
    pub(super) fn left(&mut self) -> Vec<Line> {
        self.chunks.close();
        let mut left: Vec<_> = self.chunk.drain(..).collect();
        while let Ok(chunk) = self.chunks.try_recv() {
            left.extend(chunk);
        }
        left
    }
}

/// Reads to the end, as long as somebody wants it.
fn read_all(wanted: &Receiver<()>, chunks: &UnboundedSender<VecDeque<Line>>) {
    let mut input = BufReader::with_capacity(BUFFER, io::stdin());
    let mut number = 0;
    while wanted.recv().is_ok() {
        let (chunk, is_end) = chunk(&mut input, &mut number);
        let is_lost = !chunk.is_empty() && chunks.send(chunk).is_err();
        if is_end || is_lost {
            return;
        }
    }
}

/// Lines to be handed over together, at least one, and whether there are no more. It waits for the
/// first only.
fn chunk(input: &mut BufReader<impl Read>, number: &mut u64) -> (VecDeque<Line>, bool) {
    let mut lines = VecDeque::new();
    loop {
        let Some(line) = next(input, number) else {
            return (lines, true);
        };
        let is_last = line.text.as_ref().is_err_and(|why| why == BROKEN);
        lines.push_back(line);
        if is_last || lines.len() == CHUNK || !has_a_line(input.buffer()) {
            return (lines, is_last);
        }
    }
}

/// Whether there is a line that is taken, so that [`next`] does not wait for one.
fn has_a_line(buffer: &[u8]) -> bool {
    let mut lines = buffer.split_inclusive(|byte| *byte == b'\n');
    lines.any(|line| line.ends_with(b"\n") && !is_blank(line))
}

fn is_blank(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|text| text.trim().is_empty())
}

/// Nothing can be read behind that.
const BROKEN: &str = "standard input cannot be read";

/// The next line that is not blank.
fn next(input: &mut impl BufRead, number: &mut u64) -> Option<Line> {
    loop {
        *number += 1;
        let text = read_line(input).unwrap_or_else(|_| Some(Err(BROKEN.to_owned())))?;
        if text.as_ref().is_ok_and(|text| is_blank(text.as_bytes())) {
            continue;
        }
        return Some(Line {
            number: *number,
            text,
        });
    }
}

fn read_line(input: &mut impl BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    if Read::by_ref(input)
        .take(LENGTH)
        .read_until(b'\n', &mut bytes)?
        == 0
    {
        return Ok(None);
    }
    if bytes.len() as u64 == LENGTH && bytes.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!("is longer than {LENGTH} bytes"))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        format!("is not UTF-8, at byte {at}")
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let (mut input, mut number) = (input, 0);
        std::iter::from_fn(|| next(&mut input, &mut number))
            .map(|line| {
                (
                    line.number,
                    line.text.map(|text| text.trim_end().to_owned()),
                )
            })
            .collect()
    }

    #[test]
    fn what_is_there_is_handed_over_together() {
        /// What is typed, once, and then an end that is never asked for.
        struct Terminal(Option<&'static [u8]>);
        impl Read for Terminal {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let typed = self.0.take().expect("nobody waits for more");
                into[..typed.len()].copy_from_slice(typed);
                Ok(typed.len())
            }
        }
        let mut number = 0;
        // Behind the second line stands a part of another one, or nothing that would be taken.
        for typed in ["a\nb\nc", "a\nb\n\n", "a\n\nb\n \u{2003}\r\n\n "] {
            let terminal = Terminal(Some(typed.as_bytes()));
            let (lines, is_end) = chunk(&mut BufReader::new(terminal), &mut number);
            assert_eq!((lines.len(), is_end), (2, false), "{typed:?}");
        }
        let many = b"x\n".repeat(CHUNK + 1);
        let mut input = BufReader::new(&many[..]);
        assert_eq!(chunk(&mut input, &mut number).0.len(), CHUNK);
        assert_eq!(chunk(&mut input, &mut number).0.len(), 1);
        let (lines, is_end) = chunk(&mut input, &mut number);
        assert!(lines.is_empty() && is_end);
    }

    #[test]
    fn lines_are_counted_and_blank_ones_are_not_taken() {
        let expected = vec![(1, Ok("a".to_owned())), (4, Ok("b".to_owned()))];
        assert_eq!(lines(b"a\r\n\n \nb"), expected);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_that_cannot_be_read_costs_no_other() {
        let long = vec![b'x'; usize::try_from(LENGTH).unwrap() + 10];
        let input = [&long[..], b"\na\n\xff\nb\n"].concat();
        let expected = vec![
            (1, Err("is longer than 1048576 bytes".to_owned())),
            (2, Ok("a".to_owned())),
            (3, Err("is not UTF-8, at byte 1".to_owned())),
            (4, Ok("b".to_owned())),
        ];
        assert_eq!(lines(&input), expected);
        let longest = [&long[..long.len() - 11], b"\nb"].concat();
        assert_eq!(lines(&longest)[1], (2, Ok("b".to_owned())));
    }
}
