//! What one run of a plugin may use.

use std::time::Duration;

use wasmtime::{StoreLimits, StoreLimitsBuilder};

/// The bounds of one run. Each default is several times what a check needs.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Entries of a table.
    pub table_elements: usize,
    /// Core instances, memories and tables, each.
    pub instances: usize,
    /// Connections that are open at once.
    pub connections: usize,
    /// Bytes that one call carries between plugin and host: arguments, data, the report.
    pub call: usize,
    /// Bytes sent and received over all connections.
    pub traffic: u64,
    /// How long a plugin may take to describe itself, and to finish when its time is used up.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 32 << 20,
            table_elements: 20_000,
            instances: 20,
            connections: 8,
            call: 1 << 20,
            traffic: 16 << 20,
            grace: Duration::from_millis(250),
        }
    }
}

impl Limits {
    pub(crate) fn store_limits(&self) -> StoreLimits {
        StoreLimitsBuilder::new()
            .memory_size(self.memory)
            .table_elements(self.table_elements)
            .instances(self.instances)
            .memories(self.instances)
            .tables(self.instances)
            .trap_on_grow_failure(true)
            .build()
    }
}
