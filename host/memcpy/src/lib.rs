//! `memcpy` and `memmove` for programs that are linked with musl.
//!
//! Most copies are of a few bytes. Musl's code for this processor starts a string instruction for
//! each of them, which takes longer than the copy: a twentieth of a plain check, and more in a fleet.
//! Here up to 128 bytes are read into registers, all of them, and then written, so that it does not
//! matter whether the two places overlap. Longer copies use the string instruction, as musl does.
//!
//! The compiler must not take this code for a copy and call `memcpy` for it: `no_builtins`.

#![no_builtins]
#![cfg(target_arch = "x86_64")]

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_storeu_si128};

/// The longest copy that goes through registers, in bytes.
const SHORT: usize = 128;

/// The C library's `memcpy` (C11 section 7.24.2.1).
///
/// # Safety
///
/// As that of C: `length` bytes can be read and written, and the two places do not overlap.
#[cfg(target_env = "musl")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: the caller's promise is more than is asked for.
    unsafe { copy(to, from, length) }
}

/// The C library's `memmove` (C11 section 7.24.2.2).
///
/// # Safety
///
/// As that of C: `length` bytes can be read and written.
#[cfg(target_env = "musl")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: the caller's promise is what is asked for.
    unsafe { copy(to, from, length) }
}

/// Copies, whether the two places overlap or not.
///
/// # Safety
///
/// `length` bytes can be read at `from` and written at `to`.
#[inline(always)]
#[cfg_attr(not(any(target_env = "musl", test)), expect(dead_code))]
#[allow(
    clippy::inline_always,
    reason = "a call would cost as much as the copy"
)]
unsafe fn copy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: in each case the pieces lie within the `length` bytes: there are at least as many as
    // the pieces from the front have, and at most as many as those from both ends have together.
    unsafe {
        match length {
            0 => {}
            1 => to.write(from.read()),
            2..=3 => ends::<u16>(to, from, length),
            4..=7 => ends::<u32>(to, from, length),
            8..=15 => ends::<u64>(to, from, length),
            16..=32 => blocks::<1>(to, from, length),
            33..=64 => blocks::<2>(to, from, length),
            65..=SHORT => blocks::<4>(to, from, length),
            _ if to.addr().wrapping_sub(from.addr()) >= length => forwards(to, from, length),
            _ => backwards(to, from, length),
        }
    }
    to
}

/// A piece from each end. They may overlap.
#[inline(always)]
#[allow(clippy::inline_always)]
unsafe fn ends<T: Copy>(to: *mut u8, from: *const u8, length: usize) {
    let last = length - size_of::<T>();
    // SAFETY: `length` is at least the size of a piece.
    unsafe {
        let (head, tail) = (
            from.cast::<T>().read_unaligned(),
            from.add(last).cast::<T>().read_unaligned(),
        );
        to.cast::<T>().write_unaligned(head);
        to.add(last).cast::<T>().write_unaligned(tail);
    }
}

/// `N` blocks of 16 bytes from each end. They may overlap.
#[inline(always)]
#[allow(clippy::inline_always)]
unsafe fn blocks<const N: usize>(to: *mut u8, from: *const u8, length: usize) {
    let last = length - 16 * N;
    // SAFETY: `length` is at least the size of `N` blocks.
    unsafe {
        let head: [__m128i; N] = core::array::from_fn(|at| load(from.add(16 * at)));
        let tail: [__m128i; N] = core::array::from_fn(|at| load(from.add(last + 16 * at)));
        for (at, block) in head.into_iter().enumerate() {
            _mm_storeu_si128(to.add(16 * at).cast(), block);
        }
        for (at, block) in tail.into_iter().enumerate() {
            _mm_storeu_si128(to.add(last + 16 * at).cast(), block);
        }
    }
}

#[inline(always)]
#[allow(clippy::inline_always)]
unsafe fn load(from: *const u8) -> __m128i {
    // SAFETY: the caller promises that 16 bytes can be read there; they need not be aligned.
    unsafe { _mm_loadu_si128(from.cast()) }
}

#[inline(always)]
#[allow(clippy::inline_always)]
unsafe fn forwards(to: *mut u8, from: *const u8, length: usize) {
    // SAFETY: it reads and writes `length` bytes, from the first to the last.
    unsafe {
        asm!(
            "rep movsb",
            inout("rcx") length => _,
            inout("rdi") to => _,
            inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
}

/// For what would overwrite its own end: the last blocks first.
#[cold]
unsafe fn backwards(to: *mut u8, from: *const u8, length: usize) {
    let mut left = length;
    while left > SHORT {
        left -= 16;
        // SAFETY: `left + 16` is at most `length`.
        unsafe {
            let block = load(from.add(left));
            _mm_storeu_si128(to.add(left).cast(), block);
        }
    }
    // SAFETY: what is left is `SHORT` bytes at most, and at least half as many.
    unsafe { blocks::<4>(to, from, left) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_arrive_and_no_others_change(
            size in 0usize..600,
            from in 0usize..300,
            to in 0usize..300,
        ) {
            let mut bytes: Vec<u8> = (0..1000u32).map(|n| (n * 7 % 251) as u8).collect();
            let mut expected = bytes.clone();
            let source = bytes[from..from + size].to_vec();
            for (at, byte) in source.into_iter().enumerate() {
                expected[to + at] = byte;
            }
            let start = bytes.as_mut_ptr();
            // SAFETY: both places lie within the thousand bytes.
            let end = unsafe { copy(start.add(to), start.add(from), size) };
            // SAFETY: as above.
            prop_assert_eq!(end, unsafe { start.add(to) });
            prop_assert_eq!(bytes, expected);
        }
    }

    #[test]
    fn every_short_length_and_its_neighbours() {
        for size in 0..=2 * SHORT + 1 {
            for distance in 0..=SHORT {
                let mut bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
                let mut expected = bytes.clone();
                expected.copy_within(0..size, distance);
                let start = bytes.as_mut_ptr();
                // SAFETY: both places lie within the thousand bytes.
                unsafe { copy(start.add(distance), start, size) };
                assert_eq!(bytes, expected, "{size} {distance}");
            }
        }
    }
}
