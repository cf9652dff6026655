//! Names, as the operator's machine resolves them: whatever nsswitch.conf(5) says, in the order
//! that gai.conf(5) says.
//!
//! That is what getaddrinfo(3) of the system's C library does. A program that is linked statically
//! cannot call it: it would load modules of a C library other than its own. Such a build asks
//! getent(1), which comes with the C library and answers with the same addresses in the same order;
//! it costs the start of a process, for names only.

use std::io;
use std::net::SocketAddr;

/// The addresses of a name. The error's words are the resolver's; its kind is `NotFound` when there
/// is no such name, and another one when that cannot be found out.
#[cfg(not(target_feature = "crt-static"))]
pub(crate) async fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match tokio::net::lookup_host((name, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => {
            let text = error.to_string();
            let words = text.strip_prefix("failed to lookup address information: ");
            Err(io::Error::new(
                io::ErrorKind::NotFound,
                words.unwrap_or(&text).to_owned(),
            ))
        }
    }
}

/// The addresses of a name, as above.
#[cfg(target_feature = "crt-static")]
pub(crate) async fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let name = name.to_owned();
    let answer = tokio::task::spawn_blocking(move || getent::addresses(&name)).await?;
    let addresses = getent::parse(&answer?, port);
    if addresses.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "Name or service not known",
        ));
    }
    Ok(addresses)
}

#[cfg(any(target_feature = "crt-static", test))]
mod getent {
    use std::io;
    use std::net::{IpAddr, SocketAddr, SocketAddrV6};
    use std::process::{Command, Stdio};

    /// Where the C library's package puts it.
    const PROGRAM: &str = "/usr/bin/getent";

    /// What getent says: a line `ADDRESS STREAM NAME` for each address, among others; nothing when
    /// there is no such name.
    pub(super) fn addresses(name: &str) -> io::Result<String> {
        let output = Command::new(PROGRAM)
            .args(["ahosts", "--", name])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .map_err(|error| io::Error::other(format!("{PROGRAM}: {error}")))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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

        #[test]
        fn the_program_agrees_with_getaddrinfo() {
            use std::net::ToSocketAddrs;
            let asked: Vec<_> = ("localhost", 25).to_socket_addrs().unwrap().collect();
            assert_eq!(parse(&addresses("localhost").unwrap(), 25), asked);
            assert_eq!(addresses("-x").unwrap(), "");
        }
    }
}
