//! One connection of the client: bytes in and out, in plain text or over TLS.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustls::{ProtocolVersion, ServerConnection, Stream};
use socket2::Socket;

use super::disguise;
use super::fragments::first_record;
use super::waiting::{Stop, Waiting, Woken, gets_ready, may_be_tried_again};

/// How long a server waits for any one thing that the client does.
pub(super) const STEP_LIMIT: Duration = Duration::from_secs(15);
/// A line that is longer than this is cut.
const LINE_LIMIT: usize = 1 << 20;
/// What a client sent before its end is there within this time.
const LAST_CHANCE: Duration = Duration::from_millis(50);
/// The first bytes of a TLS handshake record (RFC 8446 section 5.1).
const HANDSHAKE_RECORD: [u8; 2] = [0x16, 0x03];

pub(super) struct Connection<'a> {
    socket: Socket,
    tls: Option<ServerConnection>,
    buffer: Vec<u8>,
    waiting: &'a Waiting,
}

impl<'a> Connection<'a> {
    pub(super) fn new(socket: Socket, waiting: &'a Waiting) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // A Unix socket has no such option.
        let _ = socket.set_tcp_nodelay(true);
        Ok(Self {
            socket,
            tls: None,
            buffer: Vec::new(),
            waiting,
        })
    }

    /// Whether a client begins a handshake while the server still speaks plain text.
    pub(super) fn has_client_hello(&self) -> bool {
        self.tls.is_none() && self.buffer.starts_with(&HANDSHAKE_RECORD)
    }

    /// Takes a whole line with its line end, or what there is when it gets too long.
    pub(super) fn take_line(&mut self) -> Option<Vec<u8>> {
        let end = self
            .buffer
            .iter()
            .position(|&b| b == b'\n')
            .map(|at| at + 1);
        match end {
            Some(end) => Some(self.buffer.drain(..end).collect()),
            None if self.buffer.len() > LINE_LIMIT => Some(self.take_rest()),
            None => None,
        }
    }

    /// Takes all that was received.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    pub(super) fn has_rest(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Receives something; false when nothing will come any more, or not in time.
    pub(super) fn receive(&mut self, until: Instant) -> bool {
        let mut piece = vec![0; 64 * 1024];
        loop {
            match self.read(&mut piece) {
                Ok(0) => return false,
                Ok(count) => {
                    self.buffer.extend_from_slice(&piece[..count]);
                    return true;
                }
                Err(e) if may_be_tried_again(&e) => {
                    if !self.wait(PollFlags::IN, until) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
    }

    /// Sends all of these bytes.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let until = Instant::now() + STEP_LIMIT;
        let mut left = bytes;
        while !left.is_empty() || self.has_unsent() {
            if self.waiting.is_over() {
                return Err(Stop);
            }
            match self.write(left) {
                Ok(count) if count > 0 || !self.has_unsent() => left = &left[count..],
                Err(e) if !may_be_tried_again(&e) => return Err(Stop),
                _ => {
                    if !self.wait(PollFlags::OUT, until) {
                        return Err(Stop);
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends all of these bytes beneath TLS, if that has begun.
    pub(super) fn send_beneath(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let tls = self.tls.take();
        let sent = self.send(bytes);
        self.tls = tls;
        sent
    }

    /// A record of this type, sealed once TLS has begun.
    pub(super) fn record(&mut self, content_type: u8, contents: &[u8]) -> io::Result<Vec<u8>> {
        match &mut self.tls {
            Some(tls) => disguise::seal(tls, content_type, contents),
            None => plain_record(content_type, contents),
        }
    }

    /// Changes the server's key.
    pub(super) fn update_keys(&mut self) -> io::Result<Vec<u8>> {
        let tls = self.tls.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        tls.refresh_traffic_keys().map_err(io::Error::other)?;
        disguise::all_to_send(tls)
    }

    /// What a login can be bound to in TLS 1.3 (RFC 9266).
    pub(super) fn channel_binding(&self) -> Option<[u8; 32]> {
        let tls = self.tls.as_ref()?;
        if tls.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            return None;
        }
        let label = b"EXPORTER-Channel-Binding";
        tls.export_keying_material([0; 32], label, Some(b"")).ok()
    }

    /// Takes the first whole record, still in clear.
    pub(super) fn take_record(&mut self) -> Option<Vec<u8>> {
        let (record, _) = first_record(&self.buffer)?;
        let end = record.len();
        Some(self.buffer.drain(..end).collect())
    }

    /// Tells the client that the server sends no more.  It is not told by TLS: a server that dies
    /// does not say so either.
    pub(super) fn shut_down(&self) {
        // It fails when the client is gone already.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Makes the end of this connection a TCP reset.
    pub(super) fn reset_at_end(&self) -> io::Result<()> {
        self.socket.set_linger(Some(Duration::ZERO))
    }

    /// The socket itself, for a handshake.
    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// All that follows goes over TLS.
    pub(super) fn secure(&mut self, tls: ServerConnection) {
        self.tls = Some(tls);
    }

    /// Waits for the socket; false when there is no point in trying again.
    pub(super) fn wait(&self, flags: PollFlags, until: Instant) -> bool {
        match self.waiting.wait_for(&self.socket, flags, until) {
            Woken::Ready => true,
            Woken::Over => gets_ready(&self.socket, flags, LAST_CHANCE),
            Woken::TimedOut => false,
        }
    }

    pub(super) fn pause(&self, how_long: Duration) -> Result<(), Stop> {
        self.waiting.pause(how_long)
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut socket = &self.socket;
        match &mut self.tls {
            Some(tls) => Stream::new(tls, &mut socket).read(into),
            None => socket.read(into),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut socket = &self.socket;
        match &mut self.tls {
            Some(tls) => Stream::new(tls, &mut socket).write(bytes),
            None => socket.write(bytes),
        }
    }

    /// Whether TLS holds bytes that the socket has not taken yet.
    fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }
}

/// RFC 8446 section 5.1; every version says that it is TLS 1.2.
fn plain_record(content_type: u8, contents: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(contents.len()).map_err(io::Error::other)?;
    let header = [content_type, 0x03, 0x03];
    Ok([&header, &length.to_be_bytes()[..], contents].concat())
}
