//! From a [`Plugin`] to the exports of a component.

use std::marker::PhantomData;

use crate::bindings::exports::monitoring::plugin::check::Guest;
use crate::{Argument, Manifest, Misuse, Report, Words, manifest};

/// A plugin that is honest where it does not say otherwise.
pub trait Plugin {
    /// What it says about itself.
    #[must_use]
    fn describe() -> Manifest {
        manifest()
    }

    /// The first word that it does not accept.
    ///
    /// # Errors
    /// When there is one.
    fn validate(_: &Words) -> Result<(), Misuse> {
        Ok(())
    }

    /// The check.
    ///
    /// # Errors
    /// When the words make no sense.
    fn run(words: &Words) -> Result<Report, Misuse>;
}

/// A plugin with its exports.
pub struct Exported<P>(PhantomData<P>);

impl<P: Plugin> Guest for Exported<P> {
    fn describe() -> Manifest {
        P::describe()
    }

    fn validate(arguments: Vec<Argument>) -> Result<(), Misuse> {
        P::validate(&Words(arguments))
    }

    fn run(arguments: Vec<Argument>) -> Result<Report, Misuse> {
        P::run(&Words(arguments))
    }
}

/// Exports a plugin that imports the contract's interfaces and nothing else.
#[macro_export]
macro_rules! plugin {
    ($plugin:ty) => {
        $crate::std_plugin!($plugin);
        $crate::no_stdio!();
    };
}

/// Exports a plugin with all that the standard library imports.
#[macro_export]
macro_rules! std_plugin {
    ($plugin:ty) => {
        type ExportedPlugin = $crate::Exported<$plugin>;
        $crate::bindings::export!(ExportedPlugin);
    };
}
