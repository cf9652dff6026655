//! What a plugin is.

use crate::misuse::Misuse;
use crate::report::Report;
use crate::table::Spec;
use crate::values::Values;

/// What a plugin says about itself; the contract's `manifest` without the options.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The name of the command, such as `check_smtp`: ASCII letters, digits, `_`, `-`, `.`.
    pub name: &'static str,
    /// `MAJOR.MINOR.PATCH`, mostly `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// One line: what it checks.
    pub summary: &'static str,
    /// Further text for the help page.
    pub description: &'static str,
    /// The option that a plain word on the command line is the value of.
    pub word: Option<&'static str>,
}

/// A check. [`export!`](crate::export) makes a component of it.
pub trait Plugin {
    /// What it says about itself.
    fn about() -> About;

    /// The options that it understands, in the order of the help text.
    fn options() -> &'static [Spec];

    /// Reports the first argument whose value cannot be accepted, each looked at by itself. As it
    /// is, it looks at their kinds.
    fn validate(values: &Values) -> Result<(), Misuse> {
        values.check()
    }

    /// Runs the check once. An error is for arguments that make no sense; whatever the check finds
    /// out is a report.
    fn run(values: &Values) -> Result<Report, Misuse>;
}

/// Exports a [`Plugin`] from a crate of the type `cdylib`, built for `wasm32-wasip2`; elsewhere it
/// does nothing.
///
/// The component imports the contract's interfaces that it uses and nothing else, as long as
/// the plugin does not use the standard library's files, environment, output, sleep or hash tables.
/// The code that it makes is unsafe: a crate can `deny` that, but not `forbid` it.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, clippy::pedantic)]
        const _: () = {
            type Exported = $crate::component::Exported<$plugin>;
            $crate::component::bindings::export!(Exported);
        };
    };
}
