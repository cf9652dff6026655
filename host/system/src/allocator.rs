//! Memory: dlmalloc, which is small and fast, with no more locking than a program needs.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dlmalloc::Dlmalloc;

/// For a program that never starts a thread. A lock would be a tenth of what a plain check computes.
pub struct OneThread(UnsafeCell<Dlmalloc>);

impl OneThread {
    /// An allocator without memory yet.
    ///
    /// # Safety
    ///
    /// The program that it allocates for has one thread, from its beginning to its end, and its
    /// signal handlers do not allocate.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(UnsafeCell::new(Dlmalloc::new()))
    }
}

// SAFETY: whoever made it has promised that there is one thread.
unsafe impl Sync for OneThread {}

// SAFETY: dlmalloc keeps to the contract of allocators. It is not entered twice: not by another
// thread, since there is none, and not by itself, since it calls nothing but the system.
unsafe impl GlobalAlloc for OneThread {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above; the caller promises that it was allocated here with this layout.
        unsafe { (*self.0.get()).free(memory, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; the caller promises that it was allocated here with this layout.
        unsafe { (*self.0.get()).realloc(memory, layout.size(), layout.align(), size) }
    }
}

/// For a program with threads that seldom allocate at the same time. Its lock is the standard
/// library's, which is several times faster than musl's.
pub struct Threads(Mutex<Dlmalloc>);

impl Threads {
    /// An allocator without memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(Dlmalloc::new()))
    }

    fn lock(&self) -> MutexGuard<'_, Dlmalloc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: dlmalloc keeps to the contract of allocators, and one thread at a time enters it.
unsafe impl GlobalAlloc for Threads {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.lock().malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.lock().calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above; the caller promises that it was allocated here with this layout.
        unsafe { self.lock().free(memory, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; the caller promises that it was allocated here with this layout.
        unsafe {
            self.lock()
                .realloc(memory, layout.size(), layout.align(), size)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_do_not_get_each_others_memory() {
        static ALLOCATOR: Threads = Threads::new();
        let work = |mark: u8| {
            for size in 1..2000 {
                let layout = Layout::from_size_align(size, 8).unwrap();
                // SAFETY: the memory has this layout until it is given another one or back.
                unsafe {
                    let memory = ALLOCATOR.alloc(layout);
                    memory.write_bytes(mark, size);
                    thread::yield_now();
                    let memory = ALLOCATOR.realloc(memory, layout, 2 * size);
                    let kept = std::slice::from_raw_parts(memory, size);
                    assert!(kept.iter().all(|byte| *byte == mark));
                    let layout = Layout::from_size_align_unchecked(2 * size, 8);
                    ALLOCATOR.dealloc(memory, layout);
                }
            }
        };
        thread::scope(|scope| {
            for mark in 1..5 {
                scope.spawn(move || work(mark));
            }
        });
    }
}
