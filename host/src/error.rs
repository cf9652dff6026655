//! Why a plugin could not be run to its end.

use std::fmt;

use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

use crate::grants::Refusal;
use crate::limits::{LimitExceeded, Limits};
use crate::manifest::ManifestError;
use crate::types::Misuse;
use crate::world::Misfit;

/// Why a component cannot be run at all.
#[derive(Debug)]
pub enum PluginError {
    /// It does not fit the world; at least one reason.
    Misfit(Vec<Misfit>),
    /// Something it imports or exports has another type than in the world.
    Type(wasmtime::Error),
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no plugin: ")?;
        match self {
            Self::Misfit(misfits) => {
                let reasons: Vec<_> = misfits.iter().map(ToString::to_string).collect();
                f.write_str(&reasons.join("; "))
            }
            Self::Type(error) => {
                let levels: Vec<_> = error.chain().map(ToString::to_string).collect();
                f.write_str(&levels.join(": "))
            }
        }
    }
}

impl std::error::Error for PluginError {}

/// Why there is no report.
#[derive(Debug)]
pub enum RunError {
    /// It turns out that it is no plugin.
    NoPlugin(PluginError),
    /// The arguments make no sense.
    Misuse(Misuse),
    /// What the plugin says it is makes no sense.
    Manifest(ManifestError),
    /// The plugin asked for a connection that it may not have.
    Refused(Refusal),
    /// The plugin exceeded one of its limits.
    Limit(LimitExceeded),
    /// The plugin asked to be ended, as a program would.
    Exited,
    /// The plugin broke off by itself: a panic, an unreachable instruction, a bad access.
    Crashed(wasmtime::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlugin(error) => error.fmt(f),
            Self::Misuse(misuse) => f.write_str(&misuse.message),
            Self::Manifest(error) => write!(f, "the manifest is not valid: {error}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Limit(limit) => write!(f, "the plugin exceeded {limit}"),
            Self::Exited => f.write_str("the plugin ended itself instead of reporting"),
            Self::Crashed(error) => write!(f, "the plugin crashed: {}", error.root_cause()),
        }
    }
}

impl std::error::Error for RunError {}

impl From<LimitExceeded> for RunError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

impl From<ManifestError> for RunError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(error)
    }
}

impl RunError {
    /// Whether it had to be stopped because its time was over.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Limit(limit) if limit.name == "time")
    }

    /// What ended an instantiation. What is no trap is a type that does not fit.
    pub(crate) fn from_start(error: wasmtime::Error, limits: &Limits) -> Self {
        match Self::from_call(error, limits) {
            Self::Crashed(error) if error.downcast_ref::<Trap>().is_none() => {
                Self::NoPlugin(PluginError::Type(error))
            }
            other => other,
        }
    }

    /// What ended a call into the plugin.
    pub(crate) fn from_call(error: wasmtime::Error, limits: &Limits) -> Self {
        let limit = error
            .chain()
            .find_map(|cause| cause.downcast_ref::<LimitExceeded>());
        if let Some(limit) = limit {
            return Self::Limit(limit.clone());
        }
        if error.downcast_ref::<I32Exit>().is_some() {
            return Self::Exited;
        }
        match limit_of_the_engine(&error) {
            Some(name) => Self::Limit(limits.exceeded(name)),
            None => Self::Crashed(error),
        }
    }
}

/// The limit that the engine itself enforces. Some of its errors have no type to be known by.
fn limit_of_the_engine(error: &wasmtime::Error) -> Option<&'static str> {
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return Some("stack");
    }
    let text = error.root_cause().to_string();
    if text.contains("fuel allocated for hostcalls") {
        Some("call")
    } else if text.starts_with("resource limit exceeded") {
        Some("instances")
    } else {
        None
    }
}
