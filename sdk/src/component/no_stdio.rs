//! Keeps libc's standard streams, environment and exit out of the component.
//!
//! Rust's standard library prints the message of a panic through libc, which would make the
//! component import `wasi:cli` and `wasi:io`, fourteen interfaces more than it uses. Each of these
//! functions lives in an archive member of its own in wasi-libc, so a definition here wins, and
//! nothing else of it is linked. A panic still traps, and the host reports the trap.

use core::ffi::{c_char, c_int, c_void};

/// One piece of what `writev` is given.
#[repr(C)]
pub struct Piece {
    base: *const c_void,
    length: usize,
}

#[unsafe(no_mangle)]
extern "C" fn write(_: c_int, _: *const c_void, length: usize) -> isize {
    length.cast_signed()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn writev(_: c_int, pieces: *const Piece, count: c_int) -> isize {
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: the caller passes `count` pieces, as POSIX has it.
    let pieces = unsafe { core::slice::from_raw_parts(pieces, count) };
    pieces
        .iter()
        .map(|piece| piece.length)
        .sum::<usize>()
        .cast_signed()
}

#[unsafe(no_mangle)]
extern "C" fn getenv(_: *const c_char) -> *mut c_char {
    core::ptr::null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn _Exit(_: c_int) -> ! {
    core::arch::wasm32::unreachable()
}
