//! What every host of the contract in `wit/` does alike, whatever runs the component: reads command
//! lines and ini files by a manifest, decides which endpoints they name, checks manifests, renders
//! reports and help. Nothing here needs a runtime, so that a component can be a host too.

pub mod anchors;
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod bindings;
pub mod bounds;
pub mod budget;
pub mod cli;
pub mod colour;
pub mod endpoint;
pub mod escape;
pub mod expiry;
pub mod exposition;
pub mod files;
pub mod form;
pub mod grants;
pub mod help;
pub mod idn;
pub mod ini;
mod json;
pub mod lend;
pub mod manifest;
pub mod metrics;
pub mod naming;
pub mod render;
pub mod secrets;
mod strerror;
#[cfg(test)]
mod testing;
pub mod text_file;
pub mod words;

pub use bindings::monitoring::plugin::types;
pub use strerror::reason;
