//! The server to check: a name, an address, or the path of a Unix socket.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::misuse::Misuse;

/// The longest host name (RFC 1035 section 2.3.4).
const NAME_LIMIT: usize = 253;

/// The longest label of one.
const LABEL_LIMIT: usize = 63;

/// Which addresses of a name to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    #[default]
    Any,
    V4,
    V6,
}

/// The server to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// To be looked up.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A Unix socket.
    Path(String),
}

impl Host {
    /// The name to ask for in a TLS handshake (RFC 6066 section 3): addresses are never sent.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::V4(_) | Self::V6(_) | Self::Path(_) => None,
        }
    }

    /// Whether it can have an address of the family.
    #[must_use]
    pub fn suits(&self, family: Family) -> bool {
        !matches!(
            (self, family),
            (Self::V4(_), Family::V6) | (Self::V6(_), Family::V4)
        )
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) | Self::Path(text) => f.write_str(text),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => address.fmt(f),
        }
    }
}

/// Reads the value of an option of the kind `host`; an IPv6 address may stand in brackets.
pub fn parse(value: &str) -> Result<Host, Misuse> {
    if value.starts_with('/') {
        return Ok(Host::Path(value.to_owned()));
    }
    let bare = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(value).parse() {
        return Ok(Host::V6(address));
    }
    if let Ok(address) = value.parse() {
        return Ok(Host::V4(address));
    }
    if is_name(value) {
        return Ok(Host::Name(value.to_owned()));
    }
    Err(Misuse::invalid_host(value))
}

/// Reads the value of an option of the kind `domain`: a name, without a dot at its end.
#[must_use]
pub fn domain(value: &str) -> Option<String> {
    match parse(value) {
        Ok(Host::Name(name)) => Some(name.strip_suffix('.').unwrap_or(&name).to_owned()),
        _ => None,
    }
}

/// Whether a resolver could know it; what the name may contain is the resolver's affair.
fn is_name(value: &str) -> bool {
    let name = value.strip_suffix('.').unwrap_or(value);
    name.len() <= NAME_LIMIT
        && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "[]".contains(c))
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= LABEL_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_apart() {
        assert_eq!(parse("127.0.0.1"), Ok(Host::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(parse("::1"), Ok(Host::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(parse("[::1]"), Ok(Host::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(parse("/run/lmtp"), Ok(Host::Path("/run/lmtp".into())));
        for name in [
            "mx.example.org",
            "mx.example.org.",
            "_x",
            "fe80::1%eth0",
            "127.1",
        ] {
            assert_eq!(parse(name), Ok(Host::Name(name.into())));
        }
    }

    #[test]
    fn domains_are_names() {
        assert_eq!(domain("example.org."), Some("example.org".to_owned()));
        for bad in ["", ".", "192.0.2.1", "::1", "/run/lmtp", "a..b"] {
            assert_eq!(domain(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_no_resolver_could_know_is_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = vec!["a"; 128].join(".");
        for bad in [
            "",
            ".",
            "bad..name",
            ".a",
            "a b",
            "a\nb",
            &long_label,
            &long_name,
        ] {
            let message = format!("Invalid hostname/address - {bad}");
            assert_eq!(parse(bad).map_err(|misuse| misuse.message), Err(message));
        }
    }
}
