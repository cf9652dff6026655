//! The program `sandcheck`. What it does is in the library beside it.

#![cfg_attr(not(test), no_main)]

#[cfg(not(test))]
use std::ffi::{c_char, c_int};

use sandcheck_system as system;

#[global_allocator]
static ALLOCATOR: system::Threads = system::Threads::new();

/// Where the C library hands over.
#[cfg(not(test))]
#[allow(unsafe_code, reason = "the program begins in C")]
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    // SAFETY: these are the arguments of C's `main`.
    unsafe { system::start(count, words, sandcheck_runner::start) }
}
