//! `sandcheck`: runs, inspects and compiles any component of the world `monitoring:plugin`, and keeps
//! those that come from registries.
//!
//! This file is the start: the command line says which command, each command is a file of its own.
//! Whatever goes wrong is one line on standard output and exit code 3, as a monitoring system reads
//! it. What is public is for `sandcheck-serve`, which is a program of its own because it has HTTP and
//! TLS in it.

pub mod arguments;
mod artifact;
mod batch;
mod cache;
mod catalog;
mod companion;
mod compile;
mod digest;
mod exchange;
mod generate;
pub mod html;
mod inspect;
mod json;
mod list;
mod load;
pub mod many;
pub mod plugins;
mod pull;
mod push;
mod reference;
mod run;
pub mod serve;
mod sign;
mod signature;
mod signers;
mod store;
mod work;

use std::ffi::OsString;

use sandcheck::escape;
use sandcheck_system as system;

use crate::arguments::Command;

/// The exit code for what is nobody's fault but ours.
pub const UNKNOWN: u8 = 3;

/// Carries out the command; returns the exit code.
#[must_use]
pub fn start(words: Vec<OsString>) -> u8 {
    report_panics();
    let given = words.clone();
    let command = match arguments::parse(words) {
        Ok(command) => command,
        Err(error) => {
            let text = unknown(&format!("{error:#}"));
            system::print(&format!("{text}See sandcheck --help\n"));
            return UNKNOWN;
        }
    };
    let done = match command {
        Command::Run(options) => run::run(options),
        Command::Batch(options) => batch::batch(options),
        Command::Work(options) => work::work(options),
        Command::Serve(_) => serve::hand_over(given),
        Command::Inspect(options) => inspect::inspect(&options),
        Command::Generate(options) => generate::generate(&options),
        Command::Compile(options) => compile::compile(&options),
        Command::Pull(options) => pull::pull(&options),
        Command::Push(options) => push::push(&options),
        Command::List(options) => list::list(&options),
        Command::Remove(options) => list::remove(&options),
        Command::Sign(options) => sign::sign(&options),
        Command::Verify(options) => sign::verify(&options),
        Command::Catalog(options) => catalog::catalog(&options),
        Command::Text(text) => {
            system::print(&text);
            return 0;
        }
    };
    done.unwrap_or_else(|error| {
        system::print(&unknown(&format!("{error:#}")));
        UNKNOWN
    })
}

/// From now on an internal error is a line and an exit code too.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        system::print(&unknown(&format!("internal error: {panic}")));
        system::exit(UNKNOWN);
    }));
}

fn unknown(text: &str) -> String {
    format!("UNKNOWN - {}\n", escape::line(text))
}
