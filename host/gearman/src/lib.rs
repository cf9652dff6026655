//! What a worker of `mod_gearman` has to read and to write: the packets of gearman's binary protocol,
//! the texts of jobs and results, their encoding and encryption, and the words of a command line.
//!
//! Bytes in, bytes out: no sockets, no clock, no processes.

#![forbid(unsafe_code)]

pub mod command;
pub mod encoding;
pub mod job;
pub mod outcome;
pub mod packet;
