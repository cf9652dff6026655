//! What the host keeps for one instance of a plugin.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rustix::rand::{GetRandomFlags, getrandom};
use wasmtime::component::{HasData, HasSelf, Linker, ResourceTable};
use wasmtime::{ResourceLimiter, UpdateDeadline};
use wasmtime_wasi::cli::{WasiCli, WasiCliCtx, WasiCliCtxView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::bindings::{cli, clocks};
use wasmtime_wasi_io::bindings::wasi::io;

use crate::bindings::monitoring::plugin::{resolver, sockets};
use crate::grants::{Grants, Refusal};
use crate::limits::{LimitExceeded, Limits};
use crate::line;
use crate::meter::Meter;
use crate::transport::{Shared, Transport};
use crate::world::{self, Line};

/// Handles that a plugin may hold beside its connections.
const OTHER_HANDLES: usize = 64;

/// What the host keeps for one instance of a plugin.
pub struct State<T: Transport> {
    pub(crate) table: ResourceTable,
    pub(crate) limits: Arc<Limits>,
    pub(crate) used: Used,
    pub(crate) meter: Arc<Meter>,
    pub(crate) grants: Grants,
    /// The first connection or look-up that was refused.
    pub(crate) refusal: Option<Refusal>,
    /// What came of names whose addresses the plugin asked for; their port is none.
    pub(crate) looked_up: Vec<(String, Result<Vec<SocketAddr>, sockets::Error>)>,
    /// The time budget, once the check has begun.
    pub(crate) budget: Option<Budget>,
    /// When its monotonic clock stood at zero.
    began: Instant,
    inert: Option<Box<Inert>>,
    transport: PhantomData<T>,
}

/// What stands behind the interfaces that lead nowhere.
#[derive(Default)]
struct Inert {
    clocks: WasiClocksCtx,
    cli: WasiCliCtx,
}

/// What has been used of what is limited.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) connections: usize,
    pub(crate) connects: usize,
    pub(crate) look_ups: usize,
    pub(crate) traffic: u64,
    memory: usize,
    table_elements: usize,
}

/// The time of a check.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) length: Duration,
    pub(crate) end: Instant,
    /// The processor time that was used when its end was noticed.
    used_at_end: Option<Duration>,
}

impl Budget {
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            length,
            end: Instant::now() + length,
            used_at_end: None,
        }
    }

    pub(crate) fn exceeded(&self) -> LimitExceeded {
        LimitExceeded {
            name: "time",
            value: humantime::format_duration(self.length).to_string(),
        }
    }
}

impl<T: Transport> State<T> {
    /// Nothing is granted yet.
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.connections + OTHER_HANDLES);
        Self {
            table,
            limits,
            used: Used::default(),
            meter: Arc::default(),
            grants: Grants::default(),
            refusal: None,
            looked_up: Vec::new(),
            budget: None,
            began: Instant::now(),
            inert: None,
            transport: PhantomData,
        }
    }

    /// Asked again and again while the plugin computes: whether it may go on.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        let used = self.meter.used();
        let Some(budget) = &mut self.budget else {
            return self.go_on_unless(used > self.limits.start, "start");
        };
        if Instant::now() >= budget.end {
            let used_at_end = *budget.used_at_end.get_or_insert(used);
            if used.saturating_sub(used_at_end) > self.limits.grace {
                return Err(budget.exceeded().into());
            }
        }
        self.go_on_unless(used > self.limits.cpu, "cpu")
    }

    fn go_on_unless(
        &self,
        exceeded: bool,
        limit: &'static str,
    ) -> wasmtime::Result<UpdateDeadline> {
        if exceeded {
            return Err(self.limits.exceeded(limit).into());
        }
        // Others on this thread get their turn; but whoever is late is not to lose time to them, and
        // whoever has just begun a step has not taken any from them.
        let is_late = self
            .budget
            .is_some_and(|budget| budget.used_at_end.is_some());
        if is_late || self.meter.is_step_short() {
            return Ok(UpdateDeadline::Continue(1));
        }
        Ok(UpdateDeadline::Yield(1))
    }
}

/// Memory and tables are counted over all instances that a component is made of.
impl<T: Transport> ResourceLimiter for State<T> {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = grown(self.used.memory, current, desired);
        if total > self.limits.memory {
            return Err(self.limits.exceeded("memory").into());
        }
        self.used.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = grown(self.used.table_elements, current, desired);
        if total > self.limits.table_elements {
            return Err(self.limits.exceeded("table-elements").into());
        }
        self.used.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.instances
    }
}

/// A total, once one part of it has another size.
fn grown(total: usize, current: usize, desired: usize) -> usize {
    total.saturating_sub(current).saturating_add(desired)
}

/// Links what the world has and the component imports, and nothing else: each function that is
/// linked takes time at every start.
pub(crate) fn link<T: Transport>(
    linker: &mut Linker<State<T>>,
    imports: &[&str],
    line: Line,
) -> wasmtime::Result<()> {
    let is_imported = |name| {
        let mut names = imports.iter().map(|import| import.split('@').next());
        names.any(|import| import == Some(name))
    };
    if is_imported("monitoring:plugin/sockets") {
        line::link_sockets(linker, line)?;
    }
    if is_imported("monitoring:plugin/resolver") {
        resolver::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    }
    if is_imported("wasi:random/random") {
        random::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    }
    if imports.iter().any(|import| world::is_inert(import)) {
        return T::link_inert(linker);
    }
    if is_imported("wasi:clocks/monotonic-clock") {
        link_monotonic_clock(linker)?;
    }
    if is_imported("wasi:clocks/wall-clock") {
        link_wall_clock(linker)?;
    }
    Ok(())
}

/// Without what makes something to be waited for: that cannot be used without `wasi:io`.
fn link_monotonic_clock<T: Transport>(linker: &mut Linker<State<T>>) -> wasmtime::Result<()> {
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.0")?;
    clock.func_wrap("now", |store, ()| {
        Ok((nanoseconds(store.data().began.elapsed()),))
    })?;
    clock.func_wrap("resolution", |_, ()| Ok((1_u64,)))
}

fn link_wall_clock<T: Transport>(linker: &mut Linker<State<T>>) -> wasmtime::Result<()> {
    let mut clock = linker.instance("wasi:clocks/wall-clock@0.2.0")?;
    clock.func_wrap("now", |_, ()| {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        Ok((datetime(since_1970),))
    })?;
    clock.func_wrap("resolution", |_, ()| {
        Ok((datetime(Duration::from_nanos(1)),))
    })
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn datetime(duration: Duration) -> Datetime {
    Datetime {
        seconds: duration.as_secs(),
        nanoseconds: duration.subsec_nanos(),
    }
}

/// Links what standard libraries bring along: clocks that can be waited for, no environment, no
/// arguments, empty input, output that goes nowhere.
pub(crate) fn link_inert(linker: &mut Linker<State<Shared>>) -> wasmtime::Result<()> {
    type State = self::State<Shared>;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, inert_clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, inert_clocks)?;
    io::error::add_to_linker::<State, HasTable>(linker, |state| &mut state.table)?;
    io::poll::add_to_linker::<State, HasTable>(linker, |state| &mut state.table)?;
    io::streams::add_to_linker::<State, HasTable>(linker, |state| &mut state.table)?;
    insecure::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    insecure_seed::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    cli::environment::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, command_line)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, command_line)
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

fn inert_clocks(state: &mut State<Shared>) -> WasiClocksCtxView<'_> {
    WasiClocksCtxView {
        ctx: &mut state.inert.get_or_insert_default().clocks,
        table: &mut state.table,
    }
}

fn command_line(state: &mut State<Shared>) -> WasiCliCtxView<'_> {
    WasiCliCtxView {
        ctx: &mut state.inert.get_or_insert_default().cli,
        table: &mut state.table,
    }
}

/// Randomness straight from the system: a check needs a few dozen bytes, and a generator of its own
/// for each instance costs more than that.
impl<T: Transport> random::Host for State<T> {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let length = usize::try_from(length)?;
        self.limits.check("call", length)?;
        let mut bytes = vec![0; length];
        fill(&mut bytes)?;
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }
}

/// The same: there is no reason to be worse.
impl<T: Transport> insecure::Host for State<T> {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        random::Host::get_random_bytes(self, length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        random::Host::get_random_u64(self)
    }
}

impl<T: Transport> insecure_seed::Host for State<T> {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        let mut number = || random::Host::get_random_u64(self);
        Ok((number()?, number()?))
    }
}

fn fill(mut bytes: &mut [u8]) -> wasmtime::Result<()> {
    while !bytes.is_empty() {
        let count = getrandom(&mut *bytes, GetRandomFlags::empty())?;
        bytes = bytes.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}
