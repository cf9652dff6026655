//! `sandcheck inspect`: what a component is and what it could reach, without a check being run.

pub(crate) mod facts;
mod text;

use anyhow::Result;
use sandcheck_system as system;

use self::facts::Facts;
use crate::arguments::{Format, Options};
use crate::json;
use crate::load::{self, Source};

/// Shows what there is to know. Something that is no plugin is shown too, with the reason, and exit
/// code 3.
pub(crate) fn inspect(options: &Options) -> Result<u8> {
    let mut source = Source::open(options.plugin(), options)?;
    let engine = load::engine(options.policy.limits.stack)?;
    system::advance_epochs(vec![engine.clone()]);
    let name = options.plugin().display().to_string();
    let facts = Facts::gather(name, &mut source, options, &engine)?;
    let shown = match options.format {
        Format::Text => text::page(&facts),
        Format::Json => json::visible(serde_json::to_string_pretty(&facts)?) + "\n",
    };
    system::print(&shown);
    Ok(if facts.problems.is_empty() {
        0
    } else {
        crate::UNKNOWN
    })
}
