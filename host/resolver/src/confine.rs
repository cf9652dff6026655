//! What this process may do once it knows its name servers: talk to them.

use std::time::Duration;

use anyhow::Result;
use sandcheck_confine::{Call, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

/// Processor time: signatures are checked in milliseconds.
const TIME: Duration = Duration::from_secs(10);

/// Address space, in bytes.
const MEMORY: u64 = 512 << 20;

/// What datagrams and connections need, and waiting for them. None of it listens.
const NETWORK: &[libc::c_long] = &[
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    libc::SYS_eventfd2,
    libc::SYS_fcntl,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
];

/// Gives up everything else, for good: no file is opened, no program started, nothing listened to, and
/// no socket is of another family than IPv4 and IPv6.
pub(crate) fn confine() -> Result<()> {
    let network = NETWORK.iter().map(|call| (*call, Vec::new()));
    let socket: Call = (
        libc::SYS_socket,
        vec![family(libc::AF_INET)?, family(libc::AF_INET6)?],
    );
    sandcheck_confine::confine("the resolver", TIME, MEMORY, network.chain([socket]))
}

/// `socket` with this as its first argument.
fn family(family: libc::c_int) -> Result<SeccompRule> {
    let family = u64::from(family.unsigned_abs());
    let is_family = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?;
    Ok(SeccompRule::new(vec![is_family])?)
}
