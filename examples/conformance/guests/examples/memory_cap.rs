//! Takes memory until there is no more of it, or until it has a gigabyte, which no host should give.

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, plugin, report};

/// Pages of 64 KiB.
const GIGABYTE: usize = 16_384;

struct MemoryCap;

plugin!(MemoryCap);

impl Plugin for MemoryCap {
    fn run(_: &Words) -> Result<Report, Misuse> {
        let mut pages = 0;
        while pages < GIGABYTE && core::arch::wasm32::memory_grow(0, 16) != usize::MAX {
            pages += 16;
        }
        Ok(if pages < GIGABYTE {
            report(State::Ok, "OK - there is an end to memory")
        } else {
            report(State::Critical, "CRITICAL - there is a gigabyte")
        })
    }
}
