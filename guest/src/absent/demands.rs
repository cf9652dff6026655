//! In the place of the demands where there are none.

use std::io::{Read, Write};

use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::State;

use crate::dialogue::{Session, Stop};
use crate::options::{Options, Protocol, Security};
use crate::reply::Reply;

/// None.
#[derive(Debug, Default)]
pub struct Demands;

impl Demands {
    pub(crate) fn take(&mut self, _: &str, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn check(&self, _: Protocol, _: Security, _: bool) -> Result<(), Misuse> {
        Ok(())
    }

    pub(crate) fn is_any(&self) -> bool {
        false
    }

    pub(crate) fn needs_ehlo(&self) -> bool {
        false
    }

    pub(crate) fn needs_transaction(&self) -> bool {
        false
    }

    pub(crate) fn mail_parameters(&self) -> &'static str {
        ""
    }

    pub(crate) fn judge(&self, _: &Reply) -> (State, String) {
        (State::Warning, String::new())
    }

    pub(crate) fn minds(&self, _: &Reply) -> bool {
        false
    }
}

pub(crate) fn falls_back(_: &Options, _: &Reply) -> bool {
    false
}

pub(crate) fn check_clear_offers<S: Read + Write>(_: &mut Session<'_, S>, _: &Reply) {}

pub(crate) fn check_offers<S: Read + Write>(_: &mut Session<'_, S>, _: &Reply) -> bool {
    true
}

pub(crate) fn recipients<S: Read + Write>(_: &mut Session<'_, S>) -> Result<bool, Stop> {
    Ok(true)
}
