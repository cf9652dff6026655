//! Plugins that came from registries, in a folder that is an OCI image layout: `oci-layout`,
//! `index.json`, and `blobs/sha256/DIGEST`. Other tools can read it.
//!
//! Content is named by its hash, and the hash is checked when it is read. Only `index.json` changes: it
//! is replaced whole, by whoever holds the lock. So readers need no lock, a version that is there stays
//! usable while others come and go, and nothing half-written is ever named.

mod index;
mod write;

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

pub(crate) use self::index::Entry;
use self::index::Index;
use self::write::Lock;
use crate::artifact::{Artifact, Manifest};
use crate::digest::Digest;
use crate::reference::Reference;
use crate::signature;

/// Root's store, which everybody may read.
const SYSTEM: &str = "/var/lib/sandcheck";

/// A manifest's size, at most (OCI distribution specification, "Pushing Manifests").
const MANIFEST_LIMIT: u64 = 4 << 20;

/// A folder of plugins, which need not be there yet.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

/// A version that is in a store.
pub(crate) struct Version {
    /// Of the manifest, by which it is pinned.
    pub(crate) digest: Digest,
    pub(crate) manifest: Manifest,
    /// Where the component is.
    pub(crate) path: PathBuf,
}

impl Store {
    /// This folder, or else the user's own.
    pub(crate) fn of_user(named: Option<&Path>) -> Result<Self> {
        let folder = match named {
            Some(folder) => folder.to_owned(),
            None => own().context(
                "there is no folder for plugins, as HOME is not set: name one with --store FOLDER",
            )?,
        };
        Ok(Self { folder })
    }

    /// Those in which a plugin is looked for: the one that is named, or else the user's own and then
    /// the machine's.
    pub(crate) fn all(named: Option<&Path>) -> Vec<Self> {
        let folders = match named {
            Some(folder) => vec![folder.to_owned()],
            None => own().into_iter().chain([PathBuf::from(SYSTEM)]).collect(),
        };
        let mut stores: Vec<_> = folders.into_iter().map(|folder| Self { folder }).collect();
        stores.dedup_by(|a, b| a.folder == b.folder);
        stores
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that is named in it.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>> {
        Ok(self.index()?.entries())
    }

    /// That version, if it is there. What it consists of has not been looked at.
    pub(crate) fn find(&self, reference: &Reference) -> Result<Option<Version>> {
        let Some(digest) = self.index()?.find(reference) else {
            return Ok(None);
        };
        self.version(digest).map(Some)
    }

    /// The version of that digest, which the index names.
    pub(crate) fn version(&self, digest: Digest) -> Result<Version> {
        let read = || {
            let manifest = Manifest::parse(&self.read(&digest)?)?;
            let path = self.blob(&manifest.component()?.digest);
            ensure!(path.is_file(), "its component is missing");
            anyhow::Ok((manifest, path))
        };
        let (manifest, path) = read().with_context(|| {
            format!(
                "the store {} is damaged: {digest}; to repair it, pull it again",
                self.folder.display()
            )
        })?;
        Ok(Version {
            digest,
            manifest,
            path,
        })
    }

    /// What has been signed of that version: payloads and signatures.
    pub(crate) fn signatures(
        &self,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<Vec<signature::Signed>> {
        let tag = Reference::signature_tag(digest);
        let Some(signed) = self
            .index()?
            .by_name(&format!("{}:{tag}", reference.name()))
        else {
            return Ok(Vec::new());
        };
        let manifest = Manifest::parse(&self.read(&signed)?)?;
        let signatures = manifest.layers.iter().filter_map(|layer| {
            let signature = layer.annotations.get(signature::ANNOTATION)?;
            Some((layer, signature))
        });
        signatures
            .map(|(layer, signature)| Ok((self.read(&layer.digest)?, signature.clone())))
            .collect()
    }

    /// Takes a version in, and its signatures if there are any. The version that had the name before
    /// keeps its digest.
    pub(crate) fn add(
        &self,
        reference: &Reference,
        artifact: &Artifact,
        signatures: Option<&Artifact>,
    ) -> Result<Digest> {
        let lock = self.lock()?;
        for object in [Some(artifact), signatures]
            .into_iter()
            .flatten()
            .flat_map(Artifact::all)
        {
            lock.put(&self.blob(&Digest::of(object)), object)?;
        }
        let mut index = self.index()?;
        let digest = index.add(reference, &artifact.manifest);
        if let Some(signatures) = signatures {
            index.add_signatures(reference, &digest, &signatures.manifest);
        }
        lock.write(&self.folder.join("oci-layout"), index::LAYOUT)?;
        lock.write(&self.index_path(), &index.bytes()?)?;
        Ok(digest)
    }

    /// Removes a version, or all names of a digest, and what nobody needs any more. False when it is
    /// not there.
    pub(crate) fn remove(&self, reference: &Reference) -> Result<bool> {
        if !self.index_path().exists() {
            return Ok(false);
        }
        let lock = self.lock()?;
        let mut index = self.index()?;
        if !index.remove(reference) {
            return Ok(false);
        }
        let (path, bytes) = (self.index_path(), index.bytes()?);
        match lock.write(&path, &bytes) {
            // Where nothing can be written, room has to be made first.
            Err(error) if write::is_full(&error) => {
                self.sweep(&index)?;
                lock.write(&path, &bytes)?;
            }
            written => {
                written?;
                self.sweep(&index)?;
            }
        }
        Ok(true)
    }

    /// Removes content that the index does not lead to.
    fn sweep(&self, index: &Index) -> Result<()> {
        let mut needed = BTreeSet::new();
        for Entry { digest, .. } in index.entries() {
            let manifest = self.read(&digest).and_then(|bytes| Manifest::parse(&bytes));
            needed.extend(
                manifest
                    .iter()
                    .flat_map(Manifest::listed)
                    .map(|listed| listed.digest.hex().to_owned()),
            );
            needed.insert(digest.hex().to_owned());
        }
        let folder = self.folder.join("blobs/sha256");
        let place = || format!("store {}", folder.display());
        for file in fs::read_dir(&folder).with_context(place)? {
            let file = file.with_context(place)?;
            if !file
                .file_name()
                .to_str()
                .is_some_and(|name| needed.contains(name))
            {
                fs::remove_file(file.path()).with_context(place)?;
            }
        }
        Ok(())
    }

    /// Content that is what it is called, and small.
    fn read(&self, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.blob(digest);
        let bytes = read_small(&path).with_context(|| path.display().to_string())?;
        ensure!(
            Digest::of(&bytes) == *digest,
            "{}: its content is not what it is called",
            path.display()
        );
        Ok(bytes)
    }

    fn index(&self) -> Result<Index> {
        let path = self.index_path();
        let bytes = match read_small(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Index::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("store {}", self.folder.display()));
            }
        };
        self.check_owner()?;
        Index::parse(&bytes).with_context(|| {
            format!(
                "the store {} is damaged: {}",
                self.folder.display(),
                path.display()
            )
        })
    }

    /// Names lead to content here, so nobody else may write here.
    fn check_owner(&self) -> Result<()> {
        let store = || format!("store {}", self.folder.display());
        let metadata = fs::metadata(&self.folder).with_context(store)?;
        let user = rustix::process::geteuid().as_raw();
        let owner = metadata.uid();
        if owner != user && owner != 0 {
            bail!(
                "{}: belongs to user {owner} and not to {user} or root",
                store()
            );
        }
        ensure!(
            metadata.mode() & 0o022 == 0,
            "{}: others may write there: chmod go-w it",
            store()
        );
        Ok(())
    }

    fn lock(&self) -> Result<Lock> {
        Lock::take(&self.folder)
    }

    fn index_path(&self) -> PathBuf {
        self.folder.join("index.json")
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.folder.join("blobs/sha256").join(digest.hex())
    }
}

/// `/var/lib/sandcheck` for root, `$XDG_DATA_HOME/sandcheck` or `~/.local/share/sandcheck` for others.
fn own() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from(SYSTEM));
    }
    let from = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data =
        from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("sandcheck"))
}

fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(
        &mut io::Read::take(File::open(path)?, MANIFEST_LIMIT),
        &mut bytes,
    )?;
    Ok(bytes)
}
