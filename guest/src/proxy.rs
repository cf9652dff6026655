//! The header of the PROXY protocol, versions 1 and 2: what a proxy in front of the server would say
//! (haproxy's `doc/proxy-protocol.txt`, sections 2.1 and 2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::threshold::whole_number;

/// What a header of version 2 begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The version, and who is announced: nobody but the proxy itself.
const LOCAL: u8 = 0x20;

/// The version, and who is announced: the client with these addresses.
const PROXY: u8 = 0x21;

/// The port of a client that does not matter.
const SOURCE_PORT: u16 = 25;

/// The options about the header, as they were given.
#[derive(Debug, Default)]
pub(crate) struct Given {
    version: Option<Version>,
    source: Option<IpAddr>,
    source_port: Option<u16>,
    destination: Option<IpAddr>,
    destination_port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// A line of text.
    One,
    /// Binary.
    Two,
}

impl Given {
    /// Takes an option, if it is about the header.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Misuse>> {
        fn store<T>(place: &mut Option<T>, value: Result<T, Misuse>) -> Result<(), Misuse> {
            *place = Some(value?);
            Ok(())
        }
        Some(match name {
            "proxy-version" => store(&mut self.version, version(value)),
            "proxy-source" => store(&mut self.source, address(name, value)),
            "proxy-source-port" => store(&mut self.source_port, port(name, value)),
            "proxy-dest" => store(&mut self.destination, address(name, value)),
            "proxy-dest-port" => store(&mut self.destination_port, port(name, value)),
            _ => return None,
        })
    }

    /// The bytes of the header; none when no option asks for one.
    ///
    /// Without the client's address the header announces nobody: `PROXY UNKNOWN`, or LOCAL in version 2,
    /// as the checks of a proxy itself do.
    pub(crate) fn resolve(&self, host: &Host, port: u16) -> Result<Option<Vec<u8>>, Misuse> {
        let is_asked_for = self.version.is_some() || self.source.is_some() || self.is_detailed();
        if !is_asked_for {
            return Ok(None);
        }
        let version = self.version.unwrap_or(Version::One);
        let Some(source) = self.source else {
            return if self.is_detailed() {
                Err(Misuse::hinted(
                    "--proxy-source is missing",
                    "--proxy-source-port, --proxy-dest and --proxy-dest-port are about a client that has an address",
                ))
            } else {
                Ok(Some(anonymous(version)))
            };
        };
        let destination = self.destination.unwrap_or_else(|| default(host, source));
        let source_port = self.source_port.unwrap_or(SOURCE_PORT);
        let destination_port = self.destination_port.unwrap_or(port);
        match (source, destination) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Ok(Some(match version {
                Version::One => line("TCP4", from, to, source_port, destination_port),
                Version::Two => {
                    let addresses = [from.octets(), to.octets()].concat();
                    binary(PROXY, 0x11, &addresses, &[source_port, destination_port])
                }
            })),
            (IpAddr::V6(from), IpAddr::V6(to)) => Ok(Some(match version {
                Version::One => line("TCP6", from, to, source_port, destination_port),
                Version::Two => {
                    let addresses = [from.octets(), to.octets()].concat();
                    binary(PROXY, 0x21, &addresses, &[source_port, destination_port])
                }
            })),
            _ => Err(Misuse::hinted(
                "--proxy-source and --proxy-dest contradict",
                format!("{source} and {destination}: one is IPv4 and the other is IPv6"),
            )),
        }
    }

    fn is_detailed(&self) -> bool {
        self.source_port.is_some() || self.destination.is_some() || self.destination_port.is_some()
    }
}

/// The server's own address where that is known and of the client's family, no address otherwise.
fn default(host: &Host, source: IpAddr) -> IpAddr {
    match (host, source) {
        (Host::V4(own), IpAddr::V4(_)) => IpAddr::V4(*own),
        (Host::V6(own), IpAddr::V6(_)) => IpAddr::V6(*own),
        (_, IpAddr::V4(_)) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        (_, IpAddr::V6(_)) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

fn anonymous(version: Version) -> Vec<u8> {
    match version {
        Version::One => b"PROXY UNKNOWN\r\n".to_vec(),
        Version::Two => binary(LOCAL, 0, &[], &[]),
    }
}

fn line(
    family: &str,
    from: impl std::fmt::Display,
    to: impl std::fmt::Display,
    from_port: u16,
    to_port: u16,
) -> Vec<u8> {
    format!("PROXY {family} {from} {to} {from_port} {to_port}\r\n").into_bytes()
}

fn binary(command: u8, family: u8, addresses: &[u8], ports: &[u16]) -> Vec<u8> {
    let ports = ports.iter().flat_map(|port| port.to_be_bytes());
    let block: Vec<u8> = addresses.iter().copied().chain(ports).collect();
    // At most two addresses of IPv6 and two ports: 36 bytes.
    let length = u16::try_from(block.len()).unwrap_or_default().to_be_bytes();
    [&SIGNATURE[..], &[command, family], &length, &block].concat()
}

fn version(value: &str) -> Result<Version, Misuse> {
    match value {
        "1" => Ok(Version::One),
        "2" => Ok(Version::Two),
        _ => Err(Misuse::hinted(
            format!("Invalid version of the PROXY protocol - {value}"),
            "--proxy-version takes 1 or 2",
        )),
    }
}

fn address(option: &str, value: &str) -> Result<IpAddr, Misuse> {
    let bare = value.strip_prefix('[').and_then(|v| v.strip_suffix(']'));
    bare.unwrap_or(value).parse().map_err(|_| {
        Misuse::hinted(
            format!("Invalid address - {value}"),
            format!("--{option} takes an IPv4 or IPv6 address such as 192.0.2.1"),
        )
    })
}

fn port(option: &str, value: &str) -> Result<u16, Misuse> {
    let number = whole_number(value).and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| {
        Misuse::hinted(
            format!("Invalid port - {value}"),
            format!("--{option} takes a whole number from 0 to 65535"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandcheck_plugin::host_name;

    fn header(host: &str, options: &[(&str, &str)]) -> Result<Option<Vec<u8>>, String> {
        let mut given = Given::default();
        for (name, value) in options {
            let taken = given.take(name, value).expect("an option of the header");
            taken.map_err(|misuse| misuse.message)?;
        }
        let host = host_name::parse(host).expect("a host");
        given.resolve(&host, 2525).map_err(|misuse| misuse.message)
    }

    fn text(host: &str, options: &[(&str, &str)]) -> String {
        let header = header(host, options).expect("no misuse").expect("a header");
        String::from_utf8(header).expect("text")
    }

    #[test]
    fn nothing_is_sent_unless_it_is_asked_for() {
        assert_eq!(header("192.0.2.9", &[]), Ok(None));
    }

    #[test]
    fn version_1() {
        assert_eq!(
            text("192.0.2.9", &[("proxy-source", "198.51.100.1")]),
            "PROXY TCP4 198.51.100.1 192.0.2.9 25 2525\r\n"
        );
        let all = [
            ("proxy-version", "1"),
            ("proxy-source", "[2001:db8::1]"),
            ("proxy-source-port", "0"),
            ("proxy-dest", "2001:db8::2"),
            ("proxy-dest-port", "65535"),
        ];
        assert_eq!(
            text("mx.example.org", &all),
            "PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n"
        );
        assert_eq!(
            text("mx.example.org", &[("proxy-source", "2001:db8::1")]),
            "PROXY TCP6 2001:db8::1 :: 25 2525\r\n"
        );
        assert_eq!(
            text("mx.example.org", &[("proxy-version", "1")]),
            "PROXY UNKNOWN\r\n"
        );
    }

    #[test]
    fn version_2() {
        let four = header(
            "192.0.2.9",
            &[("proxy-version", "2"), ("proxy-source", "198.51.100.1")],
        );
        let expected = [
            &SIGNATURE[..],
            &[0x21, 0x11, 0, 12, 198, 51, 100, 1, 192, 0, 2, 9, 0, 25],
            &2525_u16.to_be_bytes(),
        ];
        assert_eq!(four, Ok(Some(expected.concat())));
        let six = header(
            "2001:db8::9",
            &[("proxy-version", "2"), ("proxy-source", "::1")],
        );
        let six = six.expect("no misuse").expect("a header");
        assert_eq!(six.len(), 16 + 36);
        assert_eq!(six[12..16], [0x21, 0x21, 0, 36]);
        let nobody = header("192.0.2.9", &[("proxy-version", "2")]);
        let expected = [&SIGNATURE[..], &[0x20, 0, 0, 0]].concat();
        assert_eq!(nobody, Ok(Some(expected)));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (name, value, message) in [
            (
                "proxy-version",
                "3",
                "Invalid version of the PROXY protocol - 3",
            ),
            ("proxy-source", "mx", "Invalid address - mx"),
            ("proxy-dest", "", "Invalid address - "),
            ("proxy-source-port", "65536", "Invalid port - 65536"),
            ("proxy-dest-port", "-1", "Invalid port - -1"),
        ] {
            assert_eq!(header("mx", &[(name, value)]), Err(message.to_owned()));
        }
        assert_eq!(
            header("mx", &[("proxy-dest", "192.0.2.1")]),
            Err("--proxy-source is missing".to_owned())
        );
        assert_eq!(
            header(
                "mx",
                &[("proxy-source", "192.0.2.1"), ("proxy-dest", "::1")]
            ),
            Err("--proxy-source and --proxy-dest contradict".to_owned())
        );
    }
}
