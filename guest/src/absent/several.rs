//! In the place of several servers where there is one.

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::report::Report;

use crate::options::Options;

/// The one that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers;

impl Servers {
    pub(crate) fn take(&mut self, _: &str, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn check(&self, _: Option<&Host>) -> Result<(), Misuse> {
        Ok(())
    }

    pub(crate) fn host(&self) -> Option<(Host, String)> {
        None
    }
}

pub(crate) fn run(_: &[(String, Option<String>)], _: &Options) -> Option<Result<Report, Misuse>> {
    None
}
