//! What the hostile plugins have in common: the bindings of the contract, an honest manifest, and
//! few calls that each of them misuses in its own way.
//!
//! A plugin implements [`Plugin`] and exports itself with [`plugin!`], which keeps the standard
//! streams out of it, or with [`std_plugin!`], which leaves the standard library as it is.

mod exported;
mod manifest;
mod no_stdio;
mod words;

/// What wit-bindgen generates from the contract in `wit/`.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod bindings {
    wit_bindgen::generate!({
        world: "monitoring:plugin/plugin",
        path: "../../wit",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "sandcheck_hostile::bindings",
    });
}

pub use bindings::monitoring::plugin::resolver;
pub use bindings::monitoring::plugin::sockets::{self, Connection};
pub use bindings::monitoring::plugin::types::{
    Argument, Kind, Manifest, Metric, Misuse, OptionSpec, Report, State,
};
pub use bindings::wasi::{clocks, random};
pub use exported::{Exported, Plugin};
pub use manifest::{manifest, option};
pub use words::Words;

/// A report of one line.
#[must_use]
pub fn report(state: State, summary: &str) -> Report {
    Report {
        state,
        transcript: Vec::new(),
        findings: Vec::new(),
        summary: Some(summary.to_owned()),
        metrics: Vec::new(),
        details: Vec::new(),
    }
}

/// What a hostile plugin says when nobody stopped it: that all is well.
#[must_use]
pub fn unharmed() -> Report {
    report(State::Ok, "OK - nobody stopped this plugin")
}

/// A metric without thresholds.
#[must_use]
pub fn metric(name: &str, value: f64) -> Metric {
    Metric {
        name: name.to_owned(),
        value,
        unit: String::new(),
        precision: 3,
        warning: None,
        critical: None,
        min: None,
        max: None,
    }
}
