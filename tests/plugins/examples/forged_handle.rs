//! Attacks the host's table of connections. The case says how: `made-up`, a handle that was never
//! given; `dropped-twice`, one that is used after its end.

use sandcheck_hostile::{Connection, Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        if words.case() == "made-up" {
            // SAFETY: none; the host is to know its handles.
            let connection = unsafe { Connection::from_handle(3) };
            drop(connection.read(1));
            return Ok(unharmed());
        }
        let connection = match words.connect() {
            Ok(connection) => connection,
            Err(error) => return Ok(error.into()),
        };
        // SAFETY: none; the handle has two owners now.
        drop(unsafe { Connection::from_handle(connection.handle()) });
        drop(connection.write(b"from beyond\n"));
        Ok(unharmed())
    }
}
