//! Leaves marks in all of its memory, or looks for the marks of an earlier run. The case says which:
//! `leave`, anything else looks.

use std::sync::atomic::{AtomicU64, Ordering};

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, plugin, report};

/// Pages of memory that are marked.
const PAGES: usize = 64;

/// Bytes of a page (the WebAssembly specification, section 4.2.8).
const PAGE: usize = 64 << 10;

/// A mark in what a component begins with.
static STATIC: AtomicU64 = AtomicU64::new(0);

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        // It must not stand anywhere in the component's file.
        let mark = u64::from_ne_bytes([0x5a; 8]) ^ u64::from(words.case().len() != 99);
        let first = core::arch::wasm32::memory_grow(0, PAGES) * PAGE;
        let mut found = usize::from(STATIC.load(Ordering::Relaxed) != 0);
        for at in (first..first + PAGES * PAGE).step_by(8) {
            let place = core::ptr::with_exposed_provenance_mut::<u64>(at);
            // SAFETY: the pages were made a moment ago, and belong to nobody else.
            unsafe {
                found += usize::from(place.read_volatile() != 0);
                if words.case() == "leave" {
                    place.write_volatile(mark);
                }
            }
        }
        if words.case() == "leave" {
            STATIC.store(mark, Ordering::Relaxed);
        }
        Ok(report(State::Ok, &format!("OK - {found} marks found")))
    }
}
