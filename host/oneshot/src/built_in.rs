//! The component that is built in, and the only unsafe code of this program.
//!
//! Loading compiled code means trusting it: it is native code, and nothing checks it again. This
//! code was made by this program's own build script, from the component in `guest/`, with the
//! settings that the engine is given here, and it is part of the executable file. It lies in a
//! section of its own, at the beginning of a page and executable, so that it is mapped with the
//! program and runs where it lies. Copying it to memory first would cost twice the whole check.

use std::ptr::{NonNull, slice_from_raw_parts_mut};
use std::sync::Arc;

use anyhow::Context;
use sandcheck::types::Manifest;
use wasmtime::component::Component;
use wasmtime::{CustomCodeMemory, Engine};

core::arch::global_asm!(
    ".section .plugin,\"ax\",@progbits",
    ".p2align 12",
    ".globl sandcheck_plugin",
    ".globl sandcheck_plugin_end",
    "sandcheck_plugin:",
    concat!(".incbin \"", env!("CHECK_SMTP_COMPILED"), "\""),
    "sandcheck_plugin_end:",
    ".byte 0",
    ".text",
);

unsafe extern "C" {
    static sandcheck_plugin: u8;
    static sandcheck_plugin_end: u8;
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
pub(crate) fn manifest() -> anyhow::Result<Manifest> {
    let bytes = include_bytes!(env!("CHECK_SMTP_MANIFEST"));
    sandcheck::manifest::from_bytes(bytes).context("the manifest is damaged")
}

/// The component, on an engine of its own.
pub(crate) fn component() -> anyhow::Result<Component> {
    let mut config = sandcheck::settings::built_in();
    config.with_custom_code_memory(Some(Arc::new(Mapped)));
    let engine = Engine::new(&config)?;
    let start = (&raw const sandcheck_plugin).cast_mut();
    let end = &raw const sandcheck_plugin_end;
    let code = NonNull::new(slice_from_raw_parts_mut(start, end.addr() - start.addr()))
        .ok_or_else(|| anyhow::anyhow!("no component is built in"))?;
    // SAFETY: the bytes between the two symbols are what `Engine::precompile_component` returned in
    // the build script, aligned to a page. They are never written to and live as long as the program.
    Ok(unsafe { Component::deserialize_raw(&engine, code) }?)
}
