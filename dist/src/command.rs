//! A plugin as a command for any runtime of WASI 0.2: composed with the components of `host/command`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};
use wasm_metadata::{AddMetadata, AddMetadataField, Metadata, Payload};

/// The packages that the two components are built from.
pub(crate) const PACKAGES: [&str; 2] = ["sandcheck-command-adapter", "sandcheck-command-program"];

/// Where cargo puts them, below the folder of the profile.
const ADAPTER: &str = "sandcheck_command_adapter.wasm";
const PROGRAM: &str = "sandcheck_command_program.wasm";

const CHECK: &str = "monitoring:plugin/check@0.2.0";
/// What a plugin may import of the contract.
const INTERFACES: [&str; 2] = [
    "monitoring:plugin/sockets@0.2.0",
    "monitoring:plugin/resolver@0.2.0",
];
const REACH: &str = "sandcheck:command/reach@0.1.0";
/// What a command exports, in the version that the standard library was made for.
const RUN: &str = "wasi:cli/run@0.2";

/// Composes the plugin with the components that lie in that folder. The command says of itself what
/// the plugin does.
pub(crate) fn compose(plugin: &[u8], folder: &Path) -> Result<Vec<u8>> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| path.display().to_string())
    };
    let metadata = Payload::from_binary(plugin).context("the plugin's metadata")?;
    let command = link(plugin, read(ADAPTER)?, read(PROGRAM)?)?;
    put_back(metadata.metadata(), &command)
}

fn link(plugin: &[u8], adapter: Vec<u8>, program: Vec<u8>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let adapter = instance(&mut graph, "sandcheck:adapter", adapter)?;
    let plugin = instance(&mut graph, "sandcheck:plugin", plugin.to_vec())?;
    let program = instance(&mut graph, "sandcheck:program", program)?;
    // What a plugin never calls is not among its imports.
    for interface in INTERFACES {
        if imports(&graph, plugin, interface) {
            connect(&mut graph, adapter, interface, plugin)?;
        }
    }
    connect(&mut graph, plugin, CHECK, program).context("it is no plugin")?;
    connect(&mut graph, adapter, REACH, program)?;
    let run = exported(&graph, program, RUN).context("the program is no command")?;
    let node = graph.alias_instance_export(program, &run)?;
    graph.export(node, run)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

fn instance(graph: &mut CompositionGraph, name: &str, bytes: Vec<u8>) -> Result<NodeId> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
    let package = graph.register_package(package)?;
    Ok(graph.instantiate(package))
}

/// Gives what one exports to another.
fn connect(graph: &mut CompositionGraph, from: NodeId, name: &str, to: NodeId) -> Result<()> {
    let node = graph.alias_instance_export(from, name)?;
    Ok(graph.set_instantiation_argument(to, name, node)?)
}

fn imports(graph: &CompositionGraph, instance: NodeId, name: &str) -> bool {
    let Some(package) = graph[instance].package() else {
        return false;
    };
    let world = graph[package].ty();
    graph.types()[world].imports.contains_key(name)
}

/// The whole name of an export, of which the beginning is known.
fn exported(graph: &CompositionGraph, instance: NodeId, name: &str) -> Option<String> {
    let world = graph[graph[instance].package()?].ty();
    let mut exports = graph.types()[world].exports.keys();
    exports.find(|export| export.starts_with(name)).cloned()
}

/// What composing loses.
fn put_back(metadata: &Metadata, command: &[u8]) -> Result<Vec<u8>> {
    fn kept<T: Clone + std::fmt::Debug>(field: Option<&T>) -> AddMetadataField<T> {
        field
            .cloned()
            .map_or(AddMetadataField::Keep, AddMetadataField::Set)
    }
    let mut again = AddMetadata::default();
    again.name = kept(metadata.name.as_ref());
    again.version = kept(metadata.version.as_ref());
    again.description = kept(metadata.description.as_ref());
    again.authors = kept(metadata.authors.as_ref());
    again.licenses = kept(metadata.licenses.as_ref());
    again.source = kept(metadata.source.as_ref());
    again.homepage = kept(metadata.homepage.as_ref());
    again.revision = kept(metadata.revision.as_ref());
    again.to_wasm(command)
}
