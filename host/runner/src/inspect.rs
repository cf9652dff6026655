//! `sandcheck inspect`: what a component is and what it could reach, without a check being run.

mod facts;
mod text;

use anyhow::Result;
use sandcheck_system as system;

use self::facts::Facts;
use crate::arguments::{Format, Options};
use crate::json;

/// Shows what there is to know. Something that is no plugin is shown too, with the reason, and exit
/// code 3.
pub(crate) fn inspect(options: &Options) -> Result<u8> {
    let facts = Facts::gather(options)?;
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
