//! What a helper of `sandcheck` that reads hostile input may do: compute, read and write what is open
//! already, and the few system calls that it names besides.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
pub use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

/// What computing needs of the system: memory, reading, writing, the end.
const SYSTEM_CALLS: [libc::c_long; 30] = [
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// A system call, and the arguments that it may have: any, where there is no rule.
pub type Call = (libc::c_long, Vec<SeccompRule>);

/// Gives up everything that computing and these further calls do not need, for good: this process has
/// so much processor time and address space, in bytes, and opens no file and starts no other process.
/// `whom` is for the message.
pub fn confine(
    whom: &str,
    time: Duration,
    memory: u64,
    further: impl IntoIterator<Item = Call>,
) -> Result<()> {
    let at_most = |resource, value| {
        let limit = Rlimit {
            current: Some(value),
            maximum: Some(value),
        };
        setrlimit(resource, limit).with_context(|| format!("{whom} cannot be confined: setrlimit"))
    };
    at_most(Resource::As, memory)?;
    at_most(Resource::Cpu, time.as_secs() + 1)?;
    at_most(Resource::Fsize, 0)?;
    at_most(Resource::Core, 0)?;
    let calls = SYSTEM_CALLS.iter().map(|call| (*call, Vec::new()));
    let filter = SeccompFilter::new(
        calls.chain(further).collect::<BTreeMap<_, _>>(),
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
        .with_context(|| format!("{whom} cannot be confined: seccomp"))
}
