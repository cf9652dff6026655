//! Attacks the machine's memory. The case says how: `touched`, page by page until there is no more;
//! `at-once`, a gigabyte; anything else, as much as the system gives.

use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin, unharmed};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        match words.case() {
            "touched" => loop {
                std::mem::forget(std::hint::black_box(vec![1_u8; 64 << 10]));
            },
            "at-once" => drop(std::hint::black_box(vec![1_u8; 1 << 30])),
            _ => while core::arch::wasm32::memory_grow(0, 1) != usize::MAX {},
        }
        Ok(unharmed())
    }
}
