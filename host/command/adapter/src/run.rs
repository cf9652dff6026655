//! The one run of this instance: what it may reach, until when, and what had to be refused.

use std::cell::RefCell;
use std::net::IpAddr;

use sandcheck_contract::grants::{Grants, Refusal};
use wasip2::clocks::monotonic_clock;

use crate::bindings::exports::monitoring::plugin::sockets::Error;

/// Connections that a run may ask for, as with `sandcheck`.
const CONNECTS: u32 = 32;

/// Before it begins, nothing is granted and no time is left.
#[derive(Default)]
pub(crate) struct Run {
    grants: Grants,
    /// On the monotonic clock, in nanoseconds.
    end: u64,
    connects: u32,
    pub(crate) refusal: Option<Refusal>,
}

thread_local! {
    static RUN: RefCell<Run> = RefCell::default();
}

pub(crate) fn begin(run: Run) {
    RUN.set(run);
}

/// Calls do not overlap: a component has one thread, and nothing here calls the plugin.
pub(crate) fn with<T>(work: impl FnOnce(&mut Run) -> T) -> T {
    RUN.with_borrow_mut(work)
}

impl Run {
    pub(crate) fn new(grants: Grants, end: u64) -> Self {
        Self {
            grants,
            end,
            ..Self::default()
        }
    }

    pub(crate) fn count_connect(&mut self) -> Result<(), Error> {
        self.connects += 1;
        if self.connects > CONNECTS {
            return Err(Error::Other(format!("more than {CONNECTS} connections")));
        }
        Ok(())
    }

    /// The address that connections are made from, if that matters.
    pub(crate) fn source(&self) -> Option<IpAddr> {
        self.grants.source()
    }

    /// When a connection's time is used up: never later than the whole run's.
    pub(crate) fn deadline(&self, timeout: u64) -> u64 {
        monotonic_clock::now().saturating_add(timeout).min(self.end)
    }

    /// Tells the plugin, and remembers it: what such a plugin reports is not shown.
    pub(crate) fn check(
        &mut self,
        check: impl FnOnce(&Grants) -> Result<(), Refusal>,
    ) -> Result<(), Error> {
        check(&self.grants).map_err(|refusal| self.refuse(refusal))
    }

    /// The addresses that may be connected to. None at all is a failure.
    pub(crate) fn allowed(
        &mut self,
        host: &str,
        port: u16,
        addresses: Vec<IpAddr>,
    ) -> Result<Vec<IpAddr>, Error> {
        let addresses = self.grants.reachable(addresses, IpAddr::is_ipv4);
        let addresses = addresses.map_err(Error::Unreachable)?;
        let permitted = self
            .grants
            .permitted(host, addresses, |address| (*address, port));
        permitted.map_err(|refusal| self.refuse(refusal))
    }

    fn refuse(&mut self, refusal: Refusal) -> Error {
        let error = Error::AccessDenied(refusal.to_string());
        self.refusal.get_or_insert(refusal);
        error
    }
}
