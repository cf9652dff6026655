//! What a package is made of, as Cargo resolves it for the component's target.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

const TARGET: &str = "wasm32-wasip2";

/// `cargo metadata`, as much of it as is needed.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) authors: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) license: String,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) description: String,
    /// Nothing for packages of this workspace.
    source: Option<String>,
}

fn or_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// Nothing for an ordinary one; `dev`, `build`.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// A package with all that is linked into it.
pub(crate) struct Graph {
    root: Package,
    /// Without the root, in the order of their names.
    packages: Vec<Package>,
    links: BTreeMap<String, Vec<String>>,
    checksums: BTreeMap<(String, String), String>,
}

impl Graph {
    /// Of that package of the workspace, composed with others of it.
    pub(crate) fn read(name: &str, others: &[&str]) -> Result<Self> {
        let metadata = metadata()?;
        let root = metadata
            .packages
            .iter()
            .find(|package| package.name == name && package.source.is_none());
        let root = root
            .with_context(|| format!("there is no package {name}"))?
            .clone();
        let mut links: BTreeMap<_, _> = metadata.resolve.nodes.into_iter().map(linked).collect();
        let is_other = |package: &&Package| {
            package.source.is_none() && others.contains(&package.name.as_str())
        };
        let composed = metadata.packages.iter().filter(is_other);
        links
            .entry(root.id.clone())
            .or_default()
            .extend(composed.map(|package| package.id.clone()));
        let linked = linked_into(&[&[name], others].concat())?;
        let is_needed = |package: &Package| {
            linked.contains(&(package.name.clone(), package.version.clone()))
                && package.id != root.id
        };
        let mut packages: Vec<_> = metadata.packages.into_iter().filter(is_needed).collect();
        packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        Ok(Self {
            root,
            packages,
            links,
            checksums: checksums()?,
        })
    }

    pub(crate) fn root(&self) -> &Package {
        &self.root
    }

    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// What that one needs directly.
    pub(crate) fn needed_by(&self, package: &Package) -> Vec<&Package> {
        let links = self.links.get(&package.id);
        let is_linked = |other: &&Package| links.is_some_and(|links| links.contains(&other.id));
        self.packages.iter().filter(is_linked).collect()
    }

    /// SHA-256 of the package as it was published, if it was.
    pub(crate) fn checksum(&self, package: &Package) -> Option<&str> {
        let key = (package.name.clone(), package.version.clone());
        self.checksums.get(&key).map(String::as_str)
    }
}

fn metadata() -> Result<Metadata> {
    let words = [
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        TARGET,
    ];
    serde_json::from_slice(&cargo(&words)?).context("cargo metadata")
}

/// What is linked, and not what only builds or tests it.
fn linked(node: Node) -> (String, Vec<String>) {
    let is_linked =
        |dependency: &Dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
    let links = node
        .deps
        .into_iter()
        .filter(is_linked)
        .map(|dependency| dependency.pkg)
        .collect();
    (node.id, links)
}

/// Names and versions of what is linked, with the features that these packages ask for. `cargo metadata`
/// has those that anything in the workspace asks for.
fn linked_into(names: &[&str]) -> Result<BTreeSet<(String, String)>> {
    let mut words = vec![
        "tree",
        "--locked",
        "--target",
        TARGET,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
    ];
    words.extend(names.iter().flat_map(|name| ["--package", name]));
    let text = cargo(&words)?;
    let package = |line: &str| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((name.to_owned(), version.to_owned()))
    };
    Ok(String::from_utf8_lossy(&text)
        .lines()
        .filter_map(package)
        .collect())
}

fn cargo(words: &[&str]) -> Result<Vec<u8>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(words).output().context("cargo")?;
    ensure!(
        output.status.success(),
        "cargo {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

fn checksums() -> Result<BTreeMap<(String, String), String>> {
    let lock: Lock = toml::from_str(&fs::read_to_string("Cargo.lock").context("Cargo.lock")?)?;
    let checksum = |package: Locked| Some(((package.name, package.version), package.checksum?));
    Ok(lock.package.into_iter().filter_map(checksum).collect())
}
