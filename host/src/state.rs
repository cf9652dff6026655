//! What the host keeps for one instance of a plugin.

use tokio::time::Instant;
use wasmtime::StoreLimits;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::{clocks, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomCtx};

use crate::bindings::monitoring::plugin::sockets;
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
    random: WasiRandomCtx,
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
            random: WasiRandomCtx::default(),
        }
    }
}

/// Links what the world imports, and nothing else.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    sockets::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, clocks)?;
    random::random::add_to_linker::<State, WasiRandom>(linker, |state| &mut state.random)
}

fn clocks(state: &mut State) -> WasiClocksCtxView<'_> {
    WasiClocksCtxView { ctx: &mut state.clocks, table: &mut state.table }
}
