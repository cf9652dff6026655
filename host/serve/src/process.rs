//! What this process uses, under the names that client libraries of Prometheus have for it.

use std::fs;

use sandcheck::exposition::{Family, Kind};

/// From /proc; nothing of what cannot be read there.
pub(crate) fn families() -> Vec<Family> {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let used = Stat::parse(&stat).unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let gauge = Family::gauge;
    let mut cpu = Family::new(
        "process_cpu_seconds",
        Kind::Counter,
        "Processor time, in seconds",
    );
    cpu.add(Vec::new(), used.cpu);
    let mut families = vec![
        cpu,
        gauge(
            "process_resident_memory_bytes",
            "Resident memory, in bytes",
            used.resident,
        ),
        gauge(
            "process_virtual_memory_bytes",
            "Address space, in bytes",
            used.virtual_memory,
        ),
        gauge("process_open_fds", "Open files", number(files)),
    ];
    if let Some(most) = max_files(&limits) {
        families.push(gauge("process_max_fds", "As many files may be open", most));
    }
    if let Some(start) = start_time(used.start) {
        let help = "When the process started, in seconds since 1970";
        families.push(gauge("process_start_time_seconds", help, start));
    }
    families
}

/// A count; there are no more than 2^52 of anything.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

#[derive(Default)]
struct Stat {
    /// Seconds.
    cpu: f64,
    /// Seconds after the machine's start.
    start: f64,
    /// Bytes.
    virtual_memory: f64,
    resident: f64,
}

impl Stat {
    /// `proc_pid_stat(5)`: behind the name, which is in parentheses, the third field follows.
    fn parse(stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let ticks = number(usize::try_from(rustix::param::clock_ticks_per_second()).ok()?);
        let page = number(rustix::param::page_size());
        Some(Self {
            cpu: (field(14)? + field(15)?) / ticks,
            start: field(22)? / ticks,
            virtual_memory: field(23)?,
            resident: field(24)? * page,
        })
    }
}

fn max_files(limits: &str) -> Option<f64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn start_time(after_boot: f64) -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let boot = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(boot.trim().parse::<f64>().ok()? + after_boot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_what_it_uses() {
        let names: Vec<_> = families().into_iter().map(|family| family.name).collect();
        for name in [
            "process_resident_memory_bytes",
            "process_max_fds",
            "process_start_time_seconds",
        ] {
            assert!(names.iter().any(|found| found == name), "{names:?}");
        }
        let fields: Vec<String> = (4..60).map(|number| number.to_string()).collect();
        let stat = Stat::parse(&format!("7 (a) b) S {}", fields.join(" "))).unwrap();
        assert!((stat.virtual_memory - 23.0).abs() < f64::EPSILON);
        assert!(Stat::parse("").is_none());
    }
}
