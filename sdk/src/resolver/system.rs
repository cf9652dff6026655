//! The machine's own addresses of names, so that a plugin's tests can run without a host. Records of the
//! domain name system are not asked for here. Nothing of this is in a component.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use super::{Association, Exchange, LookUpError, Records};
use crate::host_name::Family;

#[allow(clippy::unnecessary_wraps, reason = "as in a component")]
pub(super) fn addresses(
    host: &str,
    family: Family,
    _: Duration,
) -> Result<Vec<String>, LookUpError> {
    let found = (host, 0).to_socket_addrs().into_iter().flatten();
    let suits = |address: &IpAddr| match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    let addresses = found.map(|address| address.ip()).filter(suits);
    Ok(addresses.map(|address| address.to_string()).collect())
}

pub(super) fn exchanges(_: &str, _: Duration) -> Result<Records<Exchange>, LookUpError> {
    Err(unsupported())
}

pub(super) fn associations(
    _: &str,
    _: u16,
    _: Duration,
) -> Result<Records<Association>, LookUpError> {
    Err(unsupported())
}

fn unsupported() -> LookUpError {
    LookUpError::NotSupported("a host looks records up, and there is none here".to_owned())
}
