//! Names, as the operator's machine resolves them: whatever nsswitch.conf(5) says, in the order
//! that gai.conf(5) says.
//!
//! That is what getaddrinfo(3) of the system's C library does. A program that is linked statically
//! cannot call it: it would load modules of a C library other than its own. Such a build asks
//! getent(1), which comes with the C library and answers with the same addresses in the same order;
//! it costs the start of a process, for names only.

mod getent;
mod program;
pub mod records;

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
