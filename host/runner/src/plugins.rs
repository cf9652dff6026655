//! The plugins of a process that runs many checks: each is loaded once, by the first check that needs it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sandcheck::types::Manifest;
use sandcheck::{EpochClock, Plugin, pool};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use wasmtime::Engine;

use crate::arguments::Options;
use crate::load::{self, Loaded, Source};

/// A plugin that can be instantiated for any number of checks.
pub struct Ready {
    /// What can be instantiated.
    pub plugin: Plugin,
    /// What it says of itself.
    pub manifest: Manifest,
}

type Slot = Arc<OnceCell<Result<Arc<Ready>, String>>>;

/// All that have been asked for, on one engine, and on another one those that need more than that has.
pub struct Plugins {
    /// Where there is none, everything runs on the other one.
    pool: Option<Engine>,
    engine: Engine,
    slots: Mutex<HashMap<PathBuf, Slot>>,
}

impl Plugins {
    /// For so many checks at a time as the options say.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let limits = &options.policy.limits;
        let pool = (options.concurrency <= pool::CHECKS)
            .then(|| pool::engine(options.concurrency, limits));
        Ok(Self {
            // The address space may be limited.
            pool: pool.and_then(Result::ok),
            engine: load::engine(limits.stack)?,
            slots: Mutex::default(),
        })
    }

    /// None has been asked for, on the same engines.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            engine: self.engine.clone(),
            slots: Mutex::default(),
        }
    }

    /// Those whose epochs have to be advanced.
    #[must_use]
    pub fn engines(&self) -> Vec<Engine> {
        self.pool.iter().chain([&self.engine]).cloned().collect()
    }

    /// The plugin of that file, or why there is none.
    pub async fn get(&self, path: &Path, options: &Options) -> Result<Arc<Ready>, String> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(path.to_owned()).or_default())
        };
        let load = || async {
            let ready = self.load(path.to_owned(), options).await;
            ready.map(Arc::new).map_err(|error| format!("{error:#}"))
        };
        slot.get_or_init(load).await.clone()
    }

    /// Other checks go on while a plugin is compiled.
    async fn load(&self, path: PathBuf, options: &Options) -> anyhow::Result<Ready> {
        let options = options.clone();
        let (engine, pool) = (self.engine.clone(), self.pool.clone());
        let (source, mut loaded, limits) = spawn_blocking(move || {
            let mut source = Source::open(&path, &options)?;
            let limits = options.policy.limits;
            let cache = options.cache.as_deref();
            let mut loaded = load::component(&engine, &mut source, &limits, cache)?;
            // What does not fit into the pool stays where it is.
            if let Some(pool) = pool
                && pool::suits(&loaded.component, &limits)
                && let Ok(component) = loaded.for_engine(&pool)
            {
                loaded.component = component;
            }
            anyhow::Ok((source, loaded, limits))
        })
        .await??;
        let plugin = Plugin::new(&loaded.component, limits, EpochClock::Caller)?;
        let manifest = match loaded.manifest.take() {
            Some(manifest) => manifest,
            None => {
                remember(
                    source,
                    loaded,
                    plugin.instantiate().await?.describe().await?,
                )
                .await?
            }
        };
        Ok(Ready { plugin, manifest })
    }
}

async fn remember(source: Source, loaded: Loaded, manifest: Manifest) -> anyhow::Result<Manifest> {
    let remembered = spawn_blocking(move || {
        loaded.remember(&source, &manifest);
        manifest
    });
    Ok(remembered.await?)
}
