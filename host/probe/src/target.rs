//! What a scrape is about: `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.

use std::fmt;
use std::net::Ipv6Addr;

/// The longest name of a host, in bytes (RFC 1035 section 2.3.4).
const NAME_LIMIT: usize = 255;

/// A host, and perhaps a port of it. Paths of Unix sockets are no targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an address, without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: Option<u16>,
}

/// Why a text is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// The port is none.
    Port,
    /// The host is neither a name nor an address.
    Host,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Port => "the port of the target is no number from 1 to 65535",
            Self::Host => {
                "the target is not HOST, HOST:PORT or [IPV6]:PORT, with a name or an address"
            }
        })
    }
}

impl std::error::Error for TargetError {}

impl Target {
    /// Reads a target.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        // `http://host/`, or a path.
        if text.contains('/') {
            return Err(TargetError::Host);
        }
        let (host, port) = split(text)?;
        if !is_host(host) {
            return Err(TargetError::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.map(parse_port).transpose()?,
        })
    }
}

/// Host and port, without brackets.
fn split(text: &str) -> Result<(&str, Option<&str>), TargetError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, behind) = rest.split_once(']').ok_or(TargetError::Host)?;
        if !is_ipv6(host) {
            return Err(TargetError::Host);
        }
        if behind.is_empty() {
            return Ok((host, None));
        }
        let port = behind.strip_prefix(':').ok_or(TargetError::Host)?;
        return Ok((host, Some(port)));
    }
    if is_ipv6(text) {
        return Ok((text, None));
    }
    Ok(match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

fn is_host(host: &str) -> bool {
    let is_in_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = !host.is_empty() && !host.starts_with('-') && host.chars().all(is_in_a_name);
    host.len() <= NAME_LIMIT && (is_name || is_ipv6(host))
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_number && *port > 0);
    port.ok_or(TargetError::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (text, host, port) in [
            ("mx.example.org", "mx.example.org", None),
            ("mx:25", "mx", Some(25)),
            ("192.0.2.1:587", "192.0.2.1", Some(587)),
            ("[2001:db8::1]:25", "2001:db8::1", Some(25)),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("2001:db8::1", "2001:db8::1", None),
            ("b\u{fc}ro.example:1", "b\u{fc}ro.example", Some(1)),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_target() {
        for text in ["mx:", "mx:0", "mx:65536", "mx:+1", "mx:25:25", "[::1]:x"] {
            assert_eq!(Target::parse(text), Err(TargetError::Port), "{text}");
        }
        for text in [
            "",
            ":25",
            "-H",
            "/run/socket",
            "tcp://mx:25",
            "a b",
            "a\nb",
            "[mx]:25",
            "[::1",
            "[::1]25",
            "fe80::1%eth0",
            "a@b",
            &"x".repeat(256),
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
