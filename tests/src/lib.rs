//! Scenarios as data, the scripted server that plays them, and the comparison of what a
//! `check_smtp` did with what it has to do.
//!
//! A scenario is a `[[case]]` table of a TOML file under `cases/`: how the program is called, what
//! the server says, and what must come out.  `cases/compat` was recorded from the reference, the
//! Monitoring Plugins' `check_smtp`; `cases/extra` holds scenarios of our own.  `suites/compat.rs`
//! makes one test of each.
//!
//! Data flows one way: [`corpus`] reads the cases, [`run::Runner`] plays one of them against a
//! [`server::Server`] and returns an [`observation::Observation`], [`judge`] names the differences,
//! and [`differences`] says which of them are known.

mod bytes;
pub mod case;
pub mod certificates;
pub mod corpus;
pub mod differences;
mod hex;
pub mod judge;
mod latin1;
pub mod needs;
mod normalise;
pub mod observation;
pub mod pattern;
mod placeholders;
mod program;
pub mod run;
mod seconds;
pub mod server;
