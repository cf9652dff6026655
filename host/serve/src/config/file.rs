//! The file as it is written, in YAML.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sandcheck_probe::given::Given;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Mistake;
use crate::yaml;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) modules: BTreeMap<String, Spanned<ModuleEntry>>,
    pub(super) commands: BTreeMap<String, Spanned<CommandEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModuleEntry {
    pub(super) plugin: Spanned<PathBuf>,
    #[serde(default)]
    pub(super) options: BTreeMap<String, Spanned<Given>>,
    pub(super) timeout: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) targets: Vec<Spanned<String>>,
    pub(super) success: Option<Spanned<String>>,
    pub(super) host_option: Option<Spanned<String>>,
    pub(super) port_option: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandEntry {
    pub(super) plugin: Spanned<PathBuf>,
    #[serde(default)]
    pub(super) targets: Vec<Spanned<String>>,
}

impl File {
    pub(super) fn parse(text: &str) -> Result<Self, Mistake> {
        yaml::parse(text).map_err(|(line, reason)| Mistake { line, reason })
    }
}
