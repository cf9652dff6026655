//! What is named in a store: `index.json` (OCI image specification, "Image Layout").

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::artifact::{Annotations, Descriptor, MANIFEST};
use crate::digest::Digest;
use crate::reference::Reference;

/// The content of `oci-layout`.
pub(super) const LAYOUT: &[u8] = b"{\"imageLayoutVersion\":\"1.0.0\"}\n";

const NAME: &str = "org.opencontainers.image.ref.name";

const KIND: &str = "application/vnd.oci.image.index.v1+json";

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    schema_version: u32,
    media_type: Option<String>,
    manifests: Vec<Descriptor>,
}

/// Something that has a name: `REGISTRY/NAME:VERSION`, or `REGISTRY/NAME@DIGEST` for what was pulled
/// by its digest, or has lost its version to another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) digest: Digest,
}

impl Entry {
    /// The version, unless this is a signature, or was not named here.
    pub(crate) fn reference(&self) -> Option<Reference> {
        let reference = Reference::parse(&self.name).ok()?;
        let is_signature = reference.version.as_deref().is_some_and(is_signature_tag);
        (!is_signature).then_some(reference)
    }
}

impl Default for Index {
    fn default() -> Self {
        Self {
            schema_version: 2,
            media_type: Some(KIND.to_owned()),
            manifests: Vec::new(),
        }
    }
}

impl Index {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        Ok(serde_json::from_slice(bytes)?)
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// In the order of their names.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let entry = |manifest: &Descriptor| Entry {
            name: name(manifest).to_owned(),
            digest: manifest.digest.clone(),
        };
        let mut entries: Vec<_> = self.manifests.iter().map(entry).collect();
        entries.sort();
        entries
    }

    pub(super) fn by_name(&self, wanted: &str) -> Option<Digest> {
        let found = self
            .manifests
            .iter()
            .find(|manifest| name(manifest) == wanted);
        found.map(|manifest| manifest.digest.clone())
    }

    /// The manifest of that version, or of that digest under that name.
    pub(super) fn find(&self, reference: &Reference) -> Option<Digest> {
        match &reference.digest {
            Some(digest) => self
                .manifests
                .iter()
                .any(|manifest| has(manifest, reference, digest))
                .then(|| digest.clone()),
            None => self.by_name(&plain_name(reference)),
        }
    }

    /// Names a manifest, and returns its digest.
    pub(super) fn add(&mut self, reference: &Reference, manifest: &[u8]) -> Digest {
        let new = Descriptor::of(MANIFEST, manifest);
        let digest = new.digest.clone();
        if reference.version.is_none() {
            if !self
                .manifests
                .iter()
                .any(|known| has(known, reference, &digest))
            {
                self.insert(&format!("{}@{digest}", reference.name()), new);
            }
            return digest;
        }
        let wanted = plain_name(reference);
        let before = self.by_name(&wanted);
        self.manifests.retain(|known| name(known) != wanted);
        // It is known by its version from now on.
        let by_digest = format!("{}@{digest}", reference.name());
        self.manifests.retain(|known| name(known) != by_digest);
        if let Some(before) = before.filter(|before| *before != digest) {
            self.keep(reference, before);
        }
        self.insert(&wanted, new);
        digest
    }

    /// Names the signatures of a version.
    pub(super) fn add_signatures(
        &mut self,
        reference: &Reference,
        digest: &Digest,
        manifest: &[u8],
    ) {
        let wanted = format!("{}:{}", reference.name(), Reference::signature_tag(digest));
        self.manifests.retain(|known| name(known) != wanted);
        self.insert(&wanted, Descriptor::of(MANIFEST, manifest));
    }

    /// Takes names away: that of a version, or all of a digest. False when there are none.
    pub(super) fn remove(&mut self, reference: &Reference) -> bool {
        let before = self.manifests.len();
        match &reference.digest {
            Some(digest) => self
                .manifests
                .retain(|known| !has(known, reference, digest)),
            None => self
                .manifests
                .retain(|known| name(known) != plain_name(reference)),
        }
        let removed = self.manifests.len() < before;
        self.remove_stray_signatures(&reference.name());
        removed
    }

    /// Signatures of versions that are gone.
    fn remove_stray_signatures(&mut self, plugin: &str) {
        let versions = self
            .manifests
            .iter()
            .filter(|known| belongs_to(name(known), plugin));
        let tags: Vec<_> = versions
            .map(|known| Reference::signature_tag(&known.digest))
            .collect();
        self.manifests.retain(|known| {
            let tag = name(known)
                .strip_prefix(plugin)
                .and_then(|rest| rest.strip_prefix(':'));
            let Some(tag) = tag.filter(|tag| is_signature_tag(tag)) else {
                return true;
            };
            tags.iter().any(|known| known == tag)
        });
    }

    /// A version that lost its name to another one stays under its digest.
    fn keep(&mut self, reference: &Reference, digest: Digest) {
        let is_named = self
            .manifests
            .iter()
            .any(|known| has(known, reference, &digest));
        if !is_named {
            let name = format!("{}@{digest}", reference.name());
            // Nobody reads the size of a manifest that is in the store.
            let manifest = Descriptor {
                media_type: MANIFEST.to_owned(),
                digest,
                size: 0,
                annotations: Annotations::new(),
            };
            self.insert(&name, manifest);
        }
    }

    fn insert(&mut self, name: &str, mut manifest: Descriptor) {
        manifest
            .annotations
            .insert(NAME.to_owned(), name.to_owned());
        self.manifests.push(manifest);
    }
}

fn name(manifest: &Descriptor) -> &str {
    manifest.annotations.get(NAME).map_or("", String::as_str)
}

fn plain_name(reference: &Reference) -> String {
    format!(
        "{}:{}",
        reference.name(),
        reference.version.as_deref().unwrap_or_default()
    )
}

/// Whether a version of that plugin has that digest.
fn has(manifest: &Descriptor, reference: &Reference, digest: &Digest) -> bool {
    manifest.digest == *digest && belongs_to(name(manifest), &reference.name())
}

fn belongs_to(entry: &str, plugin: &str) -> bool {
    entry
        .strip_prefix(plugin)
        .is_some_and(|rest| rest.starts_with([':', '@']))
}

fn is_signature_tag(tag: &str) -> bool {
    let hex = tag
        .strip_prefix("sha256-")
        .and_then(|tag| tag.strip_suffix(".sig"));
    hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        Reference::parse(text).unwrap()
    }

    fn names(index: &Index) -> Vec<String> {
        index
            .entries()
            .into_iter()
            .map(|entry| entry.name)
            .collect()
    }

    #[test]
    fn a_version_that_moves_leaves_the_earlier_one_usable() {
        let mut index = Index::default();
        let version = reference("r.example/a:1");
        let first = index.add(&version, b"first");
        index.add_signatures(&version, &first, b"signatures");
        let second = index.add(&version, b"second");
        assert_eq!(index.find(&version), Some(second.clone()));
        let pinned = reference(&format!("r.example/a@{first}"));
        assert_eq!(index.find(&pinned), Some(first.clone()));
        assert_eq!(
            index.find(&reference(&format!("r.example/b@{first}"))),
            None
        );
        // And back again.
        index.add(&version, b"first");
        assert_eq!(index.find(&version), Some(first));
        assert!(
            index
                .find(&reference(&format!("r.example/a:1@{second}")))
                .is_some()
        );
        assert_eq!(index.entries().len(), 3, "{:?}", names(&index));
    }

    #[test]
    fn signatures_go_with_the_last_name_of_their_version() {
        let mut index = Index::default();
        let (one, two) = (reference("r.example/a:1"), reference("r.example/a:2"));
        let digest = index.add(&one, b"x");
        index.add(&two, b"x");
        index.add_signatures(&one, &digest, b"signatures");
        assert!(index.remove(&one));
        assert_eq!(index.entries().len(), 2, "{:?}", names(&index));
        assert!(!index.remove(&one));
        assert!(index.remove(&reference(&format!("r.example/a@{digest}"))));
        assert_eq!(names(&index), [""; 0]);
    }

    #[test]
    fn a_name_that_begins_like_another_one_is_another_one() {
        let mut index = Index::default();
        let digest = index.add(&reference("r.example/ab:1"), b"x");
        assert_eq!(
            index.find(&reference(&format!("r.example/a@{digest}"))),
            None
        );
        assert!(!index.remove(&reference(&format!("r.example/a@{digest}"))));
        assert_eq!(
            Index::parse(&index.bytes().unwrap()).unwrap().entries(),
            index.entries()
        );
    }
}
