//! The contract's `sockets` for runtimes that know only WASI 0.2: TCP by `wasi:sockets`, within what
//! the command line names and within the time budget, as every host does it. Unix sockets are not in
//! WASI, so they are not supported.
//!
//! A runtime that lends `wasi:sockets` lends all of the network. What the plugin reaches is still only
//! what was granted: it has no sockets but these.

#![cfg(target_family = "wasm")]

mod connection;
mod failure;
mod look_up;
mod resolver;
mod run;
mod wait;

#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::pedantic
)]
mod bindings {
    wit_bindgen::generate!({
        world: "sandcheck:command/adapter",
        path: ["../../../wit", "../wit"],
        generate_all,
    });

    use super::Adapter;
    export!(Adapter);
}

use std::net::IpAddr;

use sandcheck_contract::grants::{Endpoint, Grants, Rules};
use wasip2::clocks::monotonic_clock;

use crate::bindings::exports::monitoring::plugin::sockets::{Connection, Error, Family, Guest};
use crate::bindings::exports::sandcheck::command::reach;
use crate::connection::Open;
use crate::run::Run;

/// What is exported.
struct Adapter;

impl reach::Guest for Adapter {
    fn grant(named: Vec<reach::Endpoint>, source: Option<String>, budget: u64) {
        let named = named.into_iter().map(|endpoint| match endpoint {
            reach::Endpoint::Tcp((host, port)) => Endpoint::Tcp { host, port },
            reach::Endpoint::Unix(path) => Endpoint::Unix { path },
        });
        let source = source.and_then(|source| source.parse().ok());
        let grants = Grants::new(named.collect(), Rules::default()).from(source);
        run::begin(Run::new(
            grants,
            monotonic_clock::now().saturating_add(budget),
        ));
    }

    fn refused() -> Option<String> {
        run::with(|run| run.refusal.as_ref().map(ToString::to_string))
    }
}

impl Guest for Adapter {
    type Connection = Open;

    fn connect_tcp(
        host: String,
        port: u16,
        family: Family,
        timeout: u64,
    ) -> Result<Connection, Error> {
        let deadline = run::with(|run| {
            run.count_connect()?;
            run.check(|grants| grants.allow_host(&host, port))?;
            Ok(run.deadline(timeout))
        })?;
        let mut addresses = resolver::addresses(&host, deadline)?;
        addresses.retain(|address| suits(*address, family));
        let addresses = run::with(|run| run.allowed(&host, port, addresses))?;
        let source = run::with(|run| run.source());
        connect_first(&addresses, port, source, deadline).map(Connection::new)
    }

    fn connect_unix(path: String, _: u64) -> Result<Connection, Error> {
        run::with(|run| run.check(|grants| grants.allow_unix(&path)))?;
        Err(Error::NotSupported)
    }
}

/// Tries the addresses in turn; the last failure is the one that counts.
fn connect_first(
    addresses: &[IpAddr],
    port: u16,
    source: Option<IpAddr>,
    deadline: u64,
) -> Result<Open, Error> {
    let mut failure = Error::NameNotFound("no address of that family".to_owned());
    for address in addresses {
        match Open::connect(*address, port, source, deadline) {
            Err(Error::TimedOut) => return Err(Error::TimedOut),
            Err(error) => failure = error,
            open => return open,
        }
    }
    Err(failure)
}

fn suits(address: IpAddr, family: Family) -> bool {
    match family {
        Family::Any => true,
        Family::Ipv4 => address.is_ipv4(),
        Family::Ipv6 => address.is_ipv6(),
    }
}
