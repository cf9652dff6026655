//! `sandcheck list` and `sandcheck remove`: what is in the store.

use anyhow::{Result, bail};
use sandcheck::escape;
use sandcheck_system as system;
use serde::Serialize;

use crate::arguments::{Format, Options};
use crate::digest::Digest;
use crate::json;
use crate::reference::Reference;
use crate::store::{Entry, Store};

/// A version. Its JSON form is documented in `docs/marketplace.md`.
#[derive(Serialize)]
struct Listed {
    reference: String,
    digest: Digest,
    /// Bytes of the component.
    size: Option<u64>,
    /// So many signatures, which nobody has checked.
    signatures: usize,
    store: String,
    /// Why it cannot be used.
    problem: Option<String>,
}

/// Shows each version of each store that `run` looks at.
pub(crate) fn list(options: &Options) -> Result<u8> {
    let mut listed = Vec::new();
    for store in Store::all(options.store.as_deref()) {
        let entries = store.entries()?;
        listed.extend(entries.iter().filter_map(|entry| describe(&store, entry)));
    }
    let shown = match options.format {
        Format::Text => listed.iter().map(Listed::line).collect(),
        Format::Json => json::visible(serde_json::to_string_pretty(&listed)?) + "\n",
    };
    system::print(&shown);
    Ok(0)
}

fn describe(store: &Store, entry: &Entry) -> Option<Listed> {
    let reference = entry.reference()?;
    let found = store.version(entry.digest.clone());
    let size = found
        .as_ref()
        .ok()
        .and_then(|version| version.manifest.component().ok())
        .map(|it| it.size);
    let signatures = store.signatures(&reference, &entry.digest);
    Some(Listed {
        reference: reference.to_string(),
        digest: entry.digest.clone(),
        size,
        signatures: signatures.map_or(0, |signatures| signatures.len()),
        store: store.folder().display().to_string(),
        problem: found.err().map(|error| format!("{error:#}")),
    })
}

impl Listed {
    fn line(&self) -> String {
        let state = match (&self.problem, self.signatures) {
            (Some(problem), _) => problem.clone(),
            (None, 0) => "not signed".to_owned(),
            (None, 1) => "1 signature".to_owned(),
            (None, count) => format!("{count} signatures"),
        };
        let size = self
            .size
            .map_or_else(String::new, |size| format!("{size} bytes"));
        let digest = self.digest.short();
        escape::line(&format!(
            "{}  sha256:{digest}  {size}  {state}",
            self.reference
        )) + "\n"
    }
}

/// Removes each version from the user's own store.
pub(crate) fn remove(options: &Options) -> Result<u8> {
    let store = Store::of_user(options.store.as_deref())?;
    for word in &options.plugins {
        let reference = Reference::parse(&word.to_string_lossy())?;
        if !store.remove(&reference)? {
            bail!(
                "{reference} is not in the store {}",
                store.folder().display()
            );
        }
        system::print(&(escape::line(&format!("{reference}: removed")) + "\n"));
    }
    Ok(0)
}
