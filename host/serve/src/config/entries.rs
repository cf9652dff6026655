//! An entry of the file, checked against what its plugin says of itself.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sandcheck::Rules;
use sandcheck::endpoint::Pattern;
use sandcheck::types::{Argument, Kind, Manifest, OptionSpec, State};
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

pub(super) async fn module(
    name: &str,
    entry: Spanned<ModuleEntry>,
    options: &Options,
    plugins: &Plugins,
) -> Result<Module, Mistake> {
    let place = entry.referenced.line();
    let entry = entry.value;
    let within = |key: &str| format!("modules.{name}.{key}");
    let plugin = callable(
        name,
        "modules",
        entry.plugin,
        &entry.targets,
        options,
        plugins,
    )
    .await?;
    let manifest = &plugin.ready.manifest;
    let host = endpoint(
        manifest,
        entry.host_option.as_ref(),
        Kind::Host,
        &within("host_option"),
    )?;
    let Some(host) = host else {
        let plugin = &manifest.name;
        return Err(at(
            place,
            &within("plugin"),
            format!("{plugin} has no option of the kind host that a target could be for"),
        ));
    };
    let port = endpoint(
        manifest,
        entry.port_option.as_ref(),
        Kind::Port,
        &within("port_option"),
    )?;
    let mut given = Vec::new();
    for (option, value) in &entry.options {
        let (line, key) = (
            value.referenced.line(),
            within(&format!("options.{option}")),
        );
        let spec = arguments::named(manifest, option).map_err(|reason| at(line, &key, reason))?;
        if spec.name == host.name {
            return Err(at(line, &key, "the target gives it"));
        }
        let mut added = Vec::new();
        arguments::add(&mut added, spec, &value.value).map_err(|reason| at(line, &key, reason))?;
        validate(&plugin.ready, &added)
            .await
            .map_err(|reason| at(line, &key, reason))?;
        given.extend(added);
    }
    if let Some(missing) = missing(manifest, &given, &host.name) {
        return Err(at(
            place,
            &within("options"),
            format!("the option '{missing}' is needed"),
        ));
    }
    let (host, port) = (host.name.clone(), port.map(|port| port.name.clone()));
    Ok(Module {
        name: name.to_owned(),
        arguments: given,
        host,
        port,
        timeout: entry
            .timeout
            .map(|time| timeout(&time, &within("timeout")))
            .transpose()?,
        success: entry
            .success
            .map_or(Ok(State::Ok), |word| success(&word, &within("success")))?,
        plugin,
    })
}

pub(super) async fn command(
    name: &str,
    entry: Spanned<CommandEntry>,
    options: &Options,
    plugins: &Plugins,
) -> Result<Command, Mistake> {
    let entry = entry.value;
    let plugin = callable(
        name,
        "commands",
        entry.plugin,
        &entry.targets,
        options,
        plugins,
    )
    .await?;
    Ok(Command { plugin })
}

fn at(line: u64, key: &str, reason: impl fmt::Display) -> Mistake {
    Mistake {
        line,
        reason: format!("{key}: {reason}"),
    }
}

async fn callable(
    name: &str,
    table: &str,
    plugin: Spanned<PathBuf>,
    targets: &[Spanned<String>],
    options: &Options,
    plugins: &Plugins,
) -> Result<Callable, Mistake> {
    let (line, path) = (plugin.referenced.line(), plugin.value);
    let ready = plugins.get(&path, options).await;
    let ready = ready.map_err(|reason| at(line, &format!("{table}.{name}.plugin"), reason))?;
    let rules = rules(targets, options, &format!("{table}.{name}.targets"))?;
    Ok(Callable {
        path,
        ready,
        rules,
        targets: targets.iter().map(|target| target.value.clone()).collect(),
    })
}

/// The operator's, and what these targets add to them.
fn rules(targets: &[Spanned<String>], options: &Options, key: &str) -> Result<Rules, Mistake> {
    let mut rules = options.policy.rules.clone();
    for target in targets {
        let pattern = Pattern::parse_with_classes(&target.value);
        let pattern = pattern.map_err(|error| at(target.referenced.line(), key, error))?;
        rules.targets.push(pattern);
    }
    if targets.is_empty() {
        rules.deny.extend(
            NO_TARGETS
                .iter()
                .filter_map(|rule| Pattern::parse_with_classes(rule).ok()),
        );
    }
    Ok(rules)
}

/// The option that is named, or the first of that kind.
fn endpoint<'a>(
    manifest: &'a Manifest,
    named: Option<&Spanned<String>>,
    kind: Kind,
    key: &str,
) -> Result<Option<&'a OptionSpec>, Mistake> {
    let Some(name) = named else {
        return Ok(manifest.options.iter().find(|option| option.kind == kind));
    };
    let wrong = |reason| at(name.referenced.line(), key, reason);
    let option = arguments::named(manifest, &name.value).map_err(wrong)?;
    if option.kind != kind {
        let wanted = if kind == Kind::Host { "host" } else { "port" };
        return Err(wrong(format!(
            "the option '{}' is not of the kind {wanted}",
            option.name
        )));
    }
    Ok(Some(option))
}

/// By the plugin itself, each option alone so that the mistake has a line.
async fn validate(ready: &Ready, given: &[Argument]) -> Result<(), String> {
    let mut instance = ready
        .plugin
        .instantiate()
        .await
        .map_err(|error| error.to_string())?;
    let verdict = instance
        .validate(given)
        .await
        .map_err(|error| error.to_string())?;
    verdict.map_err(|misuse| match misuse.hint {
        Some(hint) => format!("{}; {hint}", misuse.message),
        None => misuse.message,
    })
}

fn missing<'a>(manifest: &'a Manifest, given: &[Argument], host: &str) -> Option<&'a str> {
    let is_given = |name: &str| name == host || given.iter().any(|argument| argument.name == name);
    let mut needed = manifest.options.iter().filter(|option| option.required);
    needed
        .find(|option| !is_given(&option.name))
        .map(|option| option.name.as_str())
}

fn timeout(text: &Spanned<String>, key: &str) -> Result<Duration, Mistake> {
    let time = humantime::parse_duration(&text.value).ok();
    let time = time.filter(|time| !time.is_zero() && *time <= LONGEST);
    time.ok_or_else(|| {
        let reason = format!("'{}' is no time such as 5s or 1m30s, up to 24h", text.value);
        at(text.referenced.line(), key, reason)
    })
}

fn success(word: &Spanned<String>, key: &str) -> Result<State, Mistake> {
    match word.value.as_str() {
        "ok" => Ok(State::Ok),
        "warning" => Ok(State::Warning),
        other => {
            let reason =
                format!("'{other}' is not ok or warning, the worst state that is a success");
            Err(at(word.referenced.line(), key, reason))
        }
    }
}
