//! `sandcheck run`: one check of any plugin, as its own command line would.

use std::ffi::OsString;
use std::io::{self, Write};

use anyhow::{Context, Result};
use sandcheck::cli::{self, Output, Request};
use sandcheck::types::Manifest;
use sandcheck::{EpochClock, Plugin, Rules};
use sandcheck_system as system;

use crate::arguments::Options;
use crate::load::{self, Source};

/// Runs the check; returns its exit code.
pub(crate) fn run(options: Options) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let path = options.plugin().display().to_string();
    let mut source = Source::open(options.plugin(), &options)?;
    let (limits, rules) = (options.policy.limits, options.policy.rules);
    let engine = load::engine(limits.stack)?;
    system::advance_epochs(vec![engine.clone()]);
    let loaded = load::component(&engine, &mut source, &limits, options.cache.as_deref())?;
    let plugin =
        Plugin::new(&loaded.component, limits, EpochClock::Caller).with_context(|| path.clone())?;
    let output = runtime.block_on(async {
        if let Some(manifest) = &loaded.manifest {
            return match read(manifest, rules, &path, options.words) {
                Ok(request) => request.carry_out(&plugin).await,
                Err(output) => output,
            };
        }
        let (manifest, instance) = match cli::meet(&plugin, &path).await {
            Ok(met) => met,
            Err(output) => return output,
        };
        loaded.remember(&source, &manifest);
        match read(&manifest, rules, &path, options.words) {
            Ok(request) => request.carry_out_by(instance).await,
            Err(output) => output,
        }
    });
    // Somebody who closed standard error does not want to know.
    let _ = io::stderr().write_all(output.stderr.as_bytes());
    system::print(&output.stdout);
    // Nothing is worth waiting for: not a name look-up that goes on, nor the release of memory.
    std::mem::forget((runtime, plugin, loaded));
    Ok(output.exit_code)
}

/// Reads the plugin's words. Secrets among them are taken out of the process's title.
fn read<'a>(
    manifest: &'a Manifest,
    rules: Rules,
    path: &'a str,
    words: Vec<OsString>,
) -> Result<Request<'a>, Output> {
    let request = Request::read(manifest, rules, path, words)?.with_input();
    request.secrets().for_each(system::hide);
    Ok(request)
}
