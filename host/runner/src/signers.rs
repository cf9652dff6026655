//! Who signed a plugin, and whether the policy is content with that.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use sandcheck::Policy;
use sandcheck::signed::Signed;

use crate::digest::Digest;
use crate::reference::Reference;
use crate::signature::{PublicKey, Signed as Signature};

/// All of a version.
pub(crate) type Signatures = [Signature];

/// Fails unless each rule that names this plugin is met by the signature of one of its keys.
pub(crate) fn check(
    policy: &Policy,
    reference: &Reference,
    digest: &Digest,
    signatures: &Signatures,
) -> Result<()> {
    let name = reference.name();
    for Signed {
        name: pattern,
        keys,
    } in policy
        .signed
        .iter()
        .filter(|rule| rule.name.names(Some(&name)))
    {
        if !signed_by(keys, digest, signatures)?.is_empty() {
            continue;
        }
        let pattern = pattern.original();
        if signatures.is_empty() {
            bail!(
                "{reference}: is not signed ({digest}), which the policy demands for '{pattern}'; if it has been \
                 signed since: sandcheck pull {reference}"
            );
        }
        let keys: Vec<_> = keys.iter().map(|key| key.display().to_string()).collect();
        bail!(
            "{reference}: none of its signatures is a good one of {digest} by a key that the policy demands for \
             '{pattern}': {}",
            keys.join(", ")
        );
    }
    Ok(())
}

/// Fails when the policy demands a signature of every plugin: a file has none.
pub(crate) fn check_file(policy: &Policy, plugin: &Path) -> Result<()> {
    if let Some(rule) = policy.signed.iter().find(|rule| rule.name.names(None)) {
        bail!(
            "{}: is a file, which has no signature, and the policy demands one for '{}'; run it from a registry: \
             oci://REGISTRY/NAME:VERSION",
            plugin.display(),
            rule.name.original()
        );
    }
    Ok(())
}

/// The keys that have signed that digest.
pub(crate) fn signed_by(
    keys: &[PathBuf],
    digest: &Digest,
    signatures: &Signatures,
) -> Result<Vec<PathBuf>> {
    let mut signers = Vec::new();
    for path in keys {
        let key = PublicKey::read(path)?;
        let is_signer = signatures
            .iter()
            .any(|(payload, signature)| key.verifies(digest, payload, signature));
        if is_signer {
            signers.push(path.clone());
        }
    }
    Ok(signers)
}

/// All keys that are known: those that were named, or else the policy's.
pub(crate) fn known_keys(named: &[PathBuf], policy: &Policy) -> Vec<PathBuf> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let mut keys: Vec<_> = policy
        .signed
        .iter()
        .flat_map(|rule| rule.keys.clone())
        .collect();
    keys.sort();
    keys.dedup();
    keys
}
