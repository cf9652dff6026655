//! Compiled code from earlier runs, in a folder that belongs to this user alone.
//!
//! - `code/KEY.cwasm` is compiled code, `KEY.sha256` its hash. The key is the component's hash, the
//!   engine's version and settings, and the processor's architecture.
//!   `KEY.manifest` is what the plugin says of itself.
//! - `seen/FILE` says, for a component's file as it was when it was read, which code is its.
//!
//! Hashing a component and its code takes longer than a whole check. So that is done once, when the
//! files have been left alone for a while; from then on they are recognised by inode, size and
//! times, of which the time of change cannot be set by anybody. Whoever can write to the folder, or
//! turn back the clock, is this user or root, who could do worse.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// What the layout, the engine's settings and the form of a manifest are called. To be counted up when
/// one of them changes.
const EDITION: &str = "2";

/// How long a file has to have been left alone before its times are trusted. Times are as coarse as
/// the kernel's clock ticks: 10 ms at most.
const SETTLED: Duration = Duration::from_millis(100);

/// The name of compiled code: what it was made of, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn of(component: &[u8], engine: &str) -> Self {
        let made_for = format!("{EDITION}\0{engine}\0{}\0", env::consts::ARCH);
        let mut hash = Sha256::new_with_prefix(made_for);
        hash.update(component);
        Self(hex(&hash.finalize()))
    }
}

/// The hash of some bytes, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A file as it was at one time: device, inode, size, times of modification and of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp([i128; 5]);

impl Stamp {
    pub(crate) fn of(file: &Metadata) -> Self {
        Self([
            file.dev().into(),
            file.ino().into(),
            file.len().into(),
            time(file.mtime(), file.mtime_nsec()),
            time(file.ctime(), file.ctime_nsec()),
        ])
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.0[2]).unwrap_or_default()
    }

    /// Whether what happens to the file from now on changes its times.
    pub(crate) fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| time(now.as_secs(), now.subsec_nanos()));
        let quiet = time(SETTLED.as_secs(), SETTLED.subsec_nanos());
        self.0[4] + quiet <= now
    }

    fn text(&self) -> String {
        let numbers: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        numbers.join(" ")
    }
}

/// A time in nanoseconds.
fn time(seconds: impl Into<i128>, nanoseconds: impl Into<i128>) -> i128 {
    seconds.into() * 1_000_000_000 + nanoseconds.into()
}

/// The folder.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's own, if there is a place for it.
    pub(crate) fn open_default() -> Result<Option<Self>> {
        let from = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let caches =
            from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")));
        let Some(folder) = caches.map(|caches| caches.join("sandcheck")) else {
            return Ok(None);
        };
        if !folder.exists() {
            let _ = folder.parent().map(fs::create_dir_all);
            if create(&folder).is_err() {
                return Ok(None);
            }
        }
        Self::open(&folder).map(Some)
    }

    /// This folder, made if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        for folder in [folder, &folder.join("code"), &folder.join("seen")] {
            made(folder)
                .map_err(anyhow::Error::from)
                .and_then(|metadata| check_owner(&metadata))
                .with_context(|| format!("cache {}", folder.display()))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Where the code of that name is.
    pub(crate) fn path(&self, key: &Key) -> PathBuf {
        self.folder.join("code").join(format!("{}.cwasm", key.0))
    }

    fn hash_path(&self, key: &Key) -> PathBuf {
        self.path(key).with_extension("sha256")
    }

    fn manifest_path(&self, key: &Key) -> PathBuf {
        self.path(key).with_extension("manifest")
    }

    fn seen_path(&self, source: &Stamp) -> PathBuf {
        let [device, inode, ..] = source.0;
        self.folder.join("seen").join(format!("{device}-{inode}"))
    }

    /// The code and the manifest of a component's file that has been seen before, if none of the
    /// three has been touched since.
    pub(crate) fn recall(&self, source: &Stamp) -> Option<(File, Vec<u8>)> {
        let seen = read_small(&self.seen_path(source))?;
        let mut lines = seen.lines();
        let (was, key) = (lines.next()?, lines.next()?);
        if was != source.text() || key.len() != 64 || !key.chars().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        let key = Key(key.to_owned());
        let mut open = |path: PathBuf| {
            let file = File::open(path).ok()?;
            let stamp = Stamp::of(&file.metadata().ok()?);
            (lines.next()? == stamp.text()).then_some((file, stamp))
        };
        let (code, _) = open(self.path(&key))?;
        let (mut manifest, stamp) = open(self.manifest_path(&key))?;
        let mut bytes = Vec::with_capacity(usize::try_from(stamp.size()).ok()?);
        manifest.read_to_end(&mut bytes).ok()?;
        Some((code, bytes))
    }

    /// Notes which code and manifest a component's file has, whose own times can be trusted already.
    /// It waits until those of the others can be. Without the note the next start is slower, and no
    /// more.
    pub(crate) fn remember(&self, source: &Stamp, key: &Key, manifest: &[u8]) {
        let manifest_path = self.manifest_path(key);
        let is_kept = || fs::read(&manifest_path).is_ok_and(|kept| kept == manifest);
        if !is_kept() && self.write(&manifest_path, manifest).is_err() {
            return;
        }
        let stamps = || {
            let stamp = |path: &Path| Some(Stamp::of(&fs::metadata(path).ok()?));
            Some((stamp(&self.path(key))?, stamp(&manifest_path)?))
        };
        let are_settled =
            |(code, manifest): &(Stamp, Stamp)| code.is_settled() && manifest.is_settled();
        if !stamps().is_some_and(|stamps| are_settled(&stamps)) {
            thread::sleep(SETTLED);
        }
        // First the times, then the contents: what is changed after that has other times.
        if let Some(stamps) = stamps().filter(are_settled)
            && self.find(key).is_some()
            && is_kept()
        {
            let (code, manifest) = (stamps.0.text(), stamps.1.text());
            let seen = format!("{}\n{}\n{code}\n{manifest}\n", source.text(), key.0);
            let _ = self.write(&self.seen_path(source), seen.as_bytes());
        }
    }

    /// The code of that name, if its hash is right.
    pub(crate) fn find(&self, key: &Key) -> Option<File> {
        let hash = read_small(&self.hash_path(key))?;
        let mut code = File::open(self.path(key)).ok()?;
        let mut bytes = Vec::new();
        code.read_to_end(&mut bytes).ok()?;
        (hash.trim_end() == sha256(&bytes)).then_some(code)
    }

    /// Keeps new code.
    pub(crate) fn keep(&self, key: &Key, code: &[u8]) -> Result<File> {
        let path = self.path(key);
        self.write(&path, code)?;
        self.write(&self.hash_path(key), sha256(code).as_bytes())?;
        Ok(File::open(path)?)
    }

    /// Writes a file whole or not at all; who has the old one open keeps it as it was.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let new = self.folder.join(format!(".new-{}", process::id()));
        let _ = fs::remove_file(&new);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&new, path));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written.with_context(|| format!("cache {}", path.display()))
    }
}

fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

/// What is in that place, after a folder was made there if nothing was.
fn made(folder: &Path) -> io::Result<Metadata> {
    fs::symlink_metadata(folder).or_else(|_| {
        // Another start may have been faster.
        match create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::symlink_metadata(folder),
        }
    })
}

/// Code is loaded from there, so nobody else may write there.
fn check_owner(folder: &Metadata) -> Result<()> {
    ensure!(folder.is_dir(), "is no folder");
    let user = rustix::process::geteuid().as_raw();
    ensure!(
        folder.uid() == user,
        "belongs to user {} and not to {user}: name another with --cache FOLDER",
        folder.uid()
    );
    ensure!(
        folder.mode() & 0o022 == 0,
        "others may write there: chmod go-w it, or name another with --cache FOLDER"
    );
    Ok(())
}

/// A file of a few lines.
fn read_small(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(4096)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn cache(folder: &tempfile::TempDir) -> Cache {
        Cache::open(&folder.path().join("cache")).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_until_somebody_touches_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        let key = Key::of(b"component", "engine 1");
        assert!(cache.find(&key).is_none());
        cache.keep(&key, b"code").unwrap();
        assert!(cache.find(&key).is_some());
        for damaged in [&b"codf"[..], b"cod", b"code!", b""] {
            fs::write(cache.path(&key), damaged).unwrap();
            assert!(cache.find(&key).is_none(), "{damaged:?}");
        }
        cache.keep(&key, b"code").unwrap();
        fs::remove_file(cache.hash_path(&key)).unwrap();
        assert!(cache.find(&key).is_none());
    }

    #[test]
    fn code_is_for_one_component_and_one_engine() {
        let key = Key::of(b"component", "engine 1");
        assert_ne!(key, Key::of(b"component", "engine 2"));
        assert_ne!(key, Key::of(b"component!", "engine 1"));
    }

    #[test]
    fn a_note_is_for_untouched_files_only() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        let key = Key::of(b"component", "engine");
        cache.keep(&key, b"code").unwrap();
        let source = folder.path().join("plugin.wasm");
        fs::write(&source, b"component").unwrap();
        let stamp = || Stamp::of(&fs::metadata(&source).unwrap());

        cache.remember(&stamp(), &key, b"manifest");
        assert!(
            cache
                .recall(&stamp())
                .is_some_and(|(_, manifest)| manifest == b"manifest")
        );
        cache.remember(&stamp(), &key, b"another one");
        assert!(
            cache
                .recall(&stamp())
                .is_some_and(|(_, manifest)| manifest == b"another one")
        );

        fs::write(cache.manifest_path(&key), b"another 0ne").unwrap();
        assert!(cache.recall(&stamp()).is_none(), "the manifest was changed");
        cache.remember(&stamp(), &key, b"another one");
        assert!(cache.recall(&stamp()).is_some());

        let modified = fs::metadata(cache.path(&key)).unwrap().modified().unwrap();
        let code = OpenOptions::new()
            .write(true)
            .open(cache.path(&key))
            .unwrap();
        code.set_modified(modified + Duration::from_secs(1))
            .unwrap();
        code.set_modified(modified).unwrap();
        assert!(
            cache.recall(&stamp()).is_none(),
            "the code was touched, though its time was set back"
        );

        fs::write(cache.path(&key), b"cod3").unwrap();
        cache.remember(&stamp(), &key, b"another one");
        assert!(
            cache.recall(&stamp()).is_none(),
            "the code is not what was kept"
        );
    }

    #[test]
    fn notes_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(&folder);
        let source = folder.path().join("plugin.wasm");
        fs::write(&source, b"component").unwrap();
        let stamp = Stamp::of(&fs::metadata(&source).unwrap());
        for note in [
            "",
            "x",
            "x\ny\nz",
            &format!("{}\n../../plugin\n{}", stamp.text(), stamp.text()),
        ] {
            fs::write(cache.seen_path(&stamp), note).unwrap();
            assert!(cache.recall(&stamp).is_none(), "{note}");
        }
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        Cache::open(&path).unwrap();
        fs::set_permissions(path.join("code"), fs::Permissions::from_mode(0o777)).unwrap();
        let error = format!("{:#}", Cache::open(&path).err().unwrap());
        assert!(error.contains("others may write there"), "{error}");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let error = format!("{:#}", Cache::open(&link).err().unwrap());
        assert!(error.contains("is no folder"), "{error}");
    }
}
