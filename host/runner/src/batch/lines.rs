//! Standard input, line by line, read by a thread: no faster than lines are taken.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tokio::sync::mpsc;

/// Lines that are read ahead.
const AHEAD: usize = 64;

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
    lines: mpsc::UnboundedReceiver<Line>,
    /// Each allows one more line to be read. So none is ever read that cannot be handed over.
    room: SyncSender<()>,
}

impl Lines {
    pub(super) fn read() -> Self {
        let (room, wanted) = sync_channel(AHEAD);
        let (sender, lines) = mpsc::unbounded_channel();
        for _ in 0..AHEAD {
            let _ = room.try_send(());
        }
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            let mut number = 0;
            while wanted.recv().is_ok() {
                let Some(line) = next(&mut input, &mut number) else {
                    return;
                };
                let is_last = line.text.as_ref().is_err_and(|why| why == BROKEN);
                if sender.send(line).is_err() || is_last {
                    return;
                }
            }
        });
        Self { lines, room }
    }

    /// The next line; nothing when there is none left.
    pub(super) async fn next(&mut self) -> Option<Line> {
        let line = self.lines.recv().await;
        let _ = self.room.try_send(());
        line
    }

    /// The lines that have been read and not been taken. No more are read.
    pub(super) fn left(&mut self) -> Vec<Line> {
        self.lines.close();
        std::iter::from_fn(|| self.lines.try_recv().ok()).collect()
    }
}

/// Nothing can be read behind that.
const BROKEN: &str = "standard input cannot be read";

/// The next line that is not blank.
fn next(input: &mut impl BufRead, number: &mut u64) -> Option<Line> {
    loop {
        *number += 1;
        let text = read_line(input).unwrap_or_else(|_| Some(Err(BROKEN.to_owned())))?;
        if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
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
