//! getent(1), which asks the C library's name service.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::process::Command;
use std::time::Instant;

use super::program;

/// Where the C library's package puts it.
const PROGRAM: &str = "/usr/bin/getent";

/// What getent says: a line `ADDRESS STREAM NAME` for each address, among others; nothing when
/// there is no such name.
/// When the deadline comes first, getent is ended.
pub(super) fn addresses_by(name: &str, deadline: Instant) -> io::Result<String> {
    program::answer_by(Command::new(PROGRAM).args(["ahosts", "--", name]), deadline)
}

pub(super) fn parse(answer: &str, port: u16) -> Vec<SocketAddr> {
    let streams = answer.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let address = words.next()?;
        (words.next()? == "STREAM").then_some(address)
    });
    streams
        .filter_map(|address| socket_address(address, port))
        .collect()
}

/// An address with its port; `fe80::1%2` or `fe80::1%eth0` for one that needs an interface.
fn socket_address(text: &str, port: u16) -> Option<SocketAddr> {
    let Some((address, zone)) = text.split_once('%') else {
        return Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, port));
    };
    let index = std::fs::read_to_string(format!("/sys/class/net/{zone}/ifindex"));
    let index = index.as_deref().unwrap_or(zone).trim().parse().ok()?;
    Some(SocketAddrV6::new(address.parse().ok()?, port, 0, index).into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_streams_in_their_order() {
        let answer = "::1             STREAM localhost\n\
                      ::1             DGRAM\n::1             RAW\n\
                      127.0.0.1       STREAM\n127.0.0.1       DGRAM\nnonsense STREAM\n";
        let addresses = parse(answer, 25);
        assert_eq!(
            addresses,
            ["[::1]:25".parse().unwrap(), "127.0.0.1:25".parse().unwrap()]
        );
        assert!(parse("", 25).is_empty());
    }

    #[test]
    fn interfaces_have_a_number_or_a_name() {
        let address = socket_address("fe80::1%3", 25).unwrap();
        assert_eq!(address.to_string(), "[fe80::1%3]:25");
        assert_eq!(
            socket_address("fe80::1%lo", 25).unwrap().to_string(),
            "[fe80::1%1]:25"
        );
        assert_eq!(socket_address("fe80::1%nosuch", 25), None);
    }

    fn addresses(name: &str) -> io::Result<String> {
        addresses_by(name, Instant::now() + Duration::from_mins(1))
    }

    #[test]
    fn the_program_agrees_with_getaddrinfo() {
        use std::net::ToSocketAddrs;
        let asked: Vec<_> = ("localhost", 25).to_socket_addrs().unwrap().collect();
        assert_eq!(parse(&addresses("localhost").unwrap(), 25), asked);
        assert_eq!(addresses("-x").unwrap(), "");
    }

    #[test]
    fn the_time_for_it_is_bounded() {
        let late = addresses_by("localhost", Instant::now()).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }
}
