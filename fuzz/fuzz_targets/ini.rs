//! `--extra-opts`: options from an ini file. The input is the file.
//!
//! Property: every word that comes out is an option, and there are no more of them than lines; what
//! stands in the file is in no message. The words are read as a command line afterwards.

#![no_main]

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::fd::AsRawFd;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sandcheck::{ini, words};
use sandcheck_fuzz::manifest;

/// A part of the file that may be a password.
const SECRET: &[u8] = b"s3cr3t";

/// A file that has no name, for every input of this process in turn.
static FILE: LazyLock<File> =
    LazyLock::new(|| unnamed_file().expect("a folder for temporary files"));

fuzz_target!(|content: &[u8]| {
    write(content).expect("space for a temporary file");
    let word = format!("--extra-opts=check_smtp@/proc/self/fd/{}", FILE.as_raw_fd());
    match ini::expand(vec![word], "check_smtp") {
        Ok(found) => {
            assert!(found.iter().all(|word| word.starts_with('-')), "{found:?}");
            assert!(found.len() <= content.split(|byte| *byte == b'\n').count());
            let size: usize = found.iter().map(String::len).sum();
            assert!(size <= content.len() + 3 * found.len());
            let line = words::read(&manifest::smtp(), &found);
            assert!(line.arguments.len() <= size);
        }
        Err(error) => {
            let shown = format!("{error} {}", error.hint().unwrap_or_default());
            let secret = String::from_utf8_lossy(SECRET);
            assert!(!shown.contains(&*secret), "shown: {shown}");
            assert!(shown.len() < 256);
        }
    }
});

fn unnamed_file() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("fuzz-ini-{}", std::process::id()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn write(content: &[u8]) -> io::Result<()> {
    let mut file = &*FILE;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(content)
}
