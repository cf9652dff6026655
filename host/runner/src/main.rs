//! `sandcheck`: runs, inspects and compiles any component of the world `monitoring:plugin`, and keeps
//! those that come from registries.
//!
//! This file is the start: the command line says which command, each command is a file of its own.
//! Whatever goes wrong is one line on standard output and exit code 3, as a monitoring system reads
//! it.

#![cfg_attr(not(test), no_main)]

mod arguments;
mod artifact;
mod batch;
mod cache;
mod catalog;
mod companion;
mod compile;
mod digest;
mod exchange;
mod generate;
mod inspect;
mod json;
mod list;
mod load;
mod many;
mod plugins;
mod pull;
mod push;
mod reference;
mod run;
mod sign;
mod signature;
mod signers;
mod store;
mod work;

use std::ffi::OsString;
#[cfg(not(test))]
use std::ffi::{c_char, c_int};

use sandcheck::escape;
use sandcheck_system as system;

use crate::arguments::Command;

#[global_allocator]
static ALLOCATOR: system::Threads = system::Threads::new();

/// The exit code for what is nobody's fault but ours.
const UNKNOWN: u8 = 3;

/// Where the C library hands over.
#[cfg(not(test))]
#[allow(unsafe_code, reason = "the program begins in C")]
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    // SAFETY: these are the arguments of C's `main`.
    unsafe { system::start(count, words, start) }
}

/// Carries out the command; returns the exit code.
#[cfg_attr(
    test,
    allow(dead_code, reason = "tests have a main function of their own")
)]
fn start(words: Vec<OsString>) -> u8 {
    std::panic::set_hook(Box::new(|panic| {
        system::print(&unknown(&format!("internal error: {panic}")));
        system::exit(UNKNOWN);
    }));
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

fn unknown(text: &str) -> String {
    format!("UNKNOWN - {}\n", escape::line(text))
}
