//! `sandcheck sign` and `sandcheck verify`.

use anyhow::{Context, Result, bail};
use sandcheck::escape;
use sandcheck_system as system;

use crate::arguments::Options;
use crate::digest::Digest;
use crate::exchange;
use crate::pull;
use crate::reference::Reference;
use crate::signature;
use crate::signers;
use crate::store::Store;

/// Signs the version that a registry has, and publishes the signature beside it.
pub(crate) fn sign(options: &Options) -> Result<u8> {
    let reference = Reference::parse(&options.plugin().to_string_lossy())?;
    let [key] = options.keys.as_slice() else {
        bail!("sign takes one private key: --key FILE");
    };
    let key = signature::private_key(key)?;
    let fetched = exchange::fetch(&reference, options)?;
    let digest = Digest::of(&fetched.artifact.manifest);
    let before = pull::signatures(fetched.signatures.as_ref())?;
    let new = signature::sign(&reference.name(), &digest, &key)?;
    // The same key signs the same in the same way.
    let is_new = !before.contains(&new);
    if is_new {
        let signatures = signature::add(before, new)?;
        exchange::publish(
            &reference,
            Reference::signature_tag(&digest),
            &signatures,
            options,
        )?;
    }
    let done = if is_new {
        "signed"
    } else {
        "has that signature already"
    };
    system::print(&(escape::line(&format!("{reference}: {done}, {digest}")) + "\n"));
    Ok(0)
}

/// Says which of the keys signed a version: of what the store has, or else of what the registry has.
pub(crate) fn verify(options: &Options) -> Result<u8> {
    let reference = Reference::parse(&options.plugin().to_string_lossy())?;
    let keys = signers::known_keys(&options.keys, &options.policy);
    if keys.is_empty() {
        bail!("no key is named: --key FILE, or a policy that demands one");
    }
    let (digest, signatures) = signed(&reference, options)?;
    let signers = signers::signed_by(&keys, &digest, &signatures)?;
    if signers.is_empty() {
        let found = if signatures.is_empty() {
            "is not signed"
        } else {
            "is signed by none of these keys"
        };
        let keys: Vec<_> = keys.iter().map(|key| key.display().to_string()).collect();
        bail!("{reference}: {found} ({digest}): {}", keys.join(", "));
    }
    for signer in signers {
        let line = format!("{reference}: signed by {}, {digest}", signer.display());
        system::print(&(escape::line(&line) + "\n"));
    }
    Ok(0)
}

fn signed(reference: &Reference, options: &Options) -> Result<(Digest, Vec<signature::Signed>)> {
    for store in Store::all(options.store.as_deref()) {
        if let Some(version) = store.find(reference)? {
            let mut signatures = store.signatures(reference, &version.digest)?;
            if !options.network.offline {
                // It may have been signed since; a registry that does not answer is no reason to fail.
                let newer = exchange::fetch_signatures(reference, &version.digest, options);
                signatures.extend(
                    newer
                        .ok()
                        .map(|newer| pull::signatures(newer.as_ref()))
                        .transpose()?
                        .unwrap_or_default(),
                );
            }
            return Ok((version.digest, signatures));
        }
    }
    let fetched = exchange::fetch(reference, options)
        .with_context(|| format!("{reference} is not in the store"))?;
    let digest = Digest::of(&fetched.artifact.manifest);
    Ok((digest, pull::signatures(fetched.signatures.as_ref())?))
}
