//! Attacks the processor while the host hands over the arguments: the allocator that it calls for
//! them never returns.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use sandcheck_hostile::{Manifest, Misuse, Plugin, Report, Words, manifest, plugin, unharmed};

/// Where a text of the manifest lies, which is freed once the host has it.
static NAME: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// Whether the host has the manifest; what is asked for then is for the arguments.
static DESCRIBED: AtomicBool = AtomicBool::new(false);

struct Endless;

#[global_allocator]
static ALLOCATOR: Endless = Endless;

// SAFETY: memory comes from the system's allocator, if it comes.
unsafe impl GlobalAlloc for Endless {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        while DESCRIBED.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if memory == NAME.load(Ordering::Relaxed) {
            DESCRIBED.store(true, Ordering::Relaxed);
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        NAME.store(manifest.name.as_mut_ptr(), Ordering::Relaxed);
        manifest
    }

    fn run(_: &Words) -> Result<Report, Misuse> {
        Ok(unharmed())
    }
}
