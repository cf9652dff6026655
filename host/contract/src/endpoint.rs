//! Endpoints, and the patterns that policies name them by.
//!
//! `tcp://HOST:PORTS` and `unix:PATH`. The host is a name, `*.suffix`, `*`, an address or a network
//! (`10.0.0.0/8`, `[fd00::]/8`); the ports are numbers and ranges with commas between them, `*` for
//! all. The path is absolute, `/folder/*` for all below a folder, `*` for all.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The forms that are accepted, for messages.
const FORMS: &str = "tcp://HOST:PORT with a name, *.suffix, an address or a network as HOST and \
                     25, 25,587 or 1-1023 as PORT; or unix:/path";

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}': {}; accepted: {FORMS}", self.text, self.reason)
    }
}

impl std::error::Error for PatternError {}

/// What a rule of a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    original: String,
    target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Tcp { host: HostPattern, ports: Ports },
    Unix(PathPattern),
    Class(Class),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// With the dot in front.
    Suffix(String),
    Name(String),
    Net(IpNet),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PathPattern {
    Any,
    /// With the slash at its end.
    Below(String),
    Exact(String),
}

/// A kind of addresses that has a word of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Whatever the public internet does not lead to.
    Private,
    /// This machine.
    Loopback,
    /// This link.
    LinkLocal,
    /// Where clouds tell a machine its secrets.
    Metadata,
}

impl Pattern {
    /// A rule that may use the words for kinds of addresses too.
    pub fn parse_with_classes(text: &str) -> Result<Self, PatternError> {
        let class = match text {
            "private" => Class::Private,
            "loopback" => Class::Loopback,
            "link-local" => Class::LinkLocal,
            "metadata" => Class::Metadata,
            _ => return Self::parse(text),
        };
        Ok(Self {
            original: text.to_owned(),
            target: Target::Class(class),
        })
    }

    /// A rule for endpoints.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let target = parse_target(text).map_err(|reason| PatternError {
            text: text.to_owned(),
            reason,
        })?;
        Ok(Self {
            original: text.to_owned(),
            target,
        })
    }

    /// The text that it was written as.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Whether it names this host, as it was asked for, and port.
    #[must_use]
    pub fn names_tcp(&self, host: &str, port: u16) -> bool {
        let Target::Tcp {
            host: wanted,
            ports,
        } = &self.target
        else {
            return false;
        };
        let is_host = match wanted {
            HostPattern::Any => true,
            HostPattern::Suffix(suffix) => ends_with(canonical_name(host), suffix),
            HostPattern::Name(name) => canonical_name(host).eq_ignore_ascii_case(name),
            HostPattern::Net(_) => false,
        };
        is_host && ports.contain(port)
    }

    /// Whether this address is meant: by a network, an address, a kind.
    #[must_use]
    pub fn covers_address(&self, address: IpAddr, port: u16) -> bool {
        match &self.target {
            Target::Tcp {
                host: HostPattern::Net(net),
                ports,
            } => net.contains(&plain(address)) && ports.contain(port),
            Target::Class(class) => class.contains(address),
            Target::Tcp { .. } | Target::Unix(_) => false,
        }
    }

    /// Whether it names this very address, and no other.
    #[must_use]
    pub fn is_address(&self, address: IpAddr, port: u16) -> bool {
        let is_single = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        matches!(&self.target, Target::Tcp { host: HostPattern::Net(net), .. } if is_single(net))
            && self.covers_address(address, port)
    }

    /// Whether it names one endpoint and no others: a name or an address with one port, or a path.
    #[must_use]
    pub fn is_one_endpoint(&self) -> bool {
        match &self.target {
            Target::Tcp { host, ports } => {
                let is_one_host = match host {
                    HostPattern::Name(_) => true,
                    HostPattern::Net(net) => net.prefix_len() == net.max_prefix_len(),
                    HostPattern::Any | HostPattern::Suffix(_) => false,
                };
                is_one_host && matches!(ports.0.as_slice(), [port] if port.start() == port.end())
            }
            Target::Unix(path) => matches!(path, PathPattern::Exact(_)),
            Target::Class(_) => false,
        }
    }

    /// Whether it is about addresses, which a name has to be resolved for.
    #[must_use]
    pub fn is_network(&self) -> bool {
        matches!(
            &self.target,
            Target::Class(_)
                | Target::Tcp {
                    host: HostPattern::Net(_),
                    ..
                }
        )
    }

    /// Whether it names this path of a Unix socket.
    #[must_use]
    pub fn names_unix(&self, path: &str) -> bool {
        match &self.target {
            Target::Unix(PathPattern::Any) => true,
            Target::Unix(PathPattern::Exact(exact)) => exact == path,
            Target::Unix(PathPattern::Below(folder)) => path.starts_with(folder.as_str()),
            Target::Tcp { .. } | Target::Class(_) => false,
        }
    }
}

fn parse_target(text: &str) -> Result<Target, &'static str> {
    if let Some(path) = text.strip_prefix("unix:") {
        return parse_path(path).map(Target::Unix);
    }
    let Some(endpoint) = text.strip_prefix("tcp://") else {
        return Err("it begins with neither tcp:// nor unix:");
    };
    let Some((host, ports)) = endpoint
        .rsplit_once(':')
        .filter(|(host, _)| !is_cut_in_two(host))
    else {
        return Err("the port is missing");
    };
    Ok(Target::Tcp {
        host: parse_host(host)?,
        ports: Ports::parse(ports)?,
    })
}

/// `[::1` of `[::1]`, whose last colon does not begin a port.
fn is_cut_in_two(host: &str) -> bool {
    host.starts_with('[') && !host.contains(']')
}

fn parse_path(path: &str) -> Result<PathPattern, &'static str> {
    if path == "*" {
        return Ok(PathPattern::Any);
    }
    if !path.starts_with('/') || path.contains('\0') {
        return Err("the path of a Unix socket is not absolute");
    }
    if path.split('/').any(|part| matches!(part, "." | "..")) {
        return Err("the path of a Unix socket has . or .. in it");
    }
    match path.strip_suffix('*') {
        Some(folder) if folder.ends_with('/') && !folder.contains('*') => {
            Ok(PathPattern::Below(folder.to_owned()))
        }
        Some(_) => Err("a * in a path stands for all below a folder: unix:/folder/*"),
        None if path.contains('*') => Err("a * in a path stands at its end: unix:/folder/*"),
        None => Ok(PathPattern::Exact(path.to_owned())),
    }
}

fn parse_host(host: &str) -> Result<HostPattern, &'static str> {
    if host == "*" {
        return Ok(HostPattern::Any);
    }
    if let Some(net) = parse_net(host) {
        return Ok(HostPattern::Net(net));
    }
    if host.contains(['/', '[', ']', ':']) {
        return Err("the host is no address or network; IPv6 stands in brackets: [fd00::]/8");
    }
    let (suffix, name) = match host.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, host),
    };
    if name.contains('*') {
        return Err("a * in a host stands for the beginning: *.example.org");
    }
    let name = canonical_name(name);
    if name.is_empty() || name.split('.').any(str::is_empty) || !name.chars().all(is_in_a_name) {
        return Err("the host is no name");
    }
    Ok(if suffix {
        HostPattern::Suffix(format!(".{name}"))
    } else {
        HostPattern::Name(name.to_owned())
    })
}

fn is_in_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// `10.0.0.0/8`, `10.0.0.1`, `[fd00::]/8`, `[fd00::1]`.
fn parse_net(host: &str) -> Option<IpNet> {
    let (address, length) = match host.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (host, None),
    };
    let address: IpAddr = match address.strip_prefix('[') {
        Some(address) => address.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into(),
        None => address.parse::<Ipv4Addr>().ok()?.into(),
    };
    match length {
        None => Some(plain(address).into()),
        Some(length) => {
            let is_number = !length.is_empty() && length.chars().all(|c| c.is_ascii_digit());
            let length = length.parse().ok().filter(|_| is_number)?;
            IpNet::new(address, length).ok().map(|net| net.trunc())
        }
    }
}

/// A name without the dot at its end, which only says that it is whole.
fn canonical_name(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn ends_with(name: &str, suffix: &str) -> bool {
    name.len() > suffix.len()
        && name
            .get(name.len() - suffix.len()..)
            .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// The ports that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ports(Vec<RangeInclusive<u16>>);

impl Ports {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self(vec![1..=u16::MAX]));
        }
        let ranges: Option<Vec<_>> = text.split(',').map(parse_range).collect();
        ranges.map(Self).ok_or("the port is none of 1 to 65535")
    }

    fn contain(&self, port: u16) -> bool {
        self.0.iter().any(|range| range.contains(&port))
    }
}

fn parse_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| {
        let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        text.parse().ok().filter(|port| is_number && *port > 0)
    };
    let (first, last): (u16, u16) = (port(first)?, port(last)?);
    (first <= last).then_some(first..=last)
}

/// The IPv4 address that an IPv6 address stands for, as a mapped address (RFC 4291 section 2.5.5.2)
/// or behind a translator (`64:ff9b::/96`, RFC 6052 section 2.1); otherwise the address itself.
#[must_use]
pub fn plain(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)).into()
            }
            _ => v6.into(),
        },
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Class {
    /// Whether an address is of this kind.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let address = plain(address);
        self.networks().iter().any(|net| net.contains(&address))
    }

    /// The special-purpose address registries (RFC 6890), and what clouds document.
    const fn networks(self) -> &'static [IpNet] {
        match self {
            Self::Loopback => {
                &const { [v4([127, 0, 0, 0], 8), v6(1, 128), v4([0; 4], 8), v6(0, 128)] }
            }
            Self::LinkLocal => {
                &const {
                    [
                        v4([169, 254, 0, 0], 16),
                        v6(0xfe80 << 112, 10),
                        v4([224, 0, 0, 0], 24),
                        v6(0xff02 << 112, 16),
                    ]
                }
            }
            // Amazon, Google, Azure and others; Amazon's containers and IPv6; Alibaba; Azure's host;
            // Oracle's older address.
            Self::Metadata => {
                &const {
                    [
                        v4([169, 254, 169, 254], 32),
                        v4([169, 254, 170, 2], 32),
                        v4([169, 254, 170, 23], 32),
                        v6(0xfd00_0ec2 << 96 | 0x254, 128),
                        v6(0xfd00_0ec2 << 96 | 0x23, 128),
                        v6(0xfd20_00ce << 96 | 0x254, 128),
                        v4([100, 100, 100, 200], 32),
                        v4([168, 63, 129, 16], 32),
                        v4([192, 0, 0, 192], 32),
                    ]
                }
            }
            Self::Private => {
                &const {
                    [
                        v4([0; 4], 8),
                        v4([10, 0, 0, 0], 8),
                        v4([100, 64, 0, 0], 10),
                        v4([127, 0, 0, 0], 8),
                        v4([169, 254, 0, 0], 16),
                        v4([172, 16, 0, 0], 12),
                        v4([192, 0, 0, 0], 24),
                        v4([192, 168, 0, 0], 16),
                        v4([198, 18, 0, 0], 15),
                        v4([224, 0, 0, 0], 3),
                        v6(0, 127),
                        v6(0xfc00 << 112, 7),
                        v6(0xfe80 << 112, 10),
                        v6(0xfec0 << 112, 10),
                        v6(0xff00 << 112, 8),
                    ]
                }
            }
        }
    }
}

/// A network of IPv4 addresses, by its first one and the length of what they have in common.
const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

/// The same for IPv6.
const fn v6(first: u128, length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(first), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn names() {
        let exact = pattern("tcp://mx.example.org:25");
        assert!(exact.names_tcp("mx.example.org", 25));
        assert!(exact.names_tcp("MX.Example.org.", 25));
        assert!(!exact.names_tcp("mx.example.org", 26));
        assert!(!exact.names_tcp("a.mx.example.org", 25));

        let suffix = pattern("tcp://*.example.org:25,587");
        assert!(suffix.names_tcp("mx.EXAMPLE.org", 587));
        assert!(suffix.names_tcp("a.b.example.org.", 25));
        for other in [
            "example.org",
            ".example.org",
            "badexample.org",
            "mx.example.org.evil",
        ] {
            assert!(!suffix.names_tcp(other, 25), "{other}");
        }
        assert!(pattern("tcp://*:1-1023").names_tcp("anything", 1023));
        assert!(!pattern("tcp://*:1-1023").names_tcp("anything", 1024));
        assert!(pattern("tcp://*:*").names_tcp("anything", 65535));
    }

    #[test]
    fn addresses_and_networks() {
        let net = pattern("tcp://10.1.2.3/8:25");
        assert!(net.covers_address(ip("10.255.0.1"), 25));
        assert!(net.covers_address(ip("::ffff:10.0.0.1"), 25));
        assert!(net.covers_address(ip("64:ff9b::a00:1"), 25));
        assert!(!net.covers_address(ip("11.0.0.1"), 25));
        assert!(!net.covers_address(ip("10.0.0.1"), 26));
        assert!(!net.is_address(ip("10.1.2.3"), 25));
        assert!(pattern("tcp://10.1.2.3:25").is_address(ip("10.1.2.3"), 25));
        assert!(pattern("tcp://[fd00::]/8:25").covers_address(ip("fdff::1"), 25));
        assert!(pattern("tcp://[::1]:25").is_address(ip("::1"), 25));
        assert!(pattern("tcp://[::ffff:10.0.0.1]:25").covers_address(ip("10.0.0.1"), 25));
        assert!(!net.names_tcp("10.0.0.1", 25));
    }

    #[test]
    fn one_endpoint_is_told_from_many() {
        for text in [
            "tcp://mx.example.org:25",
            "tcp://10.1.2.3:25",
            "tcp://10.1.2.3/32:25",
            "tcp://[::1]:25",
            "unix:/run/lmtp",
        ] {
            assert!(pattern(text).is_one_endpoint(), "{text}");
        }
        for text in [
            "tcp://*:25",
            "tcp://*.example.org:25",
            "tcp://0.0.0.0/0:25",
            "tcp://[::]/0:25",
            "tcp://mx.example.org:25,26",
            "tcp://mx.example.org:1-2",
            "unix:*",
            "unix:/run/*",
        ] {
            assert!(!pattern(text).is_one_endpoint(), "{text}");
        }
    }

    #[test]
    fn paths() {
        assert!(pattern("unix:/run/lmtp").names_unix("/run/lmtp"));
        assert!(!pattern("unix:/run/lmtp").names_unix("/run/lmtp2"));
        assert!(pattern("unix:/run/mail/*").names_unix("/run/mail/a/b"));
        assert!(!pattern("unix:/run/mail/*").names_unix("/run/mail2"));
        assert!(pattern("unix:*").names_unix("/x"));
        assert!(!pattern("tcp://*:*").names_unix("/x"));
    }

    #[test]
    fn kinds_of_addresses() {
        for (class, address) in [
            (Class::Loopback, "127.9.9.9"),
            (Class::Loopback, "::1"),
            (Class::Loopback, "0.0.0.0"),
            (Class::Loopback, "::ffff:127.0.0.1"),
            (Class::LinkLocal, "fe80::1"),
            (Class::Metadata, "169.254.169.254"),
            (Class::Metadata, "::ffff:169.254.169.254"),
            (Class::Metadata, "64:ff9b::a9fe:a9fe"),
            (Class::Metadata, "fd00:ec2::254"),
            (Class::Private, "192.168.1.1"),
            (Class::Private, "172.31.0.1"),
            (Class::Private, "fd12::1"),
            (Class::Private, "169.254.1.1"),
            (Class::Private, "::1"),
            (Class::Private, "100.127.0.1"),
        ] {
            assert!(class.contains(ip(address)), "{class:?} {address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "100.128.0.1", "::2"] {
            assert!(!Class::Private.contains(ip(address)), "{address}");
        }
        for class in [
            Class::Private,
            Class::Loopback,
            Class::LinkLocal,
            Class::Metadata,
        ] {
            let networks = class.networks();
            assert!(networks.iter().all(|net| net.addr() == net.network()));
        }
    }

    #[test]
    fn networks_are_those_that_the_registries_and_clouds_name() {
        let written = |class: Class| {
            let networks = class.networks().iter().map(ToString::to_string);
            networks.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            written(Class::Loopback),
            "127.0.0.0/8 ::1/128 0.0.0.0/8 ::/128"
        );
        assert_eq!(
            written(Class::LinkLocal),
            "169.254.0.0/16 fe80::/10 224.0.0.0/24 ff02::/16"
        );
        assert_eq!(
            written(Class::Metadata),
            "169.254.169.254/32 169.254.170.2/32 169.254.170.23/32 fd00:ec2::254/128 \
             fd00:ec2::23/128 fd20:ce::254/128 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32"
        );
        assert_eq!(
            written(Class::Private),
            "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 \
             192.0.0.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3 ::/127 fc00::/7 fe80::/10 \
             fec0::/10 ff00::/8"
        );
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for (text, reason) in [
            ("mx.example.org:25", "neither tcp:// nor unix:"),
            ("udp://a:1", "neither tcp:// nor unix:"),
            ("", "neither"),
            ("tcp://mx.example.org", "the port is missing"),
            ("tcp://[::1]", "the port is"),
            ("tcp://mx:0", "the port is none"),
            ("tcp://mx:65536", "the port is none"),
            ("tcp://mx:+25", "the port is none"),
            ("tcp://mx:30-20", "the port is none"),
            ("tcp://mx:25,", "the port is none"),
            ("tcp://:25", "the host is no name"),
            ("tcp://a b:25", "the host is no name"),
            ("tcp://a..b:25", "the host is no name"),
            ("tcp://mx.*.org:25", "stands for the beginning"),
            ("tcp://*example.org:25", "stands for the beginning"),
            ("tcp://10.0.0.0/33:25", "no address or network"),
            ("tcp://10.0.0.0/+8:25", "no address or network"),
            ("tcp://::1:25", "no address or network"),
            ("tcp://fd00::/8:25", "no address or network"),
            ("unix:run", "not absolute"),
            ("unix:/run/../etc", ". or .."),
            ("unix:/run/a*", "stands for all below a folder"),
            ("unix:/*/a", "stands at its end"),
            ("private", "neither"),
        ] {
            let error = Pattern::parse(text).unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains(text),
                "{text}: {error}"
            );
        }
        assert!(Pattern::parse_with_classes("private").is_ok());
    }
}
