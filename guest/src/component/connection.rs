//! The contract's connection as a stream.

use std::io::{self, ErrorKind, Read, Write};

use super::bindings::monitoring::plugin::sockets;

pub(super) struct Connection(sockets::Connection);

impl Connection {
    pub(super) fn new(connection: sockets::Connection) -> Self {
        Self(connection)
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let max = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let bytes = self.0.read(max).map_err(error)?;
        let target = buffer
            .get_mut(..bytes.len())
            .ok_or(ErrorKind::InvalidData)?;
        target.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(error)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn error(error: sockets::Error) -> io::Error {
    match error {
        sockets::Error::TimedOut => ErrorKind::TimedOut.into(),
        sockets::Error::Reset => ErrorKind::ConnectionReset.into(),
        other => io::Error::other(format!("{other:?}")),
    }
}
