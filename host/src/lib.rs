//! Runs monitoring checks that are WebAssembly components.
//!
//! A check is a component of the world `monitoring:plugin` (see `wit/`). It knows its protocol and
//! nothing else; this library reads the command line by the component's own manifest, grants it
//! the one endpoint that those words name, lends it sockets, clocks and randomness within limits
//! and a time budget, and renders its report. A check can reach what it is told to check, and
//! nothing else.
//!
//! ```no_run
//! use sandcheck::{EpochClock, Limits, Plugin, Rules, cli};
//! use wasmtime::component::Component;
//!
//! # async fn example(component: &Component) -> Result<(), sandcheck::PluginError> {
//! let plugin = Plugin::new(component, Limits::default(), EpochClock::Thread)?;
//! let words = ["-H", "mx.example.org", "-S"].map(Into::into).to_vec();
//! let output = cli::run(&plugin, Rules::default(), "check_smtp", words).await;
//! print!("{}", output.stdout);
//! # Ok(())
//! # }
//! ```

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod bindings;
pub mod cli;
pub mod companion;
pub mod error;
pub mod limits;
mod line;
mod look_up;
mod meter;
pub mod network;
pub mod plugin;
#[cfg(feature = "policy")]
pub mod policy;
#[cfg(feature = "pool")]
pub mod pool;
mod resolver;
pub mod settings;
pub mod signed;
mod state;
mod system_anchors;
mod transport;
pub mod world;

pub use error::{PluginError, RunError};
pub use grants::{Grants, Rules};
pub use limits::Limits;
pub use plugin::{EpochClock, Instance, Plugin};
#[cfg(feature = "policy")]
pub use policy::Policy;
pub use resolver::records;
pub use sandcheck_contract::{
    bounds, budget, colour, endpoint, escape, expiry, exposition, files, form, grants, help, ini,
    lend, manifest, metrics, naming, render, secrets, types, words,
};
pub use transport::{Alone, Shared, Transport, block_on};
