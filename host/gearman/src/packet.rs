//! Packets of gearman's binary protocol (PROTOCOL in gearmand's sources), as far as a worker sends
//! and receives them.
//!
//! A packet is a magic word, a number for what it is, the length of what follows, both big-endian,
//! and that many bytes: arguments, each but the last ended by a NUL.

use std::fmt;

/// The longest body of a packet that is read. A longer job is skipped, not read.
pub const LIMIT: usize = 1 << 20;

const HEADER: usize = 12;
const REQUEST: &[u8; 4] = b"\0REQ";
const RESPONSE: &[u8; 4] = b"\0RES";

/// The longest handle (gearmand's `GEARMAN_JOB_HANDLE_SIZE`), with its NUL.
const HANDLE: usize = 64;

mod kind {
    pub(super) const CAN_DO: u32 = 1;
    pub(super) const PRE_SLEEP: u32 = 4;
    pub(super) const NOOP: u32 = 6;
    pub(super) const JOB_CREATED: u32 = 8;
    pub(super) const GRAB_JOB: u32 = 9;
    pub(super) const NO_JOB: u32 = 10;
    pub(super) const JOB_ASSIGN: u32 = 11;
    pub(super) const WORK_COMPLETE: u32 = 13;
    pub(super) const WORK_FAIL: u32 = 14;
    pub(super) const ECHO_REQ: u32 = 16;
    pub(super) const ECHO_RES: u32 = 17;
    pub(super) const SUBMIT_JOB_BG: u32 = 18;
    pub(super) const ERROR: u32 = 19;
    pub(super) const SET_CLIENT_ID: u32 = 22;
}

/// What a worker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// It takes jobs from this queue.
    CanDo(&'a [u8]),
    /// It waits for being woken.
    PreSleep,
    /// It wants a job.
    GrabJob,
    /// The job of this handle is done.
    WorkComplete(&'a [u8]),
    /// The job of this handle cannot be done.
    WorkFail(&'a [u8]),
    /// A job for others, about which nothing more is to be heard.
    SubmitBackground {
        /// Where it is put.
        queue: &'a [u8],
        /// What it says.
        data: &'a [u8],
    },
    /// Asks for an answer, which comes after everything before it was handled.
    Echo,
    /// Its name in the server's list of workers.
    ClientId(&'a [u8]),
}

impl Request<'_> {
    /// Appends the packet.
    pub fn write(&self, to: &mut Vec<u8>) {
        let (kind, parts): (u32, &[&[u8]]) = match self {
            Self::CanDo(queue) => (kind::CAN_DO, &[queue]),
            Self::PreSleep => (kind::PRE_SLEEP, &[]),
            Self::GrabJob => (kind::GRAB_JOB, &[]),
            Self::WorkComplete(handle) => (kind::WORK_COMPLETE, &[handle, b"\0"]),
            Self::WorkFail(handle) => (kind::WORK_FAIL, &[handle]),
            // Between the two stands the job's unique name. Without one no two are the same.
            Self::SubmitBackground { queue, data } => {
                (kind::SUBMIT_JOB_BG, &[queue, b"\0\0", data])
            }
            Self::Echo => (kind::ECHO_REQ, &[b"sandcheck"]),
            Self::ClientId(name) => (kind::SET_CLIENT_ID, &[name]),
        };
        let length: usize = parts.iter().map(|part| part.len()).sum();
        to.extend(REQUEST);
        to.extend(kind.to_be_bytes());
        to.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        for part in parts {
            to.extend(*part);
        }
    }
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Wake up: there may be a job.
    Noop,
    /// There is no job.
    NoJob,
    /// A job.
    Job {
        /// The server's name for it.
        handle: Vec<u8>,
        /// What it says.
        data: Vec<u8>,
    },
    /// A job longer than [`LIMIT`], which was not read.
    LongJob {
        /// The server's name for it.
        handle: Vec<u8>,
    },
    /// What was submitted is in its queue.
    Created,
    /// The answer to an echo request.
    Echo,
    /// A request could not be carried out.
    Error {
        /// In a word.
        code: Vec<u8>,
        /// In a sentence.
        text: Vec<u8>,
    },
    /// What does not concern a worker, by its number.
    Other(u32),
}

/// Why bytes are not what a gearman server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// No packet begins like this.
    Magic([u8; 4]),
    /// A packet that is no job is longer than [`LIMIT`]: its number and its length.
    Length(u32, usize),
    /// A job without its arguments.
    Arguments,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Magic(bytes) => {
                let bytes = bytes.escape_ascii();
                write!(
                    f,
                    "a packet begins with '{bytes}', not with '\\x00RES': this is no gearman server"
                )
            }
            Self::Length(kind, length) => {
                write!(
                    f,
                    "a packet of type {kind} has {length} bytes, more than {LIMIT}"
                )
            }
            Self::Arguments => write!(f, "a job has no handle or no queue"),
        }
    }
}

impl std::error::Error for Violation {}

/// Takes bytes as they come, and gives packets.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// How much of `bytes` was given already.
    done: usize,
    /// So much of what comes belongs to a job that is not read.
    skip: usize,
}

impl Decoder {
    /// Takes what was received.
    pub fn feed(&mut self, bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.bytes.drain(..self.done);
        self.done = 0;
        self.bytes.extend(bytes.iter().skip(skipped));
    }

    /// The next packet that is there as a whole.
    pub fn packet(&mut self) -> Result<Option<Response>, Violation> {
        let bytes = self.bytes.get(self.done..).unwrap_or_default();
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let [m0, m1, m2, m3, k0, k1, k2, k3, l0, l1, l2, l3] = *header;
        let magic = [m0, m1, m2, m3];
        if magic != *RESPONSE {
            return Err(Violation::Magic(magic));
        }
        let kind = u32::from_be_bytes([k0, k1, k2, k3]);
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        if length > LIMIT {
            return self.long(kind, length);
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let response = response(kind, body)?;
        self.done += HEADER + length;
        Ok(Some(response))
    }

    /// Of a job that is too long only the handle is read, so that it can be answered.
    fn long(&mut self, kind: u32, length: usize) -> Result<Option<Response>, Violation> {
        if kind != kind::JOB_ASSIGN {
            return Err(Violation::Length(kind, length));
        }
        let body = self.bytes.get(self.done + HEADER..).unwrap_or_default();
        if body.len() < HANDLE {
            return Ok(None);
        }
        let handle = body.iter().take(HANDLE).position(|byte| *byte == 0);
        let handle = handle.and_then(|end| body.get(..end));
        let handle = handle.ok_or(Violation::Arguments)?.to_vec();
        let there = body.len().min(length);
        self.done += HEADER + there;
        self.skip = length - there;
        Ok(Some(Response::LongJob { handle }))
    }
}

fn response(kind: u32, body: &[u8]) -> Result<Response, Violation> {
    let mut parts = body.splitn(2, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default().to_vec();
    Ok(match kind {
        kind::NOOP => Response::Noop,
        kind::NO_JOB => Response::NoJob,
        kind::JOB_CREATED => Response::Created,
        kind::ECHO_RES => Response::Echo,
        kind::ERROR => Response::Error {
            code: part(),
            text: part(),
        },
        kind::JOB_ASSIGN => job(body)?,
        other => Response::Other(other),
    })
}

fn job(body: &[u8]) -> Result<Response, Violation> {
    let mut parts = body.splitn(3, |byte| *byte == 0);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(handle), Some(_queue), Some(data)) if !handle.is_empty() && handle.len() < HANDLE => {
            Ok(Response::Job {
                handle: handle.to_vec(),
                data: data.to_vec(),
            })
        }
        _ => Err(Violation::Arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(kind: u32, length: usize, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(length).unwrap();
        let header = [
            RESPONSE.as_slice(),
            &kind.to_be_bytes(),
            &length.to_be_bytes(),
        ];
        [&header.concat(), body].concat()
    }

    fn all(decoder: &mut Decoder) -> Vec<Response> {
        std::iter::from_fn(|| decoder.packet().unwrap()).collect()
    }

    #[test]
    fn requests_are_what_the_protocol_says() {
        let mut bytes = Vec::new();
        Request::CanDo(b"service").write(&mut bytes);
        assert_eq!(bytes, b"\0REQ\0\0\0\x01\0\0\0\x07service");
        bytes.clear();
        Request::SubmitBackground {
            queue: b"q",
            data: b"x",
        }
        .write(&mut bytes);
        Request::WorkComplete(b"H:a:1").write(&mut bytes);
        assert_eq!(
            bytes,
            b"\0REQ\0\0\0\x12\0\0\0\x04q\0\0x\0REQ\0\0\0\x0d\0\0\0\x06H:a:1\0"
        );
    }

    #[test]
    fn packets_may_come_in_any_pieces() {
        let stream = [
            packet(6, 0, b""),
            packet(11, 14, b"H:a:1\0service\0"),
            packet(11, 11, b"H:a:2\0q\0a\0b"),
            packet(19, 9, b"CODE\0text"),
            packet(99, 1, b"x"),
        ]
        .concat();
        let job = |handle: &[u8], data: &[u8]| Response::Job {
            handle: handle.to_vec(),
            data: data.to_vec(),
        };
        let expected = [
            Response::Noop,
            job(b"H:a:1", b""),
            job(b"H:a:2", b"a\0b"),
            Response::Error {
                code: b"CODE".to_vec(),
                text: b"text".to_vec(),
            },
            Response::Other(99),
        ];
        for size in [1, 2, 5, 13, stream.len()] {
            let mut decoder = Decoder::default();
            let mut packets = Vec::new();
            for piece in stream.chunks(size) {
                decoder.feed(piece);
                packets.extend(all(&mut decoder));
            }
            assert_eq!(packets, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_job_that_is_too_long_is_skipped_and_costs_no_other() {
        let length = LIMIT + 10;
        let mut body = b"H:a:1\0service\0".to_vec();
        body.resize(length, b'x');
        let stream = [packet(11, length, &body), packet(10, 0, b"")].concat();
        for size in [7, 4096, stream.len()] {
            let (mut decoder, mut packets) = (Decoder::default(), Vec::new());
            for piece in stream.chunks(size) {
                decoder.feed(piece);
                packets.extend(all(&mut decoder));
                assert!(decoder.bytes.len() <= size + 2 * HANDLE);
            }
            let handle = b"H:a:1".to_vec();
            assert_eq!(packets, [Response::LongJob { handle }, Response::NoJob]);
        }
    }

    #[test]
    fn garbage_is_named() {
        for (bytes, expected) in [
            (b"HTTP/1.1 400 Bad".to_vec(), Violation::Magic(*b"HTTP")),
            (
                packet(8, 0xffff_ffff, b""),
                Violation::Length(8, 0xffff_ffff),
            ),
            (packet(11, 0xffff_ffff, &[1; HANDLE]), Violation::Arguments),
            (packet(11, 5, b"H:a:1"), Violation::Arguments),
            (packet(11, 3, b"\0q\0"), Violation::Arguments),
        ] {
            let mut decoder = Decoder::default();
            decoder.feed(&bytes);
            assert_eq!(decoder.packet(), Err(expected));
        }
    }
}
