//! Makes of the component what is published, into a folder (`make dist`): the component with metadata,
//! the same as a command for runtimes of WASI, its WIT as a package, bills of materials in `CycloneDX`'s
//! form, and checksums.
//!
//!     sandcheck-dist publish COMPONENT.wasm PARTS FOLDER REVISION SOURCE
//!     sandcheck-dist command PLUGIN.wasm PARTS COMMAND.wasm
//!
//! `PARTS` is the folder with what makes a command of a plugin (`host/command`).
//! It is started in the workspace. The same sources make the same bytes, wherever and whenever that is
//! done: no file has a time or a path in it.

mod command;
mod materials;
mod packages;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use wasm_metadata::{
    AddMetadata, AddMetadataField, Authors, Description, Licenses, Revision, Source, Version,
};
use wit_parser::Resolve;

use crate::packages::{Graph, Package};

/// The package that the component is built from.
const COMPONENT: &str = "check-smtp";

/// What a user calls it.
const NAME: &str = "check_smtp";

/// The same as a command.
const COMMAND: &str = "check_smtp-command";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "make dist: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["publish", component, parts, folder, revision, source] => {
            let files = publication(component, Path::new(parts), revision, source)?;
            publish(Path::new(folder), &files)
        }
        ["command", plugin, parts, command] => {
            let composed =
                command::compose(&read(plugin)?, Path::new(parts)).context(plugin.to_owned())?;
            fs::write(command, composed).with_context(|| command.to_owned())
        }
        _ => bail!(
            "usage: sandcheck-dist publish COMPONENT.wasm PARTS FOLDER REVISION SOURCE\n       \
             sandcheck-dist command PLUGIN.wasm PARTS COMMAND.wasm"
        ),
    }
}

fn read(path: &str) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.to_owned())
}

/// All files, with their names.
fn publication(
    component: &str,
    parts: &Path,
    revision: &str,
    source: &str,
) -> Result<Vec<(String, Vec<u8>)>> {
    if revision.is_empty() {
        bail!("this is no git checkout, so name its revision: make dist REVISION=...");
    }
    let graph = Graph::read(COMPONENT, &[])?;
    let component = with_metadata(&read(component)?, graph.root(), revision, source)?;
    let command = command::compose(&component, parts)?;
    let bill = materials::bill(&graph, NAME, &sha256(&component), source)?;
    let graph = Graph::read(COMPONENT, &command::PACKAGES)?;
    let command_bill = materials::bill(&graph, COMMAND, &sha256(&command), source)?;
    let (wit_name, wit) = wit_package(Path::new("wit"))?;
    Ok(vec![
        (format!("{NAME}.wasm"), component),
        (format!("{NAME}.cdx.json"), bill),
        (format!("{COMMAND}.wasm"), command),
        (format!("{COMMAND}.cdx.json"), command_bill),
        (wit_name, wit),
    ])
}

/// Sections that `wasm-tools metadata show` and `sandcheck inspect` read.
fn with_metadata(
    component: &[u8],
    package: &Package,
    revision: &str,
    source: &str,
) -> Result<Vec<u8>> {
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(NAME.to_owned());
    metadata.version = AddMetadataField::Set(Version::new(package.version.clone()));
    metadata.description = AddMetadataField::Set(Description::new(package.description.clone()));
    metadata.authors = AddMetadataField::Set(Authors::new(package.authors.join(", ")));
    metadata.licenses = AddMetadataField::Set(Licenses::new(&package.license).context("licence")?);
    metadata.source =
        AddMetadataField::Set(Source::new(source).with_context(|| format!("SOURCE '{source}'"))?);
    metadata.revision = AddMetadataField::Set(Revision::new(revision.to_owned()));
    metadata.to_wasm(component)
}

/// The WIT of that folder and what it depends on, as the binary package that registries of packages
/// keep; and its file's name.
fn wit_package(folder: &Path) -> Result<(String, Vec<u8>)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(folder)
        .with_context(|| folder.display().to_string())?;
    let name = resolve
        .packages
        .get(package)
        .context("the WIT has no package")?
        .name
        .clone();
    let version = name
        .version
        .map(|version| format!("@{version}"))
        .unwrap_or_default();
    let bytes = wit_component::encode(&resolve, package)?;
    Ok((
        format!("{}-{}{version}.wasm", name.namespace, name.name),
        bytes,
    ))
}

/// Writes the files, and `SHA256SUMS` as sha256sum(1) checks it.
fn publish(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| path.display().to_string())
    };
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut sums = String::new();
    for (name, bytes) in files {
        write(name, bytes)?;
        sums.push_str(&format!("{}  {name}\n", sha256(bytes)));
    }
    write("SHA256SUMS", sums.as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wit_parser::decoding::{DecodedWasm, decode};

    #[test]
    fn the_package_is_the_contract() {
        let (name, bytes) = wit_package(Path::new("../wit")).unwrap();
        assert!(name.starts_with("monitoring-plugin@"), "{name}");
        let DecodedWasm::WitPackage(resolve, package) = decode(&bytes).unwrap() else {
            panic!("it is a component and no package");
        };
        let package = &resolve.packages[package];
        assert!(package.worlds.contains_key("plugin"));
        for interface in ["types", "sockets", "check"] {
            assert!(package.interfaces.contains_key(interface), "{interface}");
        }
    }
}
