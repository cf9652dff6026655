//! Names, as the runtime resolves them.

use std::net::IpAddr;

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{ErrorCode, IpAddress};

use crate::bindings::exports::monitoring::plugin::sockets::Error;
use crate::{failure, wait};

/// The addresses of a host, in the resolver's order. An address needs no look-up, and no right to one.
pub(crate) fn addresses(host: &str, deadline: u64) -> Result<Vec<IpAddr>, Error> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let found = resolve_addresses(&instance_network(), host).map_err(failed)?;
    let mut addresses = Vec::new();
    loop {
        match found.resolve_next_address() {
            Ok(Some(address)) => addresses.push(plain(address)),
            Ok(None) => return Ok(addresses),
            Err(ErrorCode::WouldBlock) => wait::until(&found.subscribe(), deadline)?,
            Err(code) => return Err(failed(code)),
        }
    }
}

fn failed(code: ErrorCode) -> Error {
    match code {
        ErrorCode::NameUnresolvable | ErrorCode::InvalidArgument => {
            Error::NameNotFound("Name or service not known".to_owned())
        }
        // What wasmtime says when it may not look anything up.
        ErrorCode::PermanentResolverFailure => Error::NameNotFound(
            "the runtime looks up no names; to allow it: -S allow-ip-name-lookup".to_owned(),
        ),
        ErrorCode::TemporaryResolverFailure => {
            Error::NameNotFound("Temporary failure in name resolution".to_owned())
        }
        code => failure::of_socket(code),
    }
}

#[allow(clippy::many_single_char_names, reason = "the parts of an address")]
fn plain(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}
