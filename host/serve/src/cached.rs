//! What is read from files, and read again when one of them has changed: certificates are renewed without
//! anybody telling the server.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tracing::{info, warn};

/// Files are looked at so often.
const PERIOD: Duration = Duration::from_secs(1);

/// Which files it was read from.
pub(crate) trait FromFiles {
    fn files(&self) -> Vec<PathBuf>;
}

pub(crate) struct Cached<T> {
    load: Box<dyn Fn() -> Result<T> + Send + Sync>,
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Arc<T>,
    stamps: Vec<Stamp>,
    looked: Instant,
}

/// Inode, size and time of a file; nothing where there is none.
type Stamp = Option<(u64, u64, i64, i64)>;

impl<T: FromFiles> Cached<T> {
    /// It has to be readable now.
    pub(crate) fn new(load: impl Fn() -> Result<T> + Send + Sync + 'static) -> Result<Self> {
        let value = load()?;
        Ok(Self {
            load: Box::new(load),
            state: Mutex::new(State::new(value)),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it anew, whether something has changed or not.
    pub(crate) fn renew(&self) -> Result<()> {
        let value = (self.load)()?;
        *self.state() = State::new(value);
        Ok(())
    }

    /// As the files are, or as they were when they made sense.
    pub(crate) fn current(&self) -> Arc<T> {
        let mut state = self.state();
        if state.has_changed() {
            match (self.load)() {
                Ok(value) => {
                    info!("the web configuration has changed and is used");
                    *state = State::new(value);
                }
                Err(error) => {
                    let reason = format!("{error:#}");
                    warn!(
                        reason,
                        "the web configuration has changed and cannot be read; the old one stays"
                    );
                }
            }
        }
        Arc::clone(&state.value)
    }
}

impl<T: FromFiles> State<T> {
    fn new(value: T) -> Self {
        Self {
            stamps: stamps(&value),
            value: Arc::new(value),
            looked: Instant::now(),
        }
    }

    /// Since it was asked the last time, which is a while ago.
    fn has_changed(&mut self) -> bool {
        if self.looked.elapsed() < PERIOD {
            return false;
        }
        self.looked = Instant::now();
        let stamps = stamps(&*self.value);
        let has_changed = stamps != self.stamps;
        self.stamps = stamps;
        has_changed
    }
}

fn stamps(value: &impl FromFiles) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((
            metadata.ino(),
            metadata.size(),
            metadata.mtime(),
            metadata.mtime_nsec(),
        ))
    };
    value.files().iter().map(stamp).collect()
}
