//! The bill of materials: `CycloneDX` 1.5 in JSON.

use anyhow::Result;
use serde_json::{Value, json};

use crate::packages::{Graph, Package};

/// Of what that component, known by its hash, is made.
pub(crate) fn bill(graph: &Graph, name: &str, hash: &str, source: &str) -> Result<Vec<u8>> {
    let root = graph.root();
    let all = std::iter::once(root).chain(graph.packages());
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": reference(root),
                "name": name,
                "version": root.version,
                "description": root.description,
                "licenses": [{"expression": root.license}],
                "hashes": [{"alg": "SHA-256", "content": hash}],
                "externalReferences": [{"type": "vcs", "url": source}],
            },
        },
        "components": graph.packages().iter().map(|package| component(graph, package)).collect::<Vec<_>>(),
        "dependencies": all.map(|package| dependencies(graph, package)).collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&bill)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn component(graph: &Graph, package: &Package) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        "description": package.description.trim(),
        "licenses": [{"expression": expression(&package.license)}],
        "purl": reference(package),
    });
    if let Some(checksum) = graph.checksum(package) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

fn dependencies(graph: &Graph, package: &Package) -> Value {
    let needed: Vec<_> = graph
        .needed_by(package)
        .into_iter()
        .map(reference)
        .collect();
    json!({"ref": reference(package), "dependsOn": needed})
}

/// A package URL, which is unique here.
fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

/// Older packages write `MIT/Apache-2.0`, which is no expression of SPDX.
fn expression(license: &str) -> String {
    license.replace('/', " OR ")
}
