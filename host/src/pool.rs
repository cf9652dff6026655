//! An engine for many checks at a time: memories, tables and stacks are set apart once and used again
//! and again. Each check finds them as new.

use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::Limits;
use crate::settings;

/// The most checks at a time: each has 4 GiB of address space set apart, and there are 128 TiB.
pub const CHECKS: usize = 16_000;

/// What a component may have of each to be run there.
const MEMORIES: u32 = 1;
const TABLES: u32 = 4;
const INSTANCES: u32 = 16;

/// A page of linear memory, in bytes.
const PAGE: u64 = 64 << 10;

/// How much of a used memory or table is cleaned by hand for the next check, and not given back to the
/// system, in bytes. It pays only where the system tells what has been used.
const KEPT: usize = 1 << 20;

/// An engine for so many checks at a time, at most [`CHECKS`]. It fails where the address space of
/// the process is limited.
pub fn engine(checks: usize, limits: &Limits) -> wasmtime::Result<Engine> {
    let checks = u32::try_from(checks.min(CHECKS))?;
    let pool = pool(checks, limits);
    let mut scanning = pool.clone();
    scanning
        .pagemap_scan(Enabled::Yes)
        .linear_memory_keep_resident(KEPT)
        .table_keep_resident(KEPT);
    // Linux has it from 6.7 on.
    Engine::new(&config(scanning, limits)).or_else(|_| Engine::new(&config(pool, limits)))
}

/// Whether a component needs no more memories and tables than such an engine has for it. Others run on
/// an engine without a pool.
#[must_use]
pub fn suits(component: &Component, limits: &Limits) -> bool {
    let Some(needs) = component.resources_required() else {
        return false;
    };
    let elements = needs.max_initial_table_size.unwrap_or_default();
    let pages = needs.max_initial_memory_size.unwrap_or_default();
    needs.num_memories <= MEMORIES
        && needs.num_tables <= TABLES
        && elements <= limits.table_elements as u64
        && pages.saturating_mul(PAGE) <= limits.memory as u64
}

fn config(pool: PoolingAllocationConfig, limits: &Limits) -> Config {
    let mut config = settings::config();
    settings::set_stack(&mut config, limits.stack);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn pool(checks: u32, limits: &Limits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(checks)
        .total_core_instances(checks.saturating_mul(INSTANCES))
        .total_memories(checks.saturating_mul(MEMORIES))
        .total_tables(checks.saturating_mul(TABLES))
        .total_stacks(checks)
        .max_core_instances_per_component(INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements)
        .max_unused_warm_slots(checks);
    pool
}
