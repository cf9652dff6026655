//! From a component's file to code that can be run, and the only unsafe code of this program.
//!
//! Compiled code is native code, and nothing checks it again when it is loaded. What is loaded here
//! was made by this very program: a moment ago, or earlier, and then it comes out of the private
//! [`Cache`] and is known by its hash or has not been touched since that was checked.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sandcheck::settings::{self, ENGINE};
use sandcheck::types::Manifest;
use sandcheck::{Limits, manifest};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::arguments::Options;
use crate::cache::{Cache, Key, Stamp};
use crate::compile;
use crate::digest::Digest;
use crate::pull;
use crate::reference::Reference;
use crate::signers;

/// What was done to have compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It was there.
    Known,
    /// It has been made.
    Compiled,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "is compiled,",
            Self::Compiled => "compiled to",
        })
    }
}

/// A component's file.
pub(crate) struct Source {
    path: PathBuf,
    file: File,
    stamp: Stamp,
    /// Nothing can have happened to it since that its times do not show.
    is_settled: bool,
}

impl Source {
    /// Opens a plugin that is named by its file, or by its name in a registry; the latter comes out of a
    /// store. It has been signed by whom the policy demands.
    pub(crate) fn open(plugin: &Path, options: &Options) -> Result<Self> {
        let limits = &options.policy.limits;
        let Some(reference) = Reference::of_plugin(plugin)? else {
            signers::check_file(&options.policy, plugin)?;
            return Self::of_file(plugin, limits);
        };
        let version = pull::find_or_pull(&reference, options)?;
        let component = version.manifest.component()?;
        let mut source = Self::of_file(&version.path, limits)?;
        plugin.clone_into(&mut source.path);
        ensure!(
            source.digest()? == component.digest,
            "{reference}: what the store has of it is damaged; to repair it: sandcheck pull {reference}"
        );
        Ok(source)
    }

    /// Opens a file, if it is one of a size that is allowed.
    pub(crate) fn of_file(path: &Path, limits: &Limits) -> Result<Self> {
        let name = || path.display().to_string();
        let file = File::open(path).with_context(name)?;
        let metadata = file.metadata().with_context(name)?;
        ensure!(metadata.is_file(), "{}: is no file", path.display());
        let size = metadata.len();
        if size > limits.component_size {
            let limit = limits.exceeded("component-size");
            bail!("{}: exceeds {limit}: {size} bytes", path.display());
        }
        let stamp = Stamp::of(&metadata);
        Ok(Self {
            path: path.to_owned(),
            file,
            stamp,
            is_settled: stamp.is_settled(),
        })
    }

    /// Of all of it. It is not kept in memory: where its code is known, nobody needs it there.
    pub(crate) fn digest(&mut self) -> Result<Digest> {
        self.file.rewind()?;
        Digest::of_file(&mut self.file).with_context(|| self.path.display().to_string())
    }

    /// All of it, from the beginning.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>> {
        self.read_all()
            .with_context(|| self.path.display().to_string())
    }

    fn read_all(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        let size = self.stamp.size();
        Read::by_ref(&mut self.file)
            .take(size)
            .read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 == size, "it changed while it was read");
        Ok(bytes)
    }

    /// Native code for these bytes of it.
    fn compile(&self, bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
        compile::in_another_process(bytes, limits).with_context(|| self.path.display().to_string())
    }
}

/// A plugin that can be run.
pub(crate) struct Loaded {
    pub(crate) component: Component,
    /// Where its code was read from, if it was a file.
    code: Option<File>,
    /// What it said of itself at an earlier start.
    pub(crate) manifest: Option<Manifest>,
    /// Where the next start is to find all that, if it does not yet.
    unknown_to: Option<(Cache, Key)>,
}

impl Loaded {
    /// The same component for another engine of this program.
    #[allow(unsafe_code, reason = "loading compiled code means trusting it")]
    pub(crate) fn for_engine(&self, engine: &Engine) -> Result<Component> {
        if let Some(code) = &self.code {
            return load(engine, code);
        }
        // SAFETY: it is the code of a component that was loaded here, and that is trusted already.
        Ok(unsafe { Component::deserialize(engine, self.component.serialize()?) }?)
    }

    /// Makes the next start faster.
    pub(crate) fn remember(&self, source: &Source, manifest: &Manifest) {
        if let Some((cache, key)) = &self.unknown_to
            && source.is_settled
        {
            cache.remember(&source.stamp, key, &manifest::to_bytes(manifest));
        }
    }
}

/// A plugin, ready to be instantiated. The cache is this folder, or the user's own.
pub(crate) fn component(
    engine: &Engine,
    source: &mut Source,
    limits: &Limits,
    cache: Option<&Path>,
) -> Result<Loaded> {
    let cache = open_cache(cache)?;
    if let Some((code, manifest)) = cache.as_ref().and_then(|cache| cache.recall(&source.stamp))
        && let Ok(component) = load(engine, &code)
    {
        let manifest = manifest::from_bytes(&manifest);
        return Ok(Loaded {
            component,
            code: Some(code),
            // The limits may have become tighter.
            manifest: manifest.filter(|manifest| manifest.options.len() <= limits.options),
            unknown_to: None,
        });
    }
    let bytes = source.read()?;
    let Some(cache) = cache else {
        let code = source.compile(bytes, limits)?;
        return Ok(Loaded {
            component: load_bytes(engine, &code)?,
            code: None,
            manifest: None,
            unknown_to: None,
        });
    };
    let key = Key::of(&bytes, ENGINE);
    let (component, code) = if let Some((component, file)) = known(&cache, &key, engine) {
        (component, Some(file))
    } else {
        let code = source.compile(bytes, limits)?;
        match cache.keep(&key, &code) {
            Ok(file) => (load(engine, &file)?, Some(file)),
            Err(_) => (load_bytes(engine, &code)?, None),
        }
    };
    Ok(Loaded {
        component,
        code,
        manifest: None,
        unknown_to: Some((cache, key)),
    })
}

/// Makes sure that compiled code is in the cache; returns where.
pub(crate) fn prepare(path: &Path, options: &Options) -> Result<(State, PathBuf)> {
    let limits = &options.policy.limits;
    let mut source = Source::open(path, options)?;
    let bytes = source.read()?;
    let cache = open_cache(options.cache.as_deref())?
        .context("there is no folder for compiled code: name one with --cache FOLDER")?;
    let key = Key::of(&bytes, ENGINE);
    if known(&cache, &key, &engine(limits.stack)?).is_some() {
        return Ok((State::Known, cache.path(&key)));
    }
    let code = source.compile(bytes, limits)?;
    cache.keep(&key, &code)?;
    Ok((State::Compiled, cache.path(&key)))
}

/// Code of that name that is in the cache and can be loaded, and its file.
fn known(cache: &Cache, key: &Key, engine: &Engine) -> Option<(Component, File)> {
    let file = cache.find(key)?;
    Some((load(engine, &file).ok()?, file))
}

fn open_cache(folder: Option<&Path>) -> Result<Option<Cache>> {
    match folder {
        Some(folder) => Cache::open(folder).map(Some),
        None => Cache::open_default(),
    }
}

/// An engine that runs code. There is no compiler in this program.
pub(crate) fn engine(stack: usize) -> Result<Engine> {
    let mut config = settings::config();
    settings::set_stack(&mut config, stack);
    Ok(Engine::new(&config)?)
}

#[allow(unsafe_code, reason = "loading compiled code means trusting it")]
fn load(engine: &Engine, code: &File) -> Result<Component> {
    let path = format!("/proc/self/fd/{}", code.as_raw_fd());
    // SAFETY: `code` is what this program compiled: the cache hands out nothing else. It is mapped
    // privately, and the cache replaces files but never writes to them.
    Ok(unsafe { Component::deserialize_file(engine, path) }?)
}

#[allow(unsafe_code, reason = "loading compiled code means trusting it")]
fn load_bytes(engine: &Engine, code: &[u8]) -> Result<Component> {
    // SAFETY: this program has just compiled it.
    Ok(unsafe { Component::deserialize(engine, code) }?)
}
