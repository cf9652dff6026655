//! Sends objects and the manifest that lists them.

use anyhow::{Context, Result};

use crate::client::Client;

/// Each object that the registry does not have yet, then the manifest, the last one, under that name.
pub(crate) fn artifact(
    client: &mut Client,
    digests: &[String],
    mut objects: Vec<Vec<u8>>,
    name: &str,
) -> Result<()> {
    let manifest = objects.pop().context("the job names no manifest")?;
    for (digest, object) in digests.iter().zip(objects) {
        if !client.has_blob(digest)? {
            client.put_blob(digest, &object)?;
        }
    }
    client.put_manifest(name, &manifest)
}
