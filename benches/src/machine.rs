//! Where the figures come from.

use std::fs;
use std::thread;

/// The machine that measures.
pub(crate) struct Machine {
    /// Processors that this process may use.
    pub(crate) cores: usize,
    /// The kernel's name and release.
    pub(crate) kernel: String,
    /// The processor's model, as the kernel names it.
    pub(crate) processor: String,
}

impl Machine {
    /// This machine. What it does not tell is called unknown.
    pub(crate) fn current() -> Self {
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
            processor: model(&read("/proc/cpuinfo")),
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|_| "unknown".to_owned())
}

/// The first `model name` of a `/proc/cpuinfo`. Processors other than x86 have none.
fn model(cpuinfo: &str) -> String {
    cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == "model name")
        .map_or_else(
            || "unknown processor".to_owned(),
            |(_, name)| name.trim().to_owned(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_from_cpuinfo() {
        let text = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU @ 2.5 GHz\n\n";
        assert_eq!(model(text), "Some CPU @ 2.5 GHz");
        assert_eq!(
            model("processor\t: 0\nBogoMIPS\t: 50\n"),
            "unknown processor"
        );
    }
}
