//! `sandcheck generate`: what other programs have to know of a plugin, or of `sandcheck` itself, made of
//! its manifest, or of the help page: a manual page, completions for shells, command definitions for
//! monitoring systems.
//!
//! A manifest is a stranger's. Each form has a quoting of its own, beside what it writes; names have
//! been checked before ([`sandcheck::manifest`]), texts are made visible first.

mod bash;
mod definition;
mod fish;
mod icinga;
mod manual;
mod nagios;
mod own;
mod subject;
mod text;
mod zsh;

use std::path::{self, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sandcheck::types::Manifest;
use sandcheck::{EpochClock, Plugin, secrets};
use sandcheck_system as system;

use self::definition::Definition;
use self::subject::Subject;
use crate::arguments::Options;
use crate::load::{self, Source};
use crate::reference::Reference;

/// Everything that can be made, for completions.
const FORMS: [&str; 6] = ["man", "bash", "zsh", "fish", "icinga", "nagios"];

type Page = fn(&Subject) -> String;
type Form = fn(&Definition) -> String;

/// What can be made of whatever has options.
const PAGES: [(&str, Page); 4] = [
    ("man", manual::page),
    ("bash", bash::completion),
    ("zsh", zsh::completion),
    ("fish", fish::completion),
];

/// What can be made of a plugin only.
const DEFINITIONS: [(&str, Form); 2] = [
    ("icinga", icinga::definition),
    ("nagios", nagios::definition),
];

/// Writes it to standard output.
pub(crate) fn generate(options: &Options) -> Result<u8> {
    let what = options.plugin().display().to_string();
    let plugin = options.plugins.get(1).map(PathBuf::as_path);
    let text = if let Some(page) = find(&PAGES, &what) {
        page(&subject(plugin, options)?)
    } else if let Some(definition) = find(&DEFINITIONS, &what) {
        let plugin = plugin.with_context(|| {
            format!("{what} is made of a plugin: sandcheck generate {what} PLUGIN")
        })?;
        let command_line = command_line(plugin, options)?;
        let manifest = manifest(plugin, options)?;
        let name = options.name.as_deref();
        definition(&Definition::new(&manifest, &command_line, name)?)
    } else {
        let forms = FORMS.join(", ");
        bail!("'{what}' cannot be generated, only one of {forms}");
    };
    system::print(&text);
    Ok(0)
}

fn find<F: Copy>(forms: &[(&str, F)], what: &str) -> Option<F> {
    let form = forms.iter().find(|(name, _)| *name == what);
    form.map(|(_, make)| *make)
}

fn subject(plugin: Option<&Path>, options: &Options) -> Result<Subject> {
    ensure!(
        options.program.is_none() && options.name.is_none(),
        "--program and --name are for icinga and nagios"
    );
    match plugin {
        Some(plugin) => Ok(Subject::of_plugin(&manifest(plugin, options)?)),
        None => Ok(own::subject()),
    }
}

/// The words that a definition calls the plugin by, before those of the plugin itself.
fn command_line(plugin: &Path, options: &Options) -> Result<Vec<String>> {
    let words: Vec<PathBuf> = match &options.program {
        Some(program) => vec![program.into()],
        None => vec![
            std::env::current_exe().context("the path of this program")?,
            "run".into(),
            match Reference::of_plugin(plugin)? {
                Some(_) => plugin.to_owned(),
                None => path::absolute(plugin)?,
            },
            "--".into(),
        ],
    };
    let words = words.into_iter().map(|word| {
        let word = word.display().to_string();
        ensure!(
            definition::is_plain(&word),
            "'{word}' cannot stand in a definition: use a path of letters, digits and / . _ - + @ : only"
        );
        Ok(word)
    });
    words.collect()
}

/// What the plugin says of itself, with what the host has for its secrets.
fn manifest(plugin: &Path, options: &Options) -> Result<Manifest> {
    let name = || plugin.display().to_string();
    let mut source = Source::open(plugin, options)?;
    let limits = options.policy.limits.clone();
    let engine = load::engine(limits.stack)?;
    system::advance_epochs(vec![engine.clone()]);
    let loaded = load::component(&engine, &mut source, &limits, options.cache.as_deref())?;
    let manifest = if let Some(manifest) = loaded.manifest.clone() {
        manifest
    } else {
        let plugin =
            Plugin::new(&loaded.component, limits, EpochClock::Caller).with_context(name)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let manifest = runtime.block_on(async { plugin.instantiate().await?.describe().await });
        let manifest = manifest.with_context(name)?;
        loaded.remember(&source, &manifest);
        manifest
    };
    ensure!(
        manifest
            .name
            .starts_with(|c: char| c.is_ascii_alphanumeric()),
        "{}: '{}' is no name of a command that a shell could call",
        name(),
        manifest.name
    );
    Ok(secrets::with_companions(&manifest))
}
