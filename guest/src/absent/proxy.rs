//! In the place of the PROXY protocol with chosen addresses where there is none.

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;

/// Nothing.
#[derive(Debug, Default)]
pub(crate) struct Given;

impl Given {
    pub(crate) fn take(&mut self, _: &str, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn resolve(&self, _: &Host, _: u16) -> Result<Option<Vec<u8>>, Misuse> {
        Ok(None)
    }
}
