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
use sandcheck::Limits;
use sandcheck::settings::{self, ENGINE};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::arguments::Options;
use crate::cache::{Cache, Key, Stamp};
use crate::compile;

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
    file: File,
    stamp: Stamp,
}

impl Source {
    /// Opens it, if it is a file of a size that is allowed.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self> {
        let name = || path.display().to_string();
        let file = File::open(path).with_context(name)?;
        let metadata = file.metadata().with_context(name)?;
        ensure!(metadata.is_file(), "{}: is no file", path.display());
        let size = metadata.len();
        if size > limits.component_size {
            let limit = limits.exceeded("component-size");
            bail!("{}: exceeds {limit}: {size} bytes", path.display());
        }
        Ok(Self {
            file,
            stamp: Stamp::of(&metadata),
        })
    }

    /// All of it, from the beginning.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        let size = self.stamp.size();
        Read::by_ref(&mut self.file)
            .take(size)
            .read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 == size, "it changed while it was read");
        Ok(bytes)
    }
}

/// The plugin that the command line names, ready to be instantiated.
pub(crate) fn component(source: &mut Source, options: &Options) -> Result<Component> {
    let path = options.plugin();
    let engine = engine(options.policy.limits.stack)?;
    let cache = open_cache(options)?;
    if let Some(cache) = &cache {
        let recalled = cache.recall(&source.stamp);
        if let Some(component) = recalled.and_then(|code| load(&engine, &code).ok()) {
            return Ok(component);
        }
    }
    let bytes = source.read().with_context(|| path.display().to_string())?;
    let Some(cache) = cache else {
        let code = compile_apart(path, bytes, options)?;
        return load_bytes(&engine, &code);
    };
    let key = Key::of(&bytes, ENGINE);
    if let Some(component) = known(&cache, &key, &engine) {
        cache.remember(&source.stamp, &key);
        return Ok(component);
    }
    let code = compile_apart(path, bytes, options)?;
    match cache.keep(&key, &code) {
        Ok(file) => load(&engine, &file),
        Err(_) => load_bytes(&engine, &code),
    }
}

/// Makes sure that compiled code is in the cache; returns where.
pub(crate) fn prepare(path: &Path, options: &Options) -> Result<(State, PathBuf)> {
    let mut source = Source::open(path, &options.policy.limits)?;
    let bytes = source.read().with_context(|| path.display().to_string())?;
    let cache = open_cache(options)?
        .context("there is no folder for compiled code: name one with --cache FOLDER")?;
    let key = Key::of(&bytes, ENGINE);
    let engine = engine(options.policy.limits.stack)?;
    if known(&cache, &key, &engine).is_some() {
        return Ok((State::Known, cache.path(&key)));
    }
    let code = compile_apart(path, bytes, options)?;
    cache.keep(&key, &code)?;
    Ok((State::Compiled, cache.path(&key)))
}

/// Code of that name that is in the cache and can be loaded.
fn known(cache: &Cache, key: &Key, engine: &Engine) -> Option<Component> {
    load(engine, &cache.find(key)?).ok()
}

fn open_cache(options: &Options) -> Result<Option<Cache>> {
    match &options.cache {
        Some(folder) => Cache::open(folder).map(Some),
        None => Cache::open_default(),
    }
}

fn compile_apart(path: &Path, bytes: Vec<u8>, options: &Options) -> Result<Vec<u8>> {
    compile::in_another_process(bytes, &options.policy.limits)
        .with_context(|| path.display().to_string())
}

/// An engine that runs code. There is no compiler in this program.
fn engine(stack: usize) -> Result<Engine> {
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
