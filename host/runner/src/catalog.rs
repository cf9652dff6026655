//! `sandcheck catalog`: a page about the plugins of a store, and the same as JSON.

mod page;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use sandcheck::escape;
use sandcheck_system as system;
use serde::Serialize;
use wasmtime::Engine;

use crate::arguments::Options;
use crate::artifact::Annotations;
use crate::digest::Digest;
use crate::inspect::facts::Facts;
use crate::json;
use crate::load::{self, Source};
use crate::reference::Reference;
use crate::signers;
use crate::store::{Entry, Store};

/// Everything. Its JSON form is documented in `docs/marketplace.md`.
#[derive(Serialize)]
struct Catalog {
    plugins: Vec<Listed>,
}

/// A version of a plugin.
#[derive(Serialize)]
struct Listed {
    reference: String,
    /// Of the manifest, by which it is pinned.
    digest: Digest,
    /// What its publisher says of it in the manifest.
    annotations: Annotations,
    /// So many signatures, by whomever.
    signatures: usize,
    /// The keys among those known here that signed it.
    signers: Vec<String>,
    /// Why it cannot be used: it is damaged, or not signed by whom the policy demands.
    problem: Option<String>,
    facts: Option<Facts>,
}

/// Writes `index.html` and `catalog.json` into a folder.
pub(crate) fn catalog(options: &Options) -> Result<u8> {
    let catalog = gather(options)?;
    let folder = options.plugin();
    let json = json::visible(serde_json::to_string_pretty(&catalog)?) + "\n";
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    write(&folder.join("catalog.json"), json.as_bytes())?;
    write(&folder.join("index.html"), page::page(&catalog).as_bytes())?;
    let count = catalog.plugins.len();
    let line = format!("{}: {count} plugins", folder.join("index.html").display());
    system::print(&(escape::line(&line) + "\n"));
    Ok(0)
}

fn gather(options: &Options) -> Result<Catalog> {
    let engine = load::engine(options.policy.limits.stack)?;
    system::advance_epochs(vec![engine.clone()]);
    let mut plugins = Vec::new();
    for store in Store::all(options.store.as_deref()) {
        for entry in store.entries()? {
            if let Some(reference) = entry.reference() {
                plugins.push(Listed::new(&store, &entry, &reference, options, &engine)?);
            }
        }
    }
    Ok(Catalog { plugins })
}

impl Listed {
    fn new(
        store: &Store,
        entry: &Entry,
        reference: &Reference,
        options: &Options,
        engine: &Engine,
    ) -> Result<Self> {
        let digest = &entry.digest;
        let signatures = store.signatures(reference, digest).unwrap_or_default();
        let keys = signers::known_keys(&options.keys, &options.policy);
        let signers = signers::signed_by(&keys, digest, &signatures)?;
        let demanded = signers::check(&options.policy, reference, digest, &signatures);
        let mut listed = Self {
            reference: reference.to_string(),
            digest: digest.clone(),
            annotations: Annotations::new(),
            signatures: signatures.len(),
            signers: signers
                .iter()
                .map(|key| key.display().to_string())
                .collect(),
            problem: demanded.err().map(|error| format!("{error:#}")),
            facts: None,
        };
        if let Err(error) = listed.look_into(store, options, engine) {
            listed.problem = Some(format!("{error:#}"));
        }
        Ok(listed)
    }

    fn look_into(&mut self, store: &Store, options: &Options, engine: &Engine) -> Result<()> {
        let version = store.version(self.digest.clone())?;
        self.annotations.clone_from(&version.manifest.annotations);
        let component = version.manifest.component()?;
        let mut source = Source::of_file(&version.path, &options.policy.limits)?;
        let is_whole = Digest::of(&source.read()?) == component.digest;
        anyhow::ensure!(
            is_whole,
            "what the store has of it is damaged; to repair it, pull it again"
        );
        self.facts = Some(Facts::gather(
            self.reference.clone(),
            &mut source,
            options,
            engine,
        )?);
        Ok(())
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write()
        .inspect_err(|_| {
            let _ = fs::remove_file(&new);
        })
        .with_context(|| format!("{} cannot be written", path.display()))
}
