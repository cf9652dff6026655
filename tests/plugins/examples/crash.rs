//! Attacks the host by dying. The case says of what: `panic`, `trap`, `allocation`, or
//! `far`, an address behind the end of its memory.

use std::alloc::{Layout, handle_alloc_error};

use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        match words.case() {
            "panic" => panic!("OK - forged\nOK - again|x=1"),
            "trap" => core::arch::wasm32::unreachable(),
            "allocation" => handle_alloc_error(Layout::new::<u64>()),
            "far" => {
                // SAFETY: none; the memory ends before this address.
                let far = unsafe { std::ptr::read_volatile(0xffff_fff0 as *const u64) };
                std::hint::black_box(far);
            }
            _ => {}
        }
        Ok(unharmed())
    }
}
