//! One check from a command line: the contract of a monitoring plugin, for any component.

use std::ffi::OsString;
use std::time::Duration;

pub use sandcheck_contract::cli::Output;
use sandcheck_contract::cli::{add_node_name, budget, missing, read};

use crate::error::RunError;
use crate::escape;
use crate::grants::{Grants, Rules};
use crate::plugin::{Instance, Plugin};
use crate::transport::Transport;
use crate::types::{Argument, Manifest};
use crate::words::CommandLine;

/// Runs a plugin once, as its command line says, within the operator's rules. `program` is the name
/// that it was called by.
pub async fn run(plugin: &Plugin, rules: Rules, program: &str, words: Vec<OsString>) -> Output {
    let (manifest, instance) = match meet(plugin, program).await {
        Ok(met) => met,
        Err(output) => return output,
    };
    match Request::read(&manifest, rules, program, words) {
        Ok(request) => request.carry_out_by(instance).await,
        Err(output) => output,
    }
}

/// What a plugin says of itself, and the instance that said it. When it says nothing sensible, what
/// there is to print.
pub async fn meet(plugin: &Plugin, program: &str) -> Result<(Manifest, Instance), Output> {
    let mut instance = start(plugin, program).await?;
    let manifest = instance
        .describe()
        .await
        .map_err(|error| Output::failed(&error))?;
    Ok((manifest, instance))
}

/// A command line that has been read by a plugin's manifest, for a host that knows the manifest
/// before it starts the plugin.
pub struct Request<'a> {
    manifest: &'a Manifest,
    rules: Rules,
    program: &'a str,
    line: CommandLine,
}

impl<'a> Request<'a> {
    /// Reads a command line. Where no plugin is needed to answer it, such as `--help`, the answer
    /// comes at once.
    pub fn read(
        manifest: &'a Manifest,
        rules: Rules,
        program: &'a str,
        words: Vec<OsString>,
    ) -> Result<Self, Output> {
        let line = read(manifest, words)?;
        if let Some(stop) = &line.stop
            && line.arguments.is_empty()
        {
            // Nothing stands before it that could be a mistake.
            return Err(Output::stopped(manifest, program, stop));
        }
        Ok(Self {
            manifest,
            rules,
            program,
            line,
        })
    }

    /// What the plugin will be asked to do, before the host adds to it.
    #[must_use]
    pub fn arguments(&self) -> &[Argument] {
        &self.line.arguments
    }

    /// Has a fresh instance do it.
    pub async fn carry_out<T: Transport>(self, plugin: &Plugin<T>) -> Output {
        match start(plugin, self.program).await {
            Ok(instance) => self.carry_out_by(instance).await,
            Err(output) => output,
        }
    }

    /// Has an instance do it that has done no check yet.
    pub async fn carry_out_by<T: Transport>(self, mut instance: Instance<T>) -> Output {
        let Some(stop) = &self.line.stop else {
            return check(instance, self.manifest, self.rules, self.line).await;
        };
        // The first mistake counts, and it may stand before the place where reading stopped.
        match instance.validate(&self.line.arguments).await {
            Err(error) => Output::failed(&error),
            Ok(Err(misuse)) => Output::misuse(self.manifest, &misuse),
            Ok(Ok(())) => Output::stopped(self.manifest, self.program, stop),
        }
    }
}

async fn start<T: Transport>(plugin: &Plugin<T>, program: &str) -> Result<Instance<T>, Output> {
    plugin.instantiate().await.map_err(|error| match error {
        RunError::NoPlugin(error) => {
            let line = escape::line(&format!("{program}: {error}"));
            Output::unknown(format!("UNKNOWN - {line}\n"))
        }
        error => Output::failed(&error),
    })
}

async fn check<T: Transport>(
    instance: Instance<T>,
    manifest: &Manifest,
    rules: Rules,
    line: CommandLine,
) -> Output {
    let mut arguments = line.arguments;
    if let Some(missing) = missing(manifest, &arguments) {
        return Output::misuse(manifest, &missing);
    }
    let budget = budget(manifest, &arguments);
    let grants = Grants::named_by(manifest, &arguments, rules);
    // Without any word the plugin is to see that nothing was asked.
    if !line.is_empty {
        add_node_name(manifest, &mut arguments, node_name);
    }
    match instance
        .run(&arguments, grants, Duration::from_secs(budget))
        .await
    {
        Ok(report) => Output::report(&report),
        Err(RunError::Misuse(misuse)) => Output::misuse(manifest, &misuse),
        Err(error) => Output::failed(&error),
    }
}

/// This machine's, as `uname -n` gives it.
fn node_name() -> String {
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().into_owned()
}
