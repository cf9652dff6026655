//! `sandcheck run`: one check of any plugin, as its own command line would.

use anyhow::{Context, Result};
use sandcheck::{EpochClock, Plugin, cli};
use sandcheck_system as system;
use std::io::{self, Write};

use crate::arguments::Options;
use crate::load::{self, Source};

/// Runs the check; returns its exit code.
pub(crate) fn run(options: Options) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let path = options.plugin().display().to_string();
    let mut source = Source::open(options.plugin(), &options.policy.limits)?;
    let component = load::component(&mut source, &options)?;
    system::advance_epochs(component.engine());
    let policy = options.policy;
    let plugin =
        Plugin::new(&component, policy.limits, EpochClock::Caller).with_context(|| path.clone())?;
    let output = runtime.block_on(cli::run(&plugin, policy.rules, &path, options.words));
    // Somebody who closed standard error does not want to know.
    let _ = io::stderr().write_all(output.stderr.as_bytes());
    system::print(&output.stdout);
    // Nothing is worth waiting for: not a name look-up that goes on, nor the release of memory.
    std::mem::forget((runtime, plugin, component));
    Ok(output.exit_code)
}
