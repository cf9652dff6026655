//! What a monitoring check in Rust needs to become a WebAssembly component of the world
//! `monitoring:plugin`: a table of options, their values, a connection with TLS, and a report.
//! `check_smtp` and `check_tcp` are made with it; `docs/write-a-plugin.md` is the guide.
//!
//! A plugin is a table, a function, and a line that exports it. This is all of one:
//!
//! ```
//! use std::io::Read;
//! use std::time::Instant;
//!
//! use sandcheck_plugin::misuse::Misuse;
//! use sandcheck_plugin::network;
//! use sandcheck_plugin::plugin::{About, Plugin};
//! use sandcheck_plugin::report::{Metric, Report};
//! use sandcheck_plugin::state::State;
//! use sandcheck_plugin::table::{Kind, Spec};
//! use sandcheck_plugin::values::Values;
//!
//! struct CheckGreeting;
//!
//! sandcheck_plugin::export!(CheckGreeting);
//!
//! static OPTIONS: &[Spec] = &[
//!     Spec {
//!         name: "hostname",
//!         short: Some('H'),
//!         kind: Kind::Host,
//!         placeholder: "ADDRESS",
//!         required: true,
//!         help: "The server",
//!         ..Spec::FLAG
//!     },
//!     Spec {
//!         name: "port",
//!         short: Some('p'),
//!         kind: Kind::Port,
//!         placeholder: "INTEGER",
//!         default: Some("21"),
//!         help: "The TCP port",
//!         ..Spec::FLAG
//!     },
//!     Spec {
//!         name: "warning",
//!         short: Some('w'),
//!         kind: Kind::Range,
//!         placeholder: "RANGE",
//!         help: "WARNING when the response time, in seconds, is outside of this range",
//!         ..Spec::FLAG
//!     },
//! ];
//!
//! impl Plugin for CheckGreeting {
//!     fn about() -> About {
//!         About {
//!             name: "check_greeting",
//!             version: "0.1.0",
//!             summary: "Checks that a server greets",
//!             description: "",
//!             word: Some("hostname"),
//!         }
//!     }
//!
//!     fn options() -> &'static [Spec] {
//!         OPTIONS
//!     }
//!
//!     fn run(values: &Values) -> Result<Report, Misuse> {
//!         let (host, port) = (values.host("hostname")?, values.port("port")?);
//!         let warning = values.range("warning")?;
//!         let began = Instant::now();
//!         let family = Default::default();
//!         let mut connection = match network::connect(&host, port, family, values.timeout()?) {
//!             Ok(connection) => connection,
//!             Err(error) => return Ok(critical(&format!("{host}: {error}"))),
//!         };
//!         let mut greeting = [0; 512];
//!         let length = match connection.read(&mut greeting) {
//!             Ok(0) => return Ok(critical("closed without a greeting")),
//!             Ok(length) => length,
//!             Err(error) => return Ok(critical(&error.to_string())),
//!         };
//!         let seconds = began.elapsed().as_secs_f64();
//!         let slow = warning.as_ref().is_some_and(|range| range.alerts(seconds));
//!         let state = if slow { State::Warning } else { State::Ok };
//!         let shown = warning.map(|range| range.to_string());
//!         let text = String::from_utf8_lossy(&greeting[..length]);
//!         Ok(Report::new(state, format!("GREETING {state} - {}", text.trim_end()))
//!             .metric(Metric::seconds("time", seconds).thresholds(shown, None)))
//!     }
//! }
//!
//! fn critical(reason: &str) -> Report {
//!     Report::new(State::Critical, format!("GREETING CRITICAL - {reason}"))
//! }
//!
//! // Outside of a component connections are the machine's own, so that tests need no host.
//! use std::io::Write;
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let port = listener.local_addr()?.port().to_string();
//! let server = std::thread::spawn(move || listener.accept()?.0.write_all(b"220 hello\r\n"));
//! let given = [("hostname", "127.0.0.1"), ("port", &port)];
//! let given = given.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
//! let report = CheckGreeting::run(&Values::new(OPTIONS, given.into()))?;
//! assert_eq!(report.summary.as_deref(), Some("GREETING OK - 220 hello"));
//! # server.join().expect("the server ended")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Units and errors
//!
//! Times are [`Duration`](std::time::Duration)s, or seconds where they are printed; times of day are
//! seconds since 1970, lifetimes of certificates days, sizes bytes. Arguments that make no sense are a
//! [`Misuse`](misuse::Misuse), which a host shows as UNKNOWN; everything else that a check finds out is
//! a [`Report`](report::Report), a refused connection and a used up time among it. A panic is
//! reported by the host, as UNKNOWN.
//!
//! # What a component imports
//!
//! The interfaces of the contract whose functions are called: `sockets` with the `network`, `resolver` with the
//! [`resolver`](mod@resolver), `monotonic-clock` with [`Instant`](std::time::Instant), `wall-clock` with
//! [`certificate::now`], `random` with TLS (the feature `tls`). `sandcheck inspect` lists them. The
//! standard library's files, environment, output, `sleep` and hash tables would bring others.

pub mod certificate;
#[cfg_attr(not(feature = "tls"), path = "absent/certificate_text.rs")]
pub mod certificate_text;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
mod fields;
pub mod host_name;
pub mod misuse;
pub mod network;
pub mod plugin;
pub mod range;
pub mod report;
pub mod resolver;
pub mod state;
pub mod stream;
pub mod table;
pub mod threshold;
pub mod timeout;
#[cfg_attr(not(feature = "tls"), path = "absent/tls.rs")]
pub mod tls;
pub mod values;
