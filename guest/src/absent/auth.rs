//! In the place of logins where there are none.

use std::convert::Infallible;
use std::io::{Read, Write};

use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::Finding;

use crate::dialogue::{Session, Stop};
use crate::options::Security;
use crate::reply::Reply;

/// A login, of which there is none.
#[derive(Clone)]
pub struct Login(Infallible);

#[derive(Default)]
pub(crate) struct Given;

impl Given {
    pub(crate) fn take(&mut self, _: &str, _: &str) -> Option<Result<(), Misuse>> {
        None
    }

    pub(crate) fn is_wanted(&self) -> bool {
        false
    }

    pub(crate) fn resolve(self, _: Security) -> Result<Option<Login>, Misuse> {
        Ok(None)
    }
}

pub(crate) fn log_in<S: Read + Write>(
    _: &mut Session<'_, S>,
    login: &Login,
    _: &Reply,
) -> Result<(Option<Finding>, bool), Stop> {
    match login.0 {}
}
