//! Attacks the network and the host's memory with what it sends. The case says how: `call`, 16 MiB
//! at once; `calls`, a gigabyte in pieces; `lie`, a gigabyte of which the plugin has not one page.

use sandcheck_hostile::{Connection, Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let connection = match words.connect() {
            Ok(connection) => connection,
            Err(error) => return Ok(error.into()),
        };
        match words.case() {
            "call" => drop(connection.write(&vec![b'x'; 16 << 20])),
            "calls" => in_pieces(&connection),
            _ => lie(&connection),
        }
        Ok(unharmed())
    }
}

fn in_pieces(connection: &Connection) {
    let piece = vec![b'x'; 64 << 10];
    // Errors are no reason to stop.
    (0..(1 << 30) / piece.len()).for_each(|_| drop(connection.write(&piece)));
}

fn lie(connection: &Connection) {
    let piece = [b'x'; 1];
    // SAFETY: none; the length is passed to the host, which is to look at it.
    let bytes = unsafe { std::slice::from_raw_parts(piece.as_ptr(), 1 << 30) };
    drop(connection.write(bytes));
}
