//! In the place of what is asked of TLS where that is left out.

use std::convert::Infallible;
use std::io::{Read, Write};

use sandcheck_plugin::certificate::Lifetime;
use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::{Finding, State};
use sandcheck_plugin::tls::TlsError;

use crate::dialogue::Session;
use crate::options::{Options, Security};
use crate::wire::Wire;

/// There are none.
pub(crate) type Terms = Infallible;

#[derive(Default)]
pub(crate) struct Given;

impl Given {
    pub(crate) fn take(&mut self, _: &str, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn resolve(self, _: &Host, _: Security, _: bool) -> Result<Option<Terms>, Misuse> {
        Ok(None)
    }
}

pub(crate) fn secure<S: Read + Write>(
    wire: &mut Wire<S>,
    options: &Options,
) -> Result<(), TlsError> {
    wire.secure(options.host.name())
}

pub(crate) fn rejection(_: &TlsError, _: &Options) -> Option<Finding> {
    None
}

pub(crate) fn check_chain<S: Read + Write>(_: &mut Session<'_, S>, _: Lifetime) {}

#[cfg(feature = "tls")]
pub(crate) fn tell_refusal<S: Read + Write>(session: &mut Session<'_, S>, state: State) {
    if let Some(alert) = session.refusal() {
        session.find(state, &TlsError::Refused(alert).to_string());
    }
}

#[cfg(not(feature = "tls"))]
pub(crate) fn tell_refusal<S: Read + Write>(_: &mut Session<'_, S>, _: State) {}
