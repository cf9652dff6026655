//! What the name service knows about the service being checked: its addresses, the mail exchangers of a
//! domain, TLSA records. A component imports those of these functions that it calls.

use std::fmt;
use std::time::Duration;

use crate::host_name::Family;

#[cfg(target_arch = "wasm32")]
use crate::component::look_up as system;
#[cfg(not(target_arch = "wasm32"))]
mod system;

/// Why there is no answer. Its `Display` is the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUpError {
    /// The host's policy does not allow it; the text says what would.
    AccessDenied(String),
    /// The host cannot do it; the text names what is missing.
    NotSupported(String),
    /// DNSSEC validation failed.
    Bogus(String),
    /// The time was used up.
    TimedOut,
    /// Anything else.
    Other(String),
}

impl fmt::Display for LookUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied(reason)
            | Self::NotSupported(reason)
            | Self::Bogus(reason)
            | Self::Other(reason) => reason,
            Self::TimedOut => "the time was used up",
        })
    }
}

impl std::error::Error for LookUpError {}

/// A host that takes mail for a domain (RFC 5321 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The lowest comes first.
    pub preference: u16,
    /// Its name, without a dot at the end; `.` alone where the domain takes no mail (RFC 7505).
    pub host: String,
}

/// A TLSA record (RFC 6698 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the RFC")]
pub struct Association {
    pub usage: u8,
    pub selector: u8,
    pub matching: u8,
    pub data: Vec<u8>,
}

/// Records, and whether DNSSEC validation vouches for them, or for there being none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records<T> {
    /// In the order in which they count.
    pub records: Vec<T>,
    /// Whether they were validated.
    pub secure: bool,
}

/// The addresses of a host, as [`connect`](crate::network::connect) would try them. None where there is
/// no such name, or no address of the family.
pub fn addresses(
    host: &str,
    family: Family,
    timeout: Duration,
) -> Result<Vec<String>, LookUpError> {
    system::addresses(host, family, timeout)
}

/// The MX records of a domain.
pub fn exchanges(domain: &str, timeout: Duration) -> Result<Records<Exchange>, LookUpError> {
    system::exchanges(domain, timeout)
}

/// The TLSA records of `_PORT._tcp.HOST`.
pub fn associations(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Records<Association>, LookUpError> {
    system::associations(host, port, timeout)
}
