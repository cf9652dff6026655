//! A server that says what it says, whatever it is told.

use std::io::{self, Read, Write};

use crate::conversation::{Conversation, Manner};

/// How often a client may read on after the end before it counts as one that hangs.
const PATIENCE: usize = 64;

/// One end of a connection, to be given to the check as `&mut Server`.
pub struct Server<'a> {
    says: &'a [u8],
    manner: Manner,
    reads_at_end: usize,
    /// What it was told, one entry for each write.
    pub heard: Vec<Vec<u8>>,
}

impl<'a> Server<'a> {
    /// The server of an input.
    pub fn new(conversation: &Conversation<'a>) -> Self {
        Self {
            says: conversation.says,
            manner: conversation.manner,
            reads_at_end: 0,
            heard: Vec::new(),
        }
    }

    fn end(&mut self) -> io::Result<usize> {
        self.reads_at_end += 1;
        assert!(
            self.reads_at_end < PATIENCE,
            "the check reads on and on after the end"
        );
        if self.manner.silent {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(0)
        }
    }
}

impl Read for Server<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.says.is_empty() {
            return self.end();
        }
        let limit = self.manner.piece.unwrap_or(usize::MAX).min(buffer.len());
        self.says.read(&mut buffer[..limit])
    }
}

impl Write for Server<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self
            .manner
            .lines
            .is_some_and(|lines| self.heard.len() >= lines)
        {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.heard.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
