//! The process that compiles. A compiler is a large program that reads hostile input: here it runs
//! without files, network, environment or other processes, within bounds of time and memory.
//!
//! It reads a component from standard input and writes native code to standard output. It loads
//! none of it. What goes wrong is a line on standard error.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, setrlimit};
use sandcheck::Limits;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// The command that starts this process. Not for people.
pub(crate) const COMMAND: &str = "compile-standard-input";

/// All that a compiler needs of the system: memory, reading, writing, the end.
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

/// Compiles; returns the exit code.
pub(crate) fn main(limits: &Limits) -> u8 {
    match confine(limits).and_then(|()| compile()) {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error:#}");
            1
        }
    }
}

/// Gives up everything that compiling does not need, for good.
fn confine(limits: &Limits) -> Result<()> {
    let at_most = |resource, value| {
        let limit = Rlimit {
            current: Some(value),
            maximum: Some(value),
        };
        setrlimit(resource, limit).context("the compiler cannot be confined: setrlimit")
    };
    at_most(Resource::As, limits.compile_memory)?;
    at_most(Resource::Cpu, limits.compile_time.as_secs() + 1)?;
    at_most(Resource::Fsize, 0)?;
    at_most(Resource::Core, 0)?;
    let filter = SeccompFilter::new(
        SYSTEM_CALLS
            .iter()
            .map(|call| (*call, Vec::new()))
            .collect::<BTreeMap<_, _>>(),
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program).context("the compiler cannot be confined: seccomp")
}

fn compile() -> Result<()> {
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component)?;
    let code = crate::load::compile(&component)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&code)?;
    Ok(stdout.flush()?)
}
