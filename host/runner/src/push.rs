//! `sandcheck push`: a component's file becomes a version in a registry.

use std::path::Path;

use anyhow::{Context, Result};
use sandcheck::escape;
use sandcheck_system as system;

use crate::arguments::Options;
use crate::artifact::Artifact;
use crate::digest::Digest;
use crate::exchange;
use crate::inspect::facts;
use crate::load::Source;
use crate::reference::Reference;

/// Sends it, and says by which digest it can be pinned.
pub(crate) fn push(options: &Options) -> Result<u8> {
    let name = options
        .plugins
        .get(1)
        .map_or(Path::new(""), |name| name.as_path());
    let reference = Reference::parse(&name.to_string_lossy())?;
    let version = reference
        .version
        .clone()
        .filter(|_| reference.digest.is_none());
    let version = version.with_context(|| {
        format!("{reference}: a version is pushed under its name, without @sha256")
    })?;
    let component = Source::of_file(options.plugin(), &options.policy.limits)?.read()?;
    let metadata = facts::metadata(&component);
    let artifact = Artifact::new(component, &metadata)
        .with_context(|| options.plugin().display().to_string())?;
    exchange::publish(&reference, version, &artifact, options)?;
    let line = format!("{reference}: pushed, {}", Digest::of(&artifact.manifest));
    system::print(&(escape::line(&line) + "\n"));
    Ok(0)
}
