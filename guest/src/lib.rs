//! `check_smtp`, the check itself: what its options mean, the session with the server, and the
//! report. What is not about mail is in the crate `sandcheck-plugin`, for every plugin. It compiles to a WebAssembly component of the world
//! `monitoring:plugin` that knows no files, no environment and no network but the connection to
//! the server that it is asked to check.
//!
//! Data flows one way: arguments, [`options`], [`dialogue`], [`outcome`], [`report`]. The session
//! runs over anything that reads and writes, so that it can be driven without a network:
//!
//! ```
//! # use std::io::{self, Cursor, Read, Write};
//! # struct Server(Cursor<&'static [u8]>);
//! # impl Read for Server {
//! #     fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) }
//! # }
//! # impl Write for Server {
//! #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { Ok(b.len()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! use check_smtp::{dialogue, options::Options, report::report};
//!
//! let arguments = [("hostname".to_owned(), Some("mx.example.org".to_owned()))];
//! let options = Options::resolve(&arguments).map_err(|misuse| misuse.message)?;
//! let server = Server(Cursor::new(b"220 mx ESMTP\r\n250 mx\r\n221 bye\r\n"));
//! let report = report(&options, dialogue::run(&options, server, 0), 0.25);
//! assert_eq!(report.summary.as_deref(), Some("SMTP OK - 0.250 sec. response time"));
//! # Ok::<(), String>(())
//! ```
//!
//! Three parts can be left out: TLS (the feature `tls`), regular expressions (`pattern`), and logins
//! with what the reference cannot ask (`extended`, which needs TLS). Then the options that need them do
//! not exist. `check_smtp` carries such builds beside the whole one, for command lines that need no
//! more: they start several times faster.

#[cfg_attr(not(feature = "extended"), path = "absent/auth.rs")]
pub mod auth;
#[cfg_attr(not(feature = "extended"), path = "absent/dane.rs")]
mod dane;
#[cfg_attr(not(feature = "extended"), path = "absent/demands.rs")]
pub mod demands;
pub mod dialogue;
#[cfg_attr(not(feature = "extended"), path = "absent/limits.rs")]
pub mod limits;
pub mod options;
pub mod outcome;
#[cfg_attr(not(feature = "pattern"), path = "absent/pattern.rs")]
pub mod pattern;
pub mod phase;
mod plugin;
#[cfg_attr(not(feature = "extended"), path = "absent/proxy.rs")]
mod proxy;
pub mod reply;
pub mod report;
#[cfg_attr(not(feature = "extended"), path = "absent/resolve.rs")]
mod resolve;
#[cfg_attr(not(feature = "extended"), path = "absent/several.rs")]
mod several;
#[cfg_attr(not(feature = "extended"), path = "absent/status.rs")]
pub mod status;
pub mod table;
#[cfg_attr(not(feature = "extended"), path = "absent/timings.rs")]
pub mod timings;
#[cfg(feature = "extended")]
mod together;
#[cfg_attr(not(feature = "extended"), path = "absent/trace.rs")]
mod trace;
#[cfg_attr(not(feature = "extended"), path = "absent/trust.rs")]
mod trust;
pub mod wire;

pub use plugin::CheckSmtp;

sandcheck_plugin::export!(CheckSmtp);
