//! Attacks the processor when all seems to be over: the clean-up that the host calls once it has
//! the report never returns.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use sandcheck_hostile::{Misuse, Plugin, Report, Words, plugin, unharmed};

/// Where the text of the report lies, once it is made.
static TEXT: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

struct Endless;

#[global_allocator]
static ALLOCATOR: Endless = Endless;

// SAFETY: memory comes from the system's allocator, and goes back to it if it does.
unsafe impl GlobalAlloc for Endless {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        while memory == TEXT.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(_: &Words) -> Result<Report, Misuse> {
        let mut report = unharmed();
        if let Some(summary) = &mut report.summary {
            TEXT.store(summary.as_mut_ptr(), Ordering::Relaxed);
        }
        Ok(report)
    }
}
