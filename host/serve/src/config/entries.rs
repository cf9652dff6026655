//! An entry of the file, checked against what its plugin says of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sandcheck::Rules;
use sandcheck::endpoint::Pattern;
use sandcheck::types::{Argument, Kind, Manifest, OptionSpec, State};
use sandcheck::{lend, secrets};
use sandcheck_probe::given::Given;
use sandcheck_runner::arguments::Options;
use sandcheck_runner::plugins::{Plugins, Ready};
use serde_saphyr::Spanned;

use super::file::{CommandEntry, ModuleEntry};
use super::{Callable, Command, Mistake, Module};
use crate::arguments;

/// A module may give its checks so much time.
const LONGEST: Duration = Duration::from_hours(24);

/// What is refused where no targets are named: whoever asks chooses what is connected to.
const NO_TARGETS: [&str; 2] = ["metadata", "unix:*"];

/// An entry, and what it is checked with.
pub(super) struct Checker<'a> {
    table: &'static str,
    name: &'a str,
    options: &'a Options,
    plugins: &'a Plugins,
}

impl<'a> Checker<'a> {
    /// For the entry of that name in `modules` or `commands`.
    pub(super) fn new(
        table: &'static str,
        name: &'a str,
        options: &'a Options,
        plugins: &'a Plugins,
    ) -> Self {
        Self {
            table,
            name,
            options,
            plugins,
        }
    }

    pub(super) async fn module(&self, entry: Spanned<ModuleEntry>) -> Result<Module, Mistake> {
        let (line, entry) = (entry.referenced.line(), entry.value);
        let plugin = self.callable(entry.plugin, &entry.targets).await?;
        let manifest = &plugin.ready.manifest;
        let host = self.endpoint(
            manifest,
            entry.host_option.as_ref(),
            "host_option",
            Kind::Host,
        )?;
        let host = host.ok_or_else(|| {
            let reason = "it has no option of the kind host that a target could be for";
            self.mistake(line, "plugin", reason)
        })?;
        let port = self.endpoint(
            manifest,
            entry.port_option.as_ref(),
            "port_option",
            Kind::Port,
        )?;
        let given = self.arguments(&plugin.ready, &entry.options, host).await?;
        if let Some(missing) = missing(manifest, &given, &host.name) {
            let reason = format!("the option '{missing}' is needed");
            return Err(self.mistake(line, "options", reason));
        }
        Ok(Module {
            name: self.name.to_owned(),
            arguments: given,
            host: host.name.clone(),
            port: port.map(|port| port.name.clone()),
            timeout: self.timeout(entry.timeout)?,
            success: self.success(entry.success)?,
            plugin,
        })
    }

    pub(super) async fn command(&self, entry: Spanned<CommandEntry>) -> Result<Command, Mistake> {
        let entry = entry.value;
        let plugin = self.callable(entry.plugin, &entry.targets).await?;
        Ok(Command { plugin })
    }

    fn mistake(&self, line: u64, key: &str, reason: impl fmt::Display) -> Mistake {
        let (table, name) = (self.table, self.name);
        Mistake {
            line,
            reason: format!("{table}.{name}.{key}: {reason}"),
        }
    }

    async fn callable(
        &self,
        plugin: Spanned<PathBuf>,
        targets: &[Spanned<String>],
    ) -> Result<Callable, Mistake> {
        let (line, path) = (plugin.referenced.line(), plugin.value);
        let ready = self.plugins.get(&path, self.options).await;
        let ready = ready.map_err(|reason| self.mistake(line, "plugin", reason))?;
        Ok(Callable {
            path,
            ready,
            rules: self.rules(targets)?,
            targets: targets.iter().map(|target| target.value.clone()).collect(),
        })
    }

    /// The operator's, and what these targets add to them.
    fn rules(&self, targets: &[Spanned<String>]) -> Result<Rules, Mistake> {
        let mut rules = self.options.policy.rules.clone();
        for target in targets {
            let pattern = Pattern::parse_with_classes(&target.value)
                .map_err(|error| self.mistake(target.referenced.line(), "targets", error))?;
            rules.targets.push(pattern);
        }
        if targets.is_empty() {
            let refused = NO_TARGETS.iter();
            let refused = refused.filter_map(|rule| Pattern::parse_with_classes(rule).ok());
            rules.deny.extend(refused);
        }
        Ok(rules)
    }

    /// The option that is named, or the first of that kind.
    fn endpoint<'m>(
        &self,
        manifest: &'m Manifest,
        named: Option<&Spanned<String>>,
        key: &str,
        kind: Kind,
    ) -> Result<Option<&'m OptionSpec>, Mistake> {
        let Some(name) = named else {
            return Ok(manifest.options.iter().find(|option| option.kind == kind));
        };
        let wrong = |reason| self.mistake(name.referenced.line(), key, reason);
        let option = arguments::named(manifest, &name.value).map_err(wrong)?;
        if option.kind != kind {
            let wanted = key.trim_end_matches("_option");
            let reason = format!("the option '{}' is not of the kind {wanted}", option.name);
            return Err(wrong(reason));
        }
        Ok(Some(option))
    }

    /// Each option is shown to the plugin alone, so that a mistake has its line.
    async fn arguments(
        &self,
        ready: &Ready,
        options: &BTreeMap<String, Spanned<Given>>,
        host: &OptionSpec,
    ) -> Result<Vec<Argument>, Mistake> {
        let mut all = Vec::new();
        for (name, value) in options {
            let added = option(ready, name, &value.value, host).await;
            let line = value.referenced.line();
            all.extend(added.map_err(|why| self.mistake(line, &format!("options.{name}"), why))?);
        }
        Ok(all)
    }

    fn timeout(&self, text: Option<Spanned<String>>) -> Result<Option<Duration>, Mistake> {
        let Some(text) = text else { return Ok(None) };
        let time = humantime::parse_duration(&text.value).ok();
        let time = time.filter(|time| !time.is_zero() && *time <= LONGEST);
        if time.is_some() {
            return Ok(time);
        }
        let reason = format!("'{}' is no time such as 5s or 1m30s, up to 24h", text.value);
        Err(self.mistake(text.referenced.line(), "timeout", reason))
    }

    fn success(&self, word: Option<Spanned<String>>) -> Result<State, Mistake> {
        let Some(word) = word else {
            return Ok(State::Ok);
        };
        match word.value.as_str() {
            "ok" => Ok(State::Ok),
            "warning" => Ok(State::Warning),
            other => {
                let reason =
                    format!("'{other}' is not ok or warning, the worst state that is a success");
                Err(self.mistake(word.referenced.line(), "success", reason))
            }
        }
    }
}

async fn option(
    ready: &Ready,
    name: &str,
    given: &Given,
    host: &OptionSpec,
) -> Result<Vec<Argument>, String> {
    let mut added = Vec::new();
    if secrets::companion(&ready.manifest, name).is_some() {
        added.push(arguments::companion(name, given)?);
    } else {
        let spec = arguments::named(&ready.manifest, name)?;
        if spec.name == host.name {
            return Err("the target gives it".to_owned());
        }
        arguments::add(&mut added, spec, given)?;
    }
    let mut instance = ready
        .plugin
        .instantiate()
        .await
        .map_err(|error| error.to_string())?;
    let manifest = &ready.manifest;
    let verdict = match lend::check(manifest, &added) {
        Err(unlendable) => Err(unlendable.misuse),
        // Files are read for each check, so that a certificate may be renewed.
        Ok(()) => instance
            .validate(&lend::plain(manifest, &added))
            .await
            .map_err(|error| error.to_string())?,
    };
    match verdict {
        Ok(()) => Ok(added),
        Err(misuse) => Err(match misuse.hint {
            Some(hint) => format!("{}; {hint}", misuse.message),
            None => misuse.message,
        }),
    }
}

fn missing<'a>(manifest: &'a Manifest, given: &[Argument], host: &str) -> Option<&'a str> {
    let is_given = |name: &str| {
        let mut meant = given.iter().map(|one| secrets::meant(manifest, one));
        name == host || meant.any(|meant| meant == name)
    };
    let mut needed = manifest.options.iter().filter(|option| option.required);
    let missing = needed.find(|option| !is_given(&option.name));
    missing.map(|option| option.name.as_str())
}
