//! Names, as the operator's machine resolves them: whatever nsswitch.conf(5) says, in the order
//! that gai.conf(5) says.
//!
//! That is what getaddrinfo(3) of the system's C library does. A program that is linked statically
//! cannot call it: it would load modules of a C library other than its own. Such a build asks
//! getent(1), which comes with the C library and answers with the same addresses in the same order;
//! it costs the start of a process, for names only.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use sandcheck_contract::reason;

use crate::bindings::monitoring::plugin::sockets::Error;

/// The addresses of a name. The error's words are the resolver's; its kind is `NotFound` when there
/// is no such name, and another one when that cannot be found out.
#[cfg(not(target_feature = "crt-static"))]
pub(crate) async fn look_up(name: &str, port: u16, _: Instant) -> io::Result<Vec<SocketAddr>> {
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
pub(crate) async fn look_up(
    name: &str,
    port: u16,
    deadline: Instant,
) -> io::Result<Vec<SocketAddr>> {
    let name = name.to_owned();
    tokio::task::spawn_blocking(move || look_up_alone(&name, port, deadline)).await?
}

/// The addresses of a name, for a process that has nothing else to do. Its one thread cannot leave
/// getaddrinfo when the time is used up, but it can end a process: it asks getent in every build.
pub(crate) fn look_up_alone(
    name: &str,
    port: u16,
    deadline: Instant,
) -> io::Result<Vec<SocketAddr>> {
    let addresses = getent::parse(&getent::addresses_by(name, deadline)?, port);
    if addresses.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "Name or service not known",
        ));
    }
    Ok(addresses)
}

/// What a plugin learns of it.
pub(crate) fn judge(answer: io::Result<Vec<SocketAddr>>) -> Result<Vec<SocketAddr>, Error> {
    answer.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NameNotFound(reason(&error)),
        io::ErrorKind::TimedOut => Error::TimedOut,
        _ => Error::Other(reason(&error)),
    })
}

mod getent {
    use std::io::{self, Read};
    use std::net::{IpAddr, SocketAddr, SocketAddrV6};
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    use rustix::event::PollFlags;

    use crate::transport::wait;

    /// Where the C library's package puts it.
    const PROGRAM: &str = "/usr/bin/getent";

    /// What getent says: a line `ADDRESS STREAM NAME` for each address, among others; nothing when
    /// there is no such name.
    /// When the deadline comes first, getent is ended.
    pub(super) fn addresses_by(name: &str, deadline: Instant) -> io::Result<String> {
        let mut child = start(name)?;
        let answer = read_by(&mut child, deadline);
        if answer.is_err() {
            let _ = child.kill();
        }
        child.wait()?;
        Ok(String::from_utf8_lossy(&answer?).into_owned())
    }

    fn start(name: &str) -> io::Result<Child> {
        Command::new(PROGRAM)
            .args(["ahosts", "--", name])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| io::Error::other(format!("{PROGRAM}: {error}")))
    }

    fn read_by(child: &mut Child, deadline: Instant) -> io::Result<Vec<u8>> {
        let mut answer = Vec::new();
        let Some(stdout) = &mut child.stdout else {
            return Ok(answer);
        };
        let mut buffer = [0; 4096];
        loop {
            if !wait(stdout, PollFlags::IN, deadline)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match stdout.read(&mut buffer)? {
                0 => return Ok(answer),
                count => answer.extend(buffer.get(..count).unwrap_or_default()),
            }
        }
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
            let output = start(name)?.wait_with_output()?;
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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
            let soon = Instant::now() + Duration::from_mins(1);
            let answer = addresses_by("localhost", soon).unwrap();
            assert_eq!(answer, addresses("localhost").unwrap());
            let late = addresses_by("localhost", Instant::now()).unwrap_err();
            assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        }
    }
}
