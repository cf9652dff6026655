//! `sandcheck run`: one check of any plugin, as its own command line would.

use std::ffi::OsString;
use std::io::{self, Write};

use anyhow::{Context, Result};
use sandcheck::cli::{self, Output, Request};
use sandcheck::form::{Form, Showing};
use sandcheck::types::Manifest;
use sandcheck::{EpochClock, Plugin, Rules, colour};
use sandcheck_system as system;

use crate::arguments::Options;
use crate::load::{self, Source};

/// Runs the check; returns its exit code.
pub(crate) fn run(options: Options) -> Result<u8> {
    let form = options.output;
    let output = match (check(options), form) {
        (Ok(output), _) => output,
        (Err(error), Some(form)) => {
            Showing::nobody(form).unreported(Output::failed(&format!("{error:#}")))
        }
        (Err(error), None) => return Err(error),
    };
    // Somebody who closed standard error does not want to know.
    let _ = io::stderr().write_all(output.stderr.as_bytes());
    if system::shows_colours() {
        system::print(&colour::text(&output.stdout, output.exit_code));
    } else {
        system::print(&output.stdout);
    }
    Ok(output.exit_code)
}

fn check(options: Options) -> Result<Output> {
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
    let (words, form) = (options.words, options.output);
    let output = runtime.block_on(async {
        if let Some(manifest) = &loaded.manifest {
            return match read(manifest, rules, &path, words, form) {
                Ok(request) => request.carry_out(&plugin).await,
                Err(output) => output,
            };
        }
        let (manifest, instance) = match cli::meet(&plugin, &path).await {
            Ok(met) => met,
            Err(output) => return Showing::nobody(form.unwrap_or_default()).unreported(output),
        };
        loaded.remember(&source, &manifest);
        match read(&manifest, rules, &path, words, form) {
            Ok(request) => request.carry_out_by(instance).await,
            Err(output) => output,
        }
    });
    // Nothing is worth waiting for: not a name look-up that goes on, nor the release of memory.
    std::mem::forget((runtime, plugin, loaded));
    Ok(output)
}

/// The request, or what there is to print instead. Secrets among the plugin's words are taken out of the
/// process's title.
fn read<'a>(
    manifest: &'a Manifest,
    rules: Rules,
    program: &'a str,
    words: Vec<OsString>,
    form: Option<Form>,
) -> Result<Request<'a>, Output> {
    let request = match (Request::read(manifest, rules, program, words), form) {
        (Ok(request), form) => form
            .into_iter()
            .fold(request.with_input(), Request::shown_as),
        (Err(output), None) => return Err(output),
        (Err(output), Some(form)) => {
            return Err(Showing::new(form, manifest, &[]).unreported(output));
        }
    };
    request.secrets().for_each(system::hide);
    Ok(request)
}
