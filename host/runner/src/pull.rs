//! `sandcheck pull`: from a registry into the store. `run` does that too, when it is asked for
//! something that is not there.

use anyhow::{Context, Result};
use sandcheck::escape;
use sandcheck_system as system;

use crate::arguments::Options;
use crate::artifact::{Artifact, Manifest};
use crate::digest::Digest;
use crate::exchange;
use crate::reference::Reference;
use crate::signature;
use crate::signers;
use crate::store::{Store, Version};

/// Fetches what the registry has now, and says what that is.
pub(crate) fn pull(options: &Options) -> Result<u8> {
    let reference = Reference::parse(&options.plugin().to_string_lossy())?;
    let store = Store::of_user(options.store.as_deref())?;
    let before = store
        .find(&reference)
        .ok()
        .flatten()
        .map(|version| version.digest);
    let version = pull_into(&store, &reference, options)?;
    let what = match before {
        Some(before) if before == version.digest => "is what the store has, ",
        Some(_) => "new version, ",
        None => "",
    };
    let size = version.manifest.component()?.size;
    let line = format!("{reference}: {what}{} ({size} bytes)", version.digest);
    system::print(&(escape::line(&line) + "\n"));
    Ok(0)
}

/// A version out of a store, or out of its registry if no store has it. It has been signed by whom the
/// policy demands.
pub(crate) fn find_or_pull(reference: &Reference, options: &Options) -> Result<Version> {
    for store in Store::all(options.store.as_deref()) {
        if let Some(version) = store.find(reference)? {
            let signatures = store.signatures(reference, &version.digest)?;
            signers::check(&options.policy, reference, &version.digest, &signatures)?;
            return Ok(version);
        }
    }
    let store = Store::of_user(options.store.as_deref())?;
    pull_into(&store, reference, options).with_context(|| {
        format!(
            "{reference} is not in the store {}",
            store.folder().display()
        )
    })
}

fn pull_into(store: &Store, reference: &Reference, options: &Options) -> Result<Version> {
    let fetched = exchange::fetch(reference, options)?;
    Manifest::parse(&fetched.artifact.manifest)?
        .component()
        .with_context(|| reference.to_string())?;
    let digest = Digest::of(&fetched.artifact.manifest);
    let signatures = signatures(fetched.signatures.as_ref())?;
    signers::check(&options.policy, reference, &digest, &signatures)?;
    let digest = store.add(reference, &fetched.artifact, fetched.signatures.as_ref())?;
    store.version(digest)
}

/// Payloads and signatures of what a registry sent.
pub(crate) fn signatures(artifact: Option<&Artifact>) -> Result<Vec<signature::Signed>> {
    let Some(artifact) = artifact else {
        return Ok(Vec::new());
    };
    let manifest = Manifest::parse(&artifact.manifest)?;
    let payloads = artifact.objects.iter().skip(1);
    let signed = manifest
        .layers
        .iter()
        .zip(payloads)
        .filter_map(|(layer, payload)| {
            let signature = layer.annotations.get(signature::ANNOTATION)?;
            Some((payload.clone(), signature.clone()))
        });
    Ok(signed.collect())
}
