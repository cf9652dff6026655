//! A component as registries keep it, in the form that wkg gives it: an OCI image manifest that lists a
//! config and the component (CNCF "Wasm OCI Artifact layout").

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

use crate::digest::Digest;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const COMPONENT: &str = "application/wasm";

pub(crate) type Annotations = BTreeMap<String, String>;

/// OCI image specification, "Image Manifest".
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: Annotations,
}

/// OCI image specification, "Content Descriptors".
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    /// Bytes.
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: Annotations,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            annotations: Annotations::new(),
        }
    }
}

impl Manifest {
    pub(crate) fn new(
        config: Descriptor,
        layers: Vec<Descriptor>,
        annotations: Annotations,
    ) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            config,
            layers,
            annotations,
        }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let manifest: Self =
            serde_json::from_slice(bytes).context("its manifest cannot be read")?;
        let is_known = manifest
            .media_type
            .as_deref()
            .is_none_or(|kind| kind == MANIFEST);
        ensure!(is_known, "its manifest is of another kind than {MANIFEST}");
        Ok(manifest)
    }

    /// All that it lists, in its order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }

    /// The component.
    pub(crate) fn component(&self) -> Result<&Descriptor> {
        let mut found = self
            .layers
            .iter()
            .filter(|layer| layer.media_type == COMPONENT);
        let (Some(component), None) = (found.next(), found.next()) else {
            bail!("it is no component: its manifest has to list one file of the type {COMPONENT}");
        };
        Ok(component)
    }
}

/// What the config says of a component.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [Digest; 1],
    component: Component,
}

#[derive(Serialize)]
struct Component {
    exports: Vec<String>,
    imports: Vec<String>,
    target: Option<String>,
}

/// A component with its config and manifest, as it is sent to a registry. The same component makes the
/// same bytes each time, wherever it is done.
pub(crate) struct Artifact {
    pub(crate) manifest: Vec<u8>,
    /// The config and the component.
    pub(crate) objects: Vec<Vec<u8>>,
}

impl Artifact {
    /// Everything, the manifest last.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.objects.iter().chain([&self.manifest])
    }

    /// `metadata` is what the component's file says of itself.
    pub(crate) fn new(
        component: Vec<u8>,
        metadata: &BTreeMap<&'static str, String>,
    ) -> Result<Self> {
        let layer = Descriptor::of(COMPONENT, &component);
        let config = serde_json::to_vec(&Config {
            // When it was made is nobody's business, and would make each push another version.
            created: "1970-01-01T00:00:00Z",
            author: metadata.get("authors").map(String::as_str),
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [layer.digest.clone()],
            component: imports_and_exports(&component)?,
        })?;
        let manifest = Manifest::new(
            Descriptor::of(CONFIG, &config),
            vec![layer],
            annotations(metadata),
        );
        Ok(Self {
            manifest: serde_json::to_vec(&manifest)?,
            objects: vec![config, component],
        })
    }
}

/// OCI image specification, "Pre-Defined Annotation Keys", from a component's metadata.
fn annotations(metadata: &BTreeMap<&'static str, String>) -> Annotations {
    let keys = [
        ("name", "title"),
        ("version", "version"),
        ("description", "description"),
        ("authors", "authors"),
        ("licenses", "licenses"),
        ("source", "source"),
        ("homepage", "url"),
        ("revision", "revision"),
    ];
    keys.iter()
        .filter_map(|(name, key)| {
            let value = metadata.get(name)?.clone();
            Some((format!("org.opencontainers.image.{key}"), value))
        })
        .collect()
}

fn imports_and_exports(component: &[u8]) -> Result<Component> {
    let mut found = Component {
        exports: Vec::new(),
        imports: Vec::new(),
        target: None,
    };
    let mut depth = 0;
    ensure!(Parser::is_component(component), "is no component");
    for payload in Parser::new(0).parse_all(component) {
        match payload.context("is no component")? {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    found.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    found.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
