//! What the programs ask of the operating system by themselves.
//!
//! They start at C's `main`, because what Rust's own start-up does (it opens /proc/self/maps, looks
//! at the standard streams, prepares to report a stack overflow) takes a tenth of a plain check.
//! They advance the engine's epoch by a timer signal, because a thread costs as much again.

#![allow(unsafe_code, reason = "the system's own interface is C")]

mod allocator;

pub use allocator::{OneThread, Threads};

use std::ffi::{CStr, OsStr, OsString, c_char};
use std::io::{self, IsTerminal, Write};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use libc::{
    ITIMER_PROF, SA_RESTART, SIG_BLOCK, SIG_DFL, SIG_IGN, SIGCHLD, SIGHUP, SIGINT, SIGPIPE,
    SIGPROF, SIGTERM, c_int, itimerval, timeval,
};
#[cfg(target_env = "musl")]
use sandcheck_memcpy as _;
use wasmtime::Engine;

/// How much processor time passes between two epochs, in microseconds.
const TICK: libc::c_long = 50_000;

/// The smallest size of a page, in bytes.
const PAGE: usize = 4096;

/// The command line where the system shows it to others.
static SHOWN: OnceLock<Shown> = OnceLock::new();

/// What C's `main` was called with.
struct Shown {
    count: usize,
    words: *const *mut c_char,
}

// SAFETY: the strings live as long as the program, and only `hide` touches them, one call at a time:
// it takes the lock.
unsafe impl Send for Shown {}
// SAFETY: as above.
unsafe impl Sync for Shown {}

/// The engines whose epochs the timer advances.
static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();

/// What a program's `main` calls first: runs the program with its command line, and ends it with
/// the exit code that comes back.
///
/// # Safety
///
/// The arguments are those that C's `main` was called with (C11 section 5.1.2.2.1): `count` pointers
/// to strings that live as long as the program.
pub unsafe fn start(count: c_int, words: *const *const c_char, run: fn(Vec<OsString>) -> u8) -> ! {
    // A reader that went away shows as an error of write(2), and must not end the check. A parent
    // that ignores its children's ends leaves that to us, and nobody could wait for getent.
    // SAFETY: ignoring a signal, or not, has no preconditions.
    unsafe {
        libc::signal(SIGPIPE, SIG_IGN);
        libc::signal(SIGCHLD, SIG_DFL);
    }
    // SAFETY: the caller promises it.
    let arguments = unsafe { command_line(count, words) };
    let _ = SHOWN.set(Shown {
        count: arguments.len(),
        words: words.cast(),
    });
    exit(run(arguments))
}

/// The name of the program and its arguments.
unsafe fn command_line(count: c_int, words: *const *const c_char) -> Vec<OsString> {
    let count = usize::try_from(count).unwrap_or_default();
    let word = |at| {
        // SAFETY: the caller promises that there are `count` strings.
        let text = unsafe { CStr::from_ptr(*words.add(at)) };
        OsStr::from_bytes(text.to_bytes()).to_owned()
    };
    (0..count).map(word).collect()
}

/// Takes a secret out of the command line that `ps` shows of this process: wherever a word ends with it,
/// an `x` takes its place. Its length does not show either.
pub fn hide(secret: &str) {
    static LOCK: Mutex<()> = Mutex::new(());
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(shown) = SHOWN.get() else { return };
    for at in 1..shown.count {
        // SAFETY: there are `count` strings, which the program may write to (C11 section 5.1.2.2.1).
        // Nothing else refers to their bytes: what was made of them was copied.
        let word = unsafe {
            let word = *shown.words.add(at);
            let length = CStr::from_ptr(word).count_bytes();
            std::slice::from_raw_parts_mut(word.cast::<u8>(), length)
        };
        blot_out(word, secret.as_bytes());
    }
}

fn blot_out(word: &mut [u8], secret: &[u8]) {
    if secret.is_empty() || !word.ends_with(secret) {
        return;
    }
    let start = word.len() - secret.len();
    let mut end = word.iter_mut().skip(start);
    if let Some(first) = end.next() {
        *first = b'x';
    }
    end.for_each(|byte| *byte = 0);
}

/// Has the system provide this much memory at once, which the allocator hands out next: the same page
/// by page takes twice as long.
pub fn prefault(bytes: usize) {
    let memory = Vec::<u8>::with_capacity(bytes);
    let start = memory.as_ptr().addr().next_multiple_of(PAGE);
    let length = (memory.as_ptr().addr() + bytes - start) & !(PAGE - 1);
    // SAFETY: these pages belong to `memory`, and what they hold stays as it is (madvise(2)). When
    // the kernel does not know how, they are provided one by one.
    unsafe {
        libc::madvise(
            memory.as_ptr().with_addr(start).cast_mut().cast(),
            length,
            libc::MADV_POPULATE_WRITE,
        );
    }
}

/// Writes to standard output. The exit code is right even when nobody reads the text.
pub fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Whether somebody looks at standard output who likes colours (<https://no-color.org>).
#[must_use]
pub fn shows_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb()
}

/// Ends the program at once: no buffer is left to flush and nothing to be released.
pub fn exit(code: u8) -> ! {
    // SAFETY: _exit(2) has no preconditions.
    unsafe { libc::_exit(code.into()) }
}

/// What somebody asks of a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// To end: SIGINT or SIGTERM.
    End,
    /// To read its configuration anew: SIGHUP.
    Reload,
}

/// Calls this from a thread for each request to end. To be called before any other thread is started.
pub fn on_interruption(mut tell: impl FnMut() + Send + 'static) -> io::Result<()> {
    on_signals(&[SIGINT, SIGTERM], move |_| tell())
}

/// The same for requests to read the configuration anew too, which end other programs.
pub fn on_requests(tell: impl FnMut(Signal) + Send + 'static) -> io::Result<()> {
    on_signals(&[SIGINT, SIGTERM, SIGHUP], tell)
}

fn on_signals(numbers: &[c_int], mut tell: impl FnMut(Signal) + Send + 'static) -> io::Result<()> {
    // SAFETY: an empty set is a complete one, and both calls only write to it.
    let signals = unsafe {
        let mut signals = MaybeUninit::<libc::sigset_t>::zeroed().assume_init();
        libc::sigemptyset(&raw mut signals);
        for number in numbers {
            libc::sigaddset(&raw mut signals, *number);
        }
        signals
    };
    // SAFETY: the set is complete. Who waits for a signal has to block it, and threads inherit that.
    unsafe { libc::pthread_sigmask(SIG_BLOCK, &raw const signals, ptr::null_mut()) };
    let wait = move || {
        let mut signal = 0;
        // SAFETY: the set is complete, and the number is written to.
        while unsafe { libc::sigwait(&raw const signals, &raw mut signal) } == 0 {
            tell(match signal {
                SIGHUP => Signal::Reload,
                _ => Signal::End,
            });
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}

/// Advances the epochs of engines while this process uses the processor, and not while it waits.
pub fn advance_epochs(engines: Vec<Engine>) {
    let _ = ENGINES.set(engines);
    let tick = timeval {
        tv_sec: 0,
        tv_usec: TICK,
    };
    let timer = itimerval {
        it_interval: tick,
        it_value: tick,
    };
    // SAFETY: both structures are complete, and the handler does nothing that a signal handler must
    // not do: it reads an atomic and adds to another one (`Engine::increment_epoch` says so).
    unsafe {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        action.sa_sigaction = handle_tick as *const () as usize;
        action.sa_flags = SA_RESTART;
        libc::sigaction(SIGPROF, &raw const action, ptr::null_mut());
        libc::setitimer(ITIMER_PROF, &raw const timer, ptr::null_mut());
    }
}

extern "C" fn handle_tick(_: c_int) {
    for engine in ENGINES.get().into_iter().flatten() {
        engine.increment_epoch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_blotted_out_at_the_end_of_a_word() {
        for (word, expected) in [
            ("hunter2", "x\0\0\0\0\0\0"),
            ("--authpass=hunter2", "--authpass=x\0\0\0\0\0\0"),
            ("-vPhunter2", "-vPx\0\0\0\0\0\0"),
            ("hunter2.example.org", "hunter2.example.org"),
            ("2", "2"),
            ("", ""),
        ] {
            let mut bytes = word.as_bytes().to_vec();
            blot_out(&mut bytes, b"hunter2");
            assert_eq!(bytes, expected.as_bytes(), "{word}");
            blot_out(&mut bytes, b"");
            assert_eq!(bytes, expected.as_bytes());
        }
    }
}
