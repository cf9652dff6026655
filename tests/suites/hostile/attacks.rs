//! The attacks, as `plugins/attacks.toml` has them; what each entry means stands there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

use crate::listeners::Manner;

/// One attack, and what has to come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) plugin: String,
    #[serde(default)]
    pub(crate) patch: BTreeMap<String, String>,
    #[serde(default = "run")]
    pub(crate) command: String,
    #[serde(default)]
    pub(crate) bare: bool,
    #[serde(default)]
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) options: Vec<String>,
    pub(crate) policy: Option<String>,
    #[serde(default)]
    pub(crate) server: Manner,
    pub(crate) exit: Option<i32>,
    pub(crate) line: Option<String>,
    #[serde(default = "one")]
    pub(crate) lines: usize,
    #[serde(default)]
    pub(crate) metrics: usize,
    #[serde(default)]
    pub(crate) forbidden: Vec<String>,
    pub(crate) reached: Option<usize>,
    #[serde(default)]
    pub(crate) reached_other: usize,
    #[serde(default = "second")]
    pub(crate) within: f64,
    #[serde(default = "memory")]
    pub(crate) memory: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    attack: Vec<Attack>,
}

fn run() -> String {
    "run".to_owned()
}

fn one() -> usize {
    1
}

fn second() -> f64 {
    1.0
}

fn memory() -> u64 {
    64
}

/// The folder of the hostile plugins.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins")
}

/// All attacks, in their order.
pub(crate) fn load() -> io::Result<Vec<Attack>> {
    let path = folder().join("attacks.toml");
    let text = fs::read_to_string(&path)?;
    let file: File = toml::from_str(&text)
        .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
    Ok(file.attack)
}
