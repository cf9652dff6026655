//! What one run of a plugin may use, and what compiling it may.
//!
//! One table, [`ENTRIES`], gives each limit its name, which stands in policies and in messages, its
//! unit and its meaning.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;

/// The bounds of one run. Each default is several times what a check needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Entries of each table.
    pub table_elements: usize,
    /// Core instances, memories and tables, each.
    pub instances: usize,
    /// The stack of the plugin's own code, in bytes. It belongs to the engine's settings.
    pub stack: usize,
    /// Processor time of a run, from its first instruction.
    pub cpu: Duration,
    /// Processor time until the plugin has told what it is.
    pub start: Duration,
    /// The longest time budget of a run, whatever its command line asks for.
    pub time: Duration,
    /// Processor time for the report once the time budget is used up.
    pub grace: Duration,
    /// Connections that are open at once.
    pub connections: usize,
    /// Connections that are asked for, refused ones included.
    pub connects: usize,
    /// Names and records that are looked up.
    pub look_ups: usize,
    /// Bytes that one call carries between plugin and host: arguments, data, the report.
    pub call: usize,
    /// Bytes sent and received over all connections.
    pub traffic: u64,
    /// Options of a manifest.
    pub options: usize,
    /// Lines of a report.
    pub lines: usize,
    /// Metrics of a report.
    pub metrics: usize,
    /// The name of a metric, in characters.
    pub label: usize,
    /// A text of a report, in bytes.
    pub text: usize,
    /// A component's file, in bytes.
    pub component_size: u64,
    /// How long compiling a component may take.
    pub compile_time: Duration,
    /// The address space of the process that compiles a component, in bytes.
    pub compile_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 32 << 20,
            table_elements: 20_000,
            instances: 20,
            stack: 512 << 10,
            cpu: Duration::from_secs(5),
            start: Duration::from_secs(1),
            time: Duration::from_mins(10),
            grace: Duration::from_millis(150),
            connections: 8,
            connects: 32,
            look_ups: 64,
            call: 1 << 20,
            traffic: 16 << 20,
            options: 250,
            lines: 5000,
            metrics: 1000,
            label: 128,
            text: 256 << 10,
            component_size: 32 << 20,
            compile_time: Duration::from_mins(1),
            compile_memory: 512 << 20,
        }
    }
}

impl Limits {
    /// The error that says that this limit was exceeded.
    #[must_use]
    pub fn exceeded(&self, name: &'static str) -> LimitExceeded {
        let entry = ENTRIES.iter().find(|entry| entry.name == name);
        let value = entry.map_or_else(String::new, |entry| entry.show(self));
        LimitExceeded { name, value }
    }

    /// Fails when there is more of something than its limit.
    pub(crate) fn check(&self, name: &'static str, found: usize) -> Result<(), LimitExceeded> {
        let entry = ENTRIES.iter().find(|entry| entry.name == name);
        match entry {
            Some(entry) if found as u64 > (entry.value)(self) => Err(self.exceeded(name)),
            _ => Ok(()),
        }
    }
}

/// A limit that was exceeded; ends the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Its name, as in a policy.
    pub name: &'static str,
    /// Its value, as in a policy.
    pub value: String,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit {} = {}", self.name, self.value)
    }
}

impl std::error::Error for LimitExceeded {}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pieces.
    Count,
    /// Bytes; in a policy `32MiB`, or a plain number.
    Bytes,
    /// A time span, kept in milliseconds; in a policy `250ms`, `5s`, `10m`.
    Time,
}

impl Unit {
    /// A value as a policy writes it.
    #[must_use]
    pub fn show(self, value: u64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Bytes => ByteSize::b(value).display().iec().to_string(),
            Self::Time => humantime::format_duration(Duration::from_millis(value)).to_string(),
        }
    }
}

/// One limit: how it is called, counted and kept.
pub struct Entry {
    /// Its name in policies and messages.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What it bounds, in a few words.
    pub meaning: &'static str,
    /// The least that a plugin can live with.
    pub least: u64,
    /// The most that this host can give.
    pub most: u64,
    /// Its value; times in milliseconds.
    pub value: fn(&Limits) -> u64,
    /// Sets its value; times in milliseconds.
    pub set: fn(&mut Limits, u64),
}

impl Entry {
    /// The value as a policy writes it.
    #[must_use]
    pub fn show(&self, limits: &Limits) -> String {
        self.unit.show((self.value)(limits))
    }
}

macro_rules! entry {
    ($name:literal, Time, $field:ident, $least:expr, $most:expr, $meaning:literal) => {
        Entry {
            name: $name,
            unit: Unit::Time,
            meaning: $meaning,
            least: $least,
            most: $most,
            value: |limits| u64::try_from(limits.$field.as_millis()).unwrap_or(u64::MAX),
            set: |limits, value| limits.$field = Duration::from_millis(value),
        }
    };
    ($name:literal, $unit:ident, $field:ident, $least:expr, $most:expr, $meaning:literal) => {
        Entry {
            name: $name,
            unit: Unit::$unit,
            meaning: $meaning,
            least: $least,
            most: $most,
            value: |limits| u64::try_from(limits.$field).unwrap_or(u64::MAX),
            set: |limits, value| limits.$field = value.try_into().unwrap_or(!0),
        }
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const SECOND: u64 = 1000;
const DAY: u64 = 24 * 3600 * SECOND;

/// All limits.
pub const ENTRIES: [Entry; 21] = [
    entry!("memory", Bytes, memory, 64 * KIB, 4 * GIB, "linear memory"),
    entry!(
        "table-elements",
        Count,
        table_elements,
        0,
        10_000_000,
        "entries of tables"
    ),
    entry!(
        "instances",
        Count,
        instances,
        1,
        10_000,
        "core instances, memories, tables, each"
    ),
    entry!(
        "stack",
        Bytes,
        stack,
        64 * KIB,
        64 * MIB,
        "stack of the plugin's code"
    ),
    entry!("cpu", Time, cpu, 1, DAY, "processor time of a run"),
    entry!(
        "start",
        Time,
        start,
        1,
        DAY,
        "processor time until the plugin has told what it is"
    ),
    entry!(
        "time",
        Time,
        time,
        SECOND,
        DAY,
        "longest time budget of a run"
    ),
    entry!(
        "grace",
        Time,
        grace,
        1,
        DAY,
        "processor time for the report after the time budget"
    ),
    entry!(
        "connections",
        Count,
        connections,
        0,
        10_000,
        "connections open at once"
    ),
    entry!(
        "connects",
        Count,
        connects,
        0,
        1_000_000,
        "connections asked for"
    ),
    entry!(
        "look-ups",
        Count,
        look_ups,
        0,
        1_000_000,
        "names and records looked up"
    ),
    entry!(
        "call",
        Bytes,
        call,
        4 * KIB,
        GIB,
        "bytes of one call between plugin and host"
    ),
    entry!(
        "traffic",
        Bytes,
        traffic,
        0,
        1024 * GIB,
        "bytes sent and received"
    ),
    entry!(
        "options",
        Count,
        options,
        0,
        100_000,
        "options of the plugin"
    ),
    entry!("lines", Count, lines, 1, 10_000_000, "lines of the report"),
    entry!(
        "metrics",
        Count,
        metrics,
        0,
        10_000_000,
        "metrics of the report"
    ),
    entry!(
        "label",
        Count,
        label,
        1,
        100_000,
        "characters of a metric's name"
    ),
    entry!(
        "text",
        Bytes,
        text,
        64,
        GIB,
        "bytes of a line of the report"
    ),
    entry!(
        "component-size",
        Bytes,
        component_size,
        KIB,
        GIB,
        "size of a component's file"
    ),
    entry!(
        "compile-time",
        Time,
        compile_time,
        1,
        DAY,
        "time to compile a component"
    ),
    entry!(
        "compile-memory",
        Bytes,
        compile_memory,
        64 * MIB,
        1024 * GIB,
        "address space to compile a component in"
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_shown_as_a_policy_writes_them() {
        let limits = Limits::default();
        for (name, shown) in [
            ("memory", "the limit memory = 32.0 MiB"),
            ("cpu", "the limit cpu = 5s"),
            ("grace", "the limit grace = 150ms"),
            ("connects", "the limit connects = 32"),
        ] {
            assert_eq!(limits.exceeded(name).to_string(), shown);
        }
    }

    #[test]
    fn every_limit_can_be_set_and_is_its_own() {
        for (at, entry) in ENTRIES.iter().enumerate() {
            let mut limits = Limits::default();
            (entry.set)(&mut limits, 7_777);
            assert_eq!((entry.value)(&limits), 7_777, "{}", entry.name);
            let others = ENTRIES.iter().enumerate().filter(|(other, _)| *other != at);
            for (_, other) in others {
                let default = (other.value)(&Limits::default());
                assert_eq!(
                    (other.value)(&limits),
                    default,
                    "{} and {}",
                    entry.name,
                    other.name
                );
            }
        }
    }

    #[test]
    fn a_limit_is_what_is_still_allowed() {
        let limits = Limits::default();
        assert!(limits.check("connects", 32).is_ok());
        assert_eq!(
            limits.check("connects", 33),
            Err(limits.exceeded("connects"))
        );
    }
}
