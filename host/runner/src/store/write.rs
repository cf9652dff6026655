//! Writing to a store: one process at a time, whole files or none.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

use crate::digest::Digest;

/// The right to write, until it is dropped.
pub(super) struct Lock {
    folder: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits for others who write, which is short: nobody holds this while something is fetched.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let take = || {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o755);
            builder.create(folder.join("blobs/sha256"))?;
            let path = folder.join("lock");
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o644)
                .open(path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            let lock = Self {
                folder: folder.to_owned(),
                _file: file,
            };
            // Somebody was killed while writing.
            match fs::remove_file(lock.new_path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(lock),
            }
        };
        take().with_context(|| cannot_be_written(folder))
    }

    /// Keeps content under its name, unless it is there already.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let is_there = fs::metadata(path).is_ok_and(|file| file.len() == bytes.len() as u64)
            && fs::read(path).is_ok_and(|there| Digest::of(&there) == Digest::of(bytes));
        if is_there {
            return Ok(());
        }
        self.write(path, bytes)
    }

    /// Writes a file whole or not at all, for good: to another name first, which then takes its place.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let new = self.new_path();
        let written = write_new(&new, bytes).and_then(|()| fs::rename(&new, path));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        written
            .and_then(|()| File::open(folder)?.sync_all())
            .with_context(|| cannot_be_written(&self.folder))
    }

    /// Only who holds the lock uses it.
    fn new_path(&self) -> PathBuf {
        self.folder.join(".new")
    }
}

fn write_new(new: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(new)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn cannot_be_written(folder: &Path) -> String {
    format!(
        "the store {} cannot be written (nothing was changed; another one: --store FOLDER)",
        folder.display()
    )
}

/// Whether that is for lack of room.
pub(super) fn is_full(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(
        kind,
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
    )
}
