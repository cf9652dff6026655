//! The configuration: modules that Prometheus probes with, and commands that Icinga calls. All of it is
//! checked before anything is served: names, values, plugins, and what the plugins say of their options.

mod entries;
mod file;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use sandcheck::Rules;
use sandcheck::types::{Argument, State};
use sandcheck_runner::arguments::Options;
use sandcheck_runner::plugins::{Plugins, Ready};

use self::entries::Checker;
use self::file::File;

/// What may be asked for.
#[derive(Default)]
pub(crate) struct Config {
    pub(crate) modules: BTreeMap<String, Arc<Module>>,
    pub(crate) commands: BTreeMap<String, Arc<Command>>,
}

/// How Prometheus probes something.
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) plugin: Callable,
    /// What is given always.
    pub(crate) arguments: Vec<Argument>,
    /// The option that the target's host is for.
    pub(crate) host: String,
    /// The option that the target's port is for.
    pub(crate) port: Option<String>,
    pub(crate) timeout: Option<Duration>,
    /// The worst state that is a success.
    pub(crate) success: State,
}

/// What Icinga calls.
pub(crate) struct Command {
    pub(crate) plugin: Callable,
}

/// A plugin, and what it may connect to here.
pub(crate) struct Callable {
    pub(crate) path: PathBuf,
    pub(crate) ready: Arc<Ready>,
    pub(crate) rules: Rules,
    /// As they are written, for people.
    pub(crate) targets: Vec<String>,
}

/// Something that is wrong with an entry, and in which line.
struct Mistake {
    line: u64,
    reason: String,
}

impl Config {
    /// Reads the file that the options name, and loads every plugin in it.
    pub(crate) async fn load(options: &Options, plugins: &Plugins) -> Result<Self> {
        let path = &options.serve.config_file;
        let text = std::fs::read_to_string(path).with_context(|| {
            format!(
                "{}: --config.file FILE names the configuration",
                path.display()
            )
        })?;
        let loaded = async { Self::check(File::parse(&text)?, options, plugins).await };
        loaded.await.map_err(|mistake: Mistake| match mistake.line {
            0 => anyhow!("{}: {}", path.display(), mistake.reason),
            line => anyhow!("{}, line {line}: {}", path.display(), mistake.reason),
        })
    }

    async fn check(file: File, options: &Options, plugins: &Plugins) -> Result<Self, Mistake> {
        let mut config = Self::default();
        for (name, entry) in file.modules {
            let checker = Checker::new("modules", &name, options, plugins);
            let module = checker.module(entry).await?;
            config.modules.insert(name, Arc::new(module));
        }
        for (name, entry) in file.commands {
            let checker = Checker::new("commands", &name, options, plugins);
            let command = checker.command(entry).await?;
            config.commands.insert(name, Arc::new(command));
        }
        if config.modules.is_empty() && config.commands.is_empty() {
            return Err(Mistake {
                line: 0,
                reason: "there are no modules and no commands in it".to_owned(),
            });
        }
        Ok(config)
    }
}
