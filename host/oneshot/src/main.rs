//! `check_smtp`: one check for each process, with the component compiled ahead and built in.
//!
//! This file is the whole start: read the command line, load the component, run the check, print,
//! exit. What needs the operating system more closely is in `sandcheck_system`.

#![no_main]

#[allow(unsafe_code, reason = "loading compiled code means trusting it")]
mod built_in;

use std::ffi::{OsString, c_char, c_int};
use std::io::{self, Write};

use anyhow::Context;
use built_in::Build;
use sandcheck::cli::{Output, Request};
use sandcheck::types::Manifest;
use sandcheck::{Limits, Plugin, Rules, colour, escape};
use sandcheck_system as system;

// SAFETY: nothing here starts a thread: there is one check, which waits in system calls. The handler
// of the timer signal does not allocate.
#[allow(unsafe_code, reason = "an allocator without a lock")]
#[global_allocator]
static ALLOCATOR: system::OneThread = unsafe { system::OneThread::new() };

/// What loading the component takes of the heap, in bytes.
const HEAP: usize = 128 << 10;

/// What is wrong with a manifest that is built in and cannot be read.
const DAMAGED: &str = "the manifest is damaged";

/// The exit code for what is nobody's fault but ours.
const UNKNOWN: u8 = 3;

/// Where the C library hands over.
#[allow(unsafe_code, reason = "the program begins in C")]
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    // SAFETY: these are the arguments of C's `main`.
    unsafe { system::start(count, words, run) }
}

/// Does one check; returns the exit code.
fn run(words: Vec<OsString>) -> u8 {
    std::panic::set_hook(Box::new(|panic| {
        system::print(&internal_error(&panic.to_string()));
        system::exit(UNKNOWN);
    }));
    match check(words) {
        Ok(output) => {
            // Somebody who closed standard error does not want to know.
            let _ = io::stderr().write_all(output.stderr.as_bytes());
            if system::shows_colours() {
                system::print(&colour::text(&output.stdout, output.exit_code));
            } else {
                system::print(&output.stdout);
            }
            output.exit_code
        }
        Err(error) => {
            system::print(&internal_error(&format!("{error:#}")));
            UNKNOWN
        }
    }
}

/// Reading a manifest is a part of what starting takes, so the shortest one is read that will do: most
/// command lines need nothing but what the lesser builds know, and only an answer that is no check needs
/// the texts.
fn check(mut words: Vec<OsString>) -> anyhow::Result<Output> {
    let program = words.drain(..words.len().min(1)).next().unwrap_or_default();
    let program = program.to_string_lossy();
    let lesser = built_in::lesser_manifest().context(DAMAGED)?;
    if let Some((request, build)) = read_lesser(&lesser, &program, &words) {
        return carry_out(request, build);
    }
    let brief = built_in::brief_manifest().context(DAMAGED)?;
    let request = match Request::read_on(&brief, rules(), &program, words) {
        Ok(request) => request.with_input().told_by(built_in::manifest),
        Err(output) => return Ok(output),
    };
    if let Some(output) = request.answer_at_once() {
        return Ok(output);
    }
    request.secrets().for_each(system::hide);
    let build = Build::knowing(request.arguments());
    carry_out(request, build)
}

/// The request and the build for it, if a lesser one knows all that there is in it, each option by its
/// whole name: an abbreviation could mean another one.
fn read_lesser<'a>(
    manifest: &'a Manifest,
    program: &'a str,
    words: &[OsString],
) -> Option<(Request<'a>, Build)> {
    // An ini file may be standard input, which can be read only once.
    let is_own = |word: &OsString| !word.as_encoded_bytes().starts_with(b"--extra-opts");
    if !words.iter().all(is_own) {
        return None;
    }
    let request = Request::read_on(manifest, rules(), program, words.to_vec()).ok()?;
    let build = Build::knowing(request.arguments());
    let is_known = request.is_complete() && build != Build::Whole;
    is_known.then(|| (request.told_by(built_in::manifest), build))
}

/// The component is this program's own, so that what it names by default is meant.
fn rules() -> Rules {
    Rules {
        trust_defaults: true,
        ..Rules::default()
    }
}

fn carry_out(request: Request<'_>, build: Build) -> anyhow::Result<Output> {
    system::prefault(HEAP);
    let component = built_in::component(build)?;
    system::advance_epochs(vec![component.engine().clone()]);
    let plugin = Plugin::alone(&component, Limits::default())?;
    let output = sandcheck::block_on(request.carry_out(&plugin));
    // The release of memory is not worth waiting for.
    std::mem::forget((plugin, component));
    Ok(output)
}

fn internal_error(text: &str) -> String {
    format!("UNKNOWN - internal error: {}\n", escape::line(text))
}
