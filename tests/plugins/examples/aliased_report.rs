//! Attacks the host's memory with little of its own: a report of ten gigabytes, every line of which
//! is the same megabyte. Where the suite says so, it is the manifest.

use std::alloc::{GlobalAlloc, Layout, System};

use sandcheck_hostile::{Manifest, Misuse, Plugin, Report, Words, manifest, plugin, unharmed};

/// Frees nothing: what has ten thousand owners must not be freed by any of them.
struct Keeping;

#[global_allocator]
static ALLOCATOR: Keeping = Keeping;

// SAFETY: memory comes from the system's allocator and is never given back.
unsafe impl GlobalAlloc for Keeping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// The suite writes something else over this to have it in the manifest.
static PLACE: [u8; 8] = *b"@PLACE--";

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        if std::hint::black_box(&PLACE) == b"manifest" {
            manifest.options[0].aliases = aliased();
        }
        manifest
    }

    fn run(_: &Words) -> Result<Report, Misuse> {
        let mut report = unharmed();
        report.details = aliased();
        Ok(report)
    }
}

fn aliased() -> Vec<String> {
    let line = "x".repeat(1 << 20).leak();
    let (memory, length) = (line.as_mut_ptr(), line.len());
    let capacity = length;
    // SAFETY: nobody writes to the memory, and nobody frees it.
    let same = || unsafe { String::from_raw_parts(memory, length, capacity) };
    (0..10_000).map(|_| same()).collect()
}
