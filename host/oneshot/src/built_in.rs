//! The component that is built in, and the only unsafe code of this program.
//!
//! Loading compiled code means trusting it: it is native code, and nothing checks it again. This
//! code was made by this program's own build script, from the component in `guest/`, with the
//! settings that the engine is given here, and it is part of the executable file. It lies in a
//! section of its own, at the beginning of a page and executable, so that it is mapped with the
//! program and runs where it lies. Copying it to memory first would cost twice the whole check.
//!
//! It is there three times: whole; with TLS, but without regular expressions, logins and most of what the
//! reference does not have; and small, without TLS too. Loading takes time for every function that there
//! is. A command line gets the smallest build that knows all of its options.

use std::ptr::{NonNull, slice_from_raw_parts_mut};
use std::sync::Arc;

use anyhow::Context;
use sandcheck::manifest::from_bytes;
use sandcheck::types::{Argument, Manifest};
use wasmtime::component::Component;
use wasmtime::{CustomCodeMemory, Engine};

/// A file in a section of its own, between two symbols.
macro_rules! section {
    ($section:literal, $start:literal, $end:literal, $file:expr) => {
        core::arch::global_asm!(
            concat!(".section ", $section, ",\"ax\",@progbits"),
            ".p2align 12",
            concat!(".globl ", $start),
            concat!(".globl ", $end),
            concat!($start, ":"),
            concat!(".incbin \"", $file, "\""),
            concat!($end, ":"),
            ".byte 0",
            ".text",
        );
    };
}

section!(
    ".plugin.whole",
    "sandcheck_whole",
    "sandcheck_whole_end",
    env!("CHECK_SMTP_WHOLE")
);
section!(
    ".plugin.tls",
    "sandcheck_tls",
    "sandcheck_tls_end",
    env!("CHECK_SMTP_TLS")
);
section!(
    ".plugin.small",
    "sandcheck_small",
    "sandcheck_small_end",
    env!("CHECK_SMTP_SMALL")
);

unsafe extern "C" {
    static sandcheck_whole: u8;
    static sandcheck_whole_end: u8;
    static sandcheck_tls: u8;
    static sandcheck_tls_end: u8;
    static sandcheck_small: u8;
    static sandcheck_small_end: u8;
}

/// Memory that is executable already, because the operating system mapped it so.
struct Mapped;

impl CustomCodeMemory for Mapped {
    fn required_alignment(&self) -> usize {
        4096
    }

    fn publish_executable(&self, _: *const u8, _: usize) -> wasmtime::Result<()> {
        Ok(())
    }

    fn unpublish_executable(&self, _: *const u8, _: usize) -> wasmtime::Result<()> {
        Ok(())
    }
}

/// What the component says of itself; the build script has asked it.
pub(crate) fn manifest() -> Option<Manifest> {
    from_bytes(include_bytes!(env!("CHECK_SMTP_MANIFEST")))
}

/// What there is to say of the options of the lesser builds, without texts, each of them exact.
pub(crate) fn lesser_manifest() -> Option<Manifest> {
    from_bytes(include_bytes!(env!("CHECK_SMTP_LESSER_MANIFEST")))
}

/// All of it without the texts of a help page, which are most of it.
pub(crate) fn brief_manifest() -> Option<Manifest> {
    from_bytes(include_bytes!(env!("CHECK_SMTP_BRIEF_MANIFEST")))
}

/// One of the builds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Small,
    Tls,
    Whole,
}

impl Build {
    /// The smallest one that knows these arguments.
    pub(crate) fn knowing(arguments: &[Argument]) -> Self {
        if suit(include_str!(env!("CHECK_SMTP_SMALL_OPTIONS")), arguments) {
            Self::Small
        } else if suit(include_str!(env!("CHECK_SMTP_TLS_OPTIONS")), arguments) {
            Self::Tls
        } else {
            Self::Whole
        }
    }
}

/// A build of the component, on an engine of its own.
pub(crate) fn component(build: Build) -> anyhow::Result<Component> {
    let mut config = sandcheck::settings::built_in();
    config.with_custom_code_memory(Some(Arc::new(Mapped)));
    let engine = Engine::new(&config)?;
    let (start, end) = match build {
        Build::Small => (&raw const sandcheck_small, &raw const sandcheck_small_end),
        Build::Tls => (&raw const sandcheck_tls, &raw const sandcheck_tls_end),
        Build::Whole => (&raw const sandcheck_whole, &raw const sandcheck_whole_end),
    };
    let code = slice_from_raw_parts_mut(start.cast_mut(), end.addr() - start.addr());
    let code = NonNull::new(code).context("no component is built in")?;
    // SAFETY: the bytes between two such symbols are what `Engine::precompile_component` returned in
    // the build script, aligned to a page. They are never written to and live as long as the program.
    Ok(unsafe { Component::deserialize_raw(&engine, code) }?)
}

/// Whether a build with these options knows all of these arguments.
fn suit(options: &str, arguments: &[Argument]) -> bool {
    let mut every = arguments.iter().enumerate();
    every.all(|(at, argument)| is_known(options, argument, arguments.get(..at).unwrap_or_default()))
}

/// The build script says of each option that a lesser build has how much of it that knows.
fn is_known(options: &str, argument: &Argument, before: &[Argument]) -> bool {
    options.lines().any(|option| {
        let (name, how) = option.split_once(' ').unwrap_or((option, ""));
        name == argument.name
            && match how {
                "number" => !argument
                    .value
                    .iter()
                    .any(|value| value.contains([':', '@'])),
                "once" => before.iter().all(|other| other.name != name),
                _ => true,
            }
    })
}
