//! A manifest and all that it lists, within bounds.

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::client::{Client, Expected};
use crate::job::Answer;
use crate::manifest::{Descriptor, Manifest};

/// The largest manifest, in bytes (OCI distribution specification, "Pushing Manifests").
const MANIFEST_LIMIT: u64 = 4 << 20;

/// What one manifest may list. Others' files belong to a version too, but not any number of them.
const LAYER_LIMIT: usize = 64;

type Objects = Vec<Vec<u8>>;

/// The manifest of that tag or digest, what it lists, and the same for its signatures.
pub(crate) fn artifact(client: &mut Client, name: &str) -> Result<(Answer, Objects)> {
    let Some(mut objects) = all_of(client, name)? else {
        let repository = client.repository();
        bail!("{repository} has no version '{name}', or it may not be read without a login (404)");
    };
    let of_manifest = objects.len();
    if let Some(manifest) = objects.first() {
        let tag = signature_tag(manifest);
        objects.extend(
            all_of(client, &tag)
                .context("its signatures")?
                .unwrap_or_default(),
        );
    }
    Ok((answer(&objects, of_manifest), objects))
}

/// The signature manifest of that tag with what it lists, or nothing.
pub(crate) fn signatures(client: &mut Client, tag: &str) -> Result<(Answer, Objects)> {
    let objects = all_of(client, tag)?.unwrap_or_default();
    Ok((answer(&objects, 0), objects))
}

fn answer(objects: &Objects, of_manifest: usize) -> Answer {
    Answer {
        objects: objects.iter().map(|object| object.len() as u64).collect(),
        of_manifest,
    }
}

/// Where cosign keeps the signatures of a manifest.
fn signature_tag(manifest: &[u8]) -> String {
    let digest = Sha256::digest(manifest);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256-{hex}.sig")
}

/// Nothing when there is no such manifest.
fn all_of(client: &mut Client, name: &str) -> Result<Option<Objects>> {
    let Some(bytes) = client.manifest(name, MANIFEST_LIMIT)? else {
        return Ok(None);
    };
    let Manifest { config, layers } = serde_json::from_slice(&bytes).with_context(|| {
        format!("what the registry has as '{name}' is no manifest of a component")
    })?;
    ensure!(
        layers.len() <= LAYER_LIMIT,
        "the manifest '{name}' lists {} files; at most {LAYER_LIMIT} are taken",
        layers.len()
    );
    let listed = std::iter::once(&config).chain(&layers);
    let size = listed
        .clone()
        .fold(0, |all: u64, one| all.saturating_add(one.size));
    ensure!(
        size <= client.component_size().saturating_add(MANIFEST_LIMIT),
        "what '{name}' consists of has {size} bytes, which exceeds the limit component-size = {}",
        client.component_size()
    );
    let mut objects = vec![bytes];
    for Descriptor { digest, size } in listed {
        objects.push(client.blob(&Expected {
            digest,
            size: *size,
        })?);
    }
    Ok(Some(objects))
}
