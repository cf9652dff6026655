//! What the host keeps for one instance of a plugin.

use rustix::rand::{GetRandomFlags, getrandom};
use tokio::time::Instant;
use wasmtime::StoreLimits;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks;
use wasmtime_wasi::p2::bindings::random::random;

use crate::bindings::monitoring::plugin::sockets;
use crate::error::LimitExceeded;
use crate::grants::Grants;
use crate::limits::Limits;

/// What the host keeps for one instance of a plugin.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) limits: StoreLimits,
    pub(crate) grants: Grants,
    /// When connections are used up at the latest.
    pub(crate) budget_end: Instant,
    /// When the plugin is stopped.
    pub(crate) stop_at: Instant,
    pub(crate) traffic_left: u64,
    clocks: WasiClocksCtx,
}

impl State {
    /// Nothing is granted yet, and there is time enough to say what the plugin is.
    pub(crate) fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.connections);
        Self {
            table,
            limits: limits.store_limits(),
            grants: Grants::default(),
            budget_end: now,
            stop_at: now + 4 * limits.grace,
            traffic_left: limits.traffic,
            clocks: WasiClocksCtx::default(),
        }
    }
}

/// Links what the world imports, and nothing else.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    sockets::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, clocks)?;
    random::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
}

/// The most random bytes that one call gives.
const RANDOM_LIMIT: u64 = 64 * 1024;

/// Randomness straight from the system: a check needs a few dozen bytes, and a generator of its own
/// for each instance costs more than that.
impl random::Host for State {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        if length > RANDOM_LIMIT {
            return Err(LimitExceeded("random bytes of one call").into());
        }
        let mut bytes = vec![0; usize::try_from(length)?];
        fill(&mut bytes)?;
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }
}

fn fill(mut bytes: &mut [u8]) -> wasmtime::Result<()> {
    while !bytes.is_empty() {
        let count = getrandom(&mut *bytes, GetRandomFlags::empty())?;
        bytes = bytes.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

fn clocks(state: &mut State) -> WasiClocksCtxView<'_> {
    WasiClocksCtxView {
        ctx: &mut state.clocks,
        table: &mut state.table,
    }
}
