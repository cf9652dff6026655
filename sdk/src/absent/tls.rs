//! No TLS: no option asks for it.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, Read, Write};
use std::marker::PhantomData;

/// Why there is no TLS.
#[derive(Debug)]
#[allow(missing_docs, reason = "as in the build that has TLS")]
pub enum TlsError {
    TimedOut,
    NotTls,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no TLS in this build")
    }
}

/// What a handshake came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the build that has TLS")]
pub struct Agreed {
    pub version: &'static str,
    pub suite: String,
    pub group: &'static str,
}

/// A stream with TLS on it, of which there is none.
pub struct TlsStream<S> {
    none: Infallible,
    stream: PhantomData<S>,
}

impl<S> TlsStream<S> {
    /// Fails.
    pub fn handshake(_: S, _: Option<&str>, _: &[u8]) -> Result<Self, TlsError> {
        Err(TlsError::NotTls)
    }

    /// What binds nothing.
    pub fn channel_binding(&self) -> Option<[u8; 32]> {
        match self.none {}
    }

    /// What no server sent.
    pub fn certificate(&self) -> Option<&[u8]> {
        match self.none {}
    }

    /// What no server sent.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    /// What nobody agreed on.
    pub fn agreed(&self) -> Agreed {
        match self.none {}
    }
}

impl<S> Read for TlsStream<S> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.none {}
    }
}

impl<S> Write for TlsStream<S> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.none {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.none {}
    }
}
