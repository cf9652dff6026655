//! What is known about a component: from its file, from its types, and from itself.

use std::collections::BTreeMap;

use anyhow::Result;
use sandcheck::limits::ENTRIES;
use sandcheck::types::{Kind, Manifest, OptionSpec};
use sandcheck::{EpochClock, Limits, Plugin, PluginError, RunError, lend, secrets, world};
use serde::Serialize;
use wasmparser::{
    ComponentName, ComponentNameSectionReader, CustomSectionReader, KnownCustom, Parser, Payload,
};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::arguments::Options;
use crate::cache::sha256;
use crate::load::{self, Source};

/// Everything. Its JSON form is documented in `docs/sandcheck.md`.
#[derive(Serialize)]
pub(crate) struct Facts {
    pub(crate) file: String,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) sha256: String,
    /// Whether it fits the world and says what it is.
    pub(crate) plugin: bool,
    /// Why it is no plugin.
    pub(crate) problems: Vec<String>,
    pub(crate) metadata: BTreeMap<&'static str, String>,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) reach: Reach,
    pub(crate) lent: Lent,
    pub(crate) manifest: Option<ManifestFacts>,
    /// Names and values as a policy has them.
    pub(crate) limits: BTreeMap<&'static str, String>,
}

/// What it could ever ask for, whatever its arguments.
#[derive(Default, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Reach {
    pub(crate) tcp: bool,
    pub(crate) unix: bool,
    pub(crate) addresses: bool,
    pub(crate) exchanges: bool,
    pub(crate) associations: bool,
    pub(crate) clocks: bool,
    pub(crate) randomness: bool,
}

/// What the host would read for it when its command line asks for that, by the names of options.
#[derive(Default, Serialize)]
pub(crate) struct Lent {
    /// Contents of files.
    pub(crate) files: Vec<String>,
    /// Contents of files of trust anchors.
    pub(crate) anchors: Vec<String>,
    /// The machine's own trust anchors.
    pub(crate) system_anchors: Vec<String>,
    /// The host's own options for secrets: a line of a file, a variable of the environment.
    pub(crate) secrets: Vec<String>,
}

/// What it says about itself.
#[derive(Serialize)]
pub(crate) struct ManifestFacts {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) word: Option<String>,
    pub(crate) options: Vec<OptionFacts>,
}

#[derive(Serialize)]
pub(crate) struct OptionFacts {
    pub(crate) name: String,
    pub(crate) short: Option<char>,
    pub(crate) aliases: Vec<String>,
    pub(crate) kind: &'static str,
    pub(crate) placeholder: String,
    pub(crate) required: bool,
    pub(crate) repeatable: bool,
    pub(crate) default: Option<String>,
    pub(crate) implies: BTreeMap<String, Option<String>>,
    pub(crate) help: String,
}

impl Facts {
    /// About a plugin that is called `file`. The engine's epoch is advanced by the caller.
    pub(crate) fn gather(
        file: String,
        source: &mut Source,
        options: &Options,
        engine: &Engine,
    ) -> Result<Self> {
        let limits = &options.policy.limits;
        let bytes = source.read()?;
        let mut facts = Self {
            file,
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
            plugin: false,
            problems: Vec::new(),
            metadata: metadata(&bytes),
            imports: Vec::new(),
            exports: Vec::new(),
            reach: Reach::default(),
            lent: Lent::default(),
            manifest: None,
            limits: ENTRIES
                .iter()
                .map(|entry| (entry.name, entry.show(limits)))
                .collect(),
        };
        match load::component(engine, source, limits, options.cache.as_deref()) {
            Ok(loaded) => facts.add_types(&loaded.component, limits)?,
            Err(error) => facts.problems.push(format!("{error:#}")),
        }
        facts.plugin = facts.problems.is_empty();
        Ok(facts)
    }

    fn add_types(&mut self, component: &Component, limits: &Limits) -> Result<()> {
        let engine = component.engine();
        let types = component.component_type();
        for (name, item) in types.imports(engine) {
            self.imports.push(name.to_owned());
            if let ComponentItem::ComponentInstance(instance) = item.ty {
                let functions: Vec<_> = instance.exports(engine).map(|(name, _)| name).collect();
                self.reach.add(name, &functions);
            }
        }
        self.exports = types
            .exports(engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        match Plugin::new(component, limits.clone(), EpochClock::Caller) {
            Ok(plugin) => match describe(&plugin)? {
                Ok(manifest) => {
                    self.lent = (&manifest).into();
                    self.manifest = Some((&manifest).into());
                }
                Err(error) => self.problems.push(error.to_string()),
            },
            Err(PluginError::Misfit(misfits)) => {
                self.problems
                    .extend(misfits.iter().map(world::Misfit::to_string));
            }
            Err(error) => self.problems.push(error.to_string()),
        }
        Ok(())
    }
}

impl Reach {
    fn add(&mut self, interface: &str, functions: &[&str]) {
        if interface.starts_with("monitoring:plugin/sockets@") {
            self.tcp |= functions.contains(&"connect-tcp");
            self.unix |= functions.contains(&"connect-unix");
        }
        if interface.starts_with("monitoring:plugin/resolver@") {
            self.addresses |= functions.contains(&"lookup-addresses");
            self.exchanges |= functions.contains(&"lookup-exchanges");
            self.associations |= functions.contains(&"lookup-associations");
        }
        self.clocks |= interface.starts_with("wasi:clocks/");
        self.randomness |= interface.starts_with("wasi:random/");
    }
}

fn describe(plugin: &Plugin) -> Result<Result<Manifest, RunError>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(async { plugin.instantiate().await?.describe().await }))
}

/// Sections of text that tools such as `wasm-tools metadata add` write.
const TEXTS: [&str; 7] = [
    "version",
    "description",
    "authors",
    "licenses",
    "source",
    "homepage",
    "revision",
];

/// What the file says about itself. Nobody vouches for it.
pub(crate) fn metadata(bytes: &[u8]) -> BTreeMap<&'static str, String> {
    let mut metadata = BTreeMap::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ComponentSection { .. } | Payload::ModuleSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth -= 1,
            Ok(Payload::CustomSection(section)) if depth == 0 => {
                metadata.extend(entry(&section));
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    metadata
}

fn entry(section: &CustomSectionReader) -> Option<(&'static str, String)> {
    if let KnownCustom::ComponentName(names) = section.as_known() {
        return component_name(names).map(|name| ("name", name));
    }
    let name = TEXTS.iter().find(|name| **name == section.name())?;
    Some((name, String::from_utf8_lossy(section.data()).into_owned()))
}

fn component_name(names: ComponentNameSectionReader) -> Option<String> {
    names.into_iter().find_map(|name| match name {
        Ok(ComponentName::Component { name, .. }) => Some(name.to_owned()),
        _ => None,
    })
}

impl From<&Manifest> for ManifestFacts {
    fn from(manifest: &Manifest) -> Self {
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            summary: manifest.summary.clone(),
            description: manifest.description.clone(),
            word: manifest.word.clone(),
            options: manifest.options.iter().map(OptionFacts::from).collect(),
        }
    }
}

impl From<&Manifest> for Lent {
    fn from(manifest: &Manifest) -> Self {
        let named = |is_meant: &dyn Fn(&OptionSpec) -> bool| {
            let options = manifest.options.iter().filter(|option| is_meant(option));
            options.map(|option| option.name.clone()).collect()
        };
        let of_kind = |kind| named(&|option| option.kind == kind);
        Self {
            files: of_kind(Kind::File),
            anchors: of_kind(Kind::Anchors),
            system_anchors: named(&|option| lend::implies_anchors(manifest, option)),
            secrets: companions(manifest),
        }
    }
}

/// The options that the host has for the plugin's secrets.
fn companions(manifest: &Manifest) -> Vec<String> {
    let options = secrets::with_companions(manifest).options.into_iter();
    let names = options.map(|option| option.name);
    names
        .filter(|name| secrets::companion(manifest, name).is_some())
        .collect()
}

impl From<&OptionSpec> for OptionFacts {
    fn from(option: &OptionSpec) -> Self {
        let implies = option.implies.iter();
        Self {
            name: option.name.clone(),
            short: option.short,
            aliases: option.aliases.clone(),
            kind: kind(option.kind),
            placeholder: option.placeholder.clone(),
            required: option.required,
            repeatable: option.repeatable,
            default: option.default.clone(),
            implies: implies
                .map(|given| (given.name.clone(), given.value.clone()))
                .collect(),
            help: option.help.clone(),
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Duration => "duration",
        Kind::Range => "range",
        Kind::Host => "host",
        Kind::Port => "port",
        Kind::Secret => "secret",
        Kind::Timeout => "timeout",
        Kind::Nodename => "nodename",
        Kind::File => "file",
        Kind::Anchors => "anchors",
        Kind::Output => "output",
        Kind::Source => "source",
        Kind::Domain => "domain",
    }
}
