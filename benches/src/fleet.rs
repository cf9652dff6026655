//! Many checks in one process: `sandcheck batch` against the C plugin, started for each check, and
//! against a client in Rust without a sandbox.
//!
//! All that a process used is counted, its children too. Processes take turns, round by round; what is
//! reported are medians over the rounds.

mod crowd;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::options::{Programs, Size};
use crate::peer::Peer;
use crate::process::Program;
use crate::statistics::Summary;

/// Checks at a time.
const CONCURRENCY: usize = 100;

/// A figure of the fleet, with what it is held against.
pub(crate) struct Figure {
    /// What is measured.
    pub(crate) name: &'static str,
    /// In what.
    pub(crate) unit: &'static str,
    /// Ours.
    pub(crate) ours: Summary,
    /// Whose figure it is compared with, and what that is; without it, the target is in the unit.
    pub(crate) theirs: Option<(&'static str, Summary)>,
    /// The most that we want to see, as a ratio or in the unit.
    pub(crate) target: f64,
}

impl Figure {
    /// What the target bounds.
    pub(crate) fn value(&self) -> f64 {
        match &self.theirs {
            Some((_, theirs)) => self.ours.ratio_to(theirs),
            None => self.ours.median,
        }
    }

    /// Whether the figure, as it is shown, is no higher than the target.
    pub(crate) fn target_is_met(&self) -> bool {
        (self.value() * 1000.0).round() <= (self.target * 1000.0).round()
    }
}

/// One kind of session.
struct Session {
    peer: Peer,
    arguments: &'static [&'static str],
    checks: usize,
    /// Checks of the C plugin, of which each is a process.
    forks: usize,
    against_c: (&'static str, f64),
    against_native: (&'static str, f64),
}

/// All that is known of a fleet, and what went wrong.
pub(crate) fn measure(programs: &Programs, size: &Size) -> (Vec<Figure>, Vec<String>) {
    let sessions = [
        Session {
            peer: Peer::Plain,
            arguments: &[],
            checks: size.plain_checks,
            forks: 40,
            against_c: ("plain check", 1.0 / 30.0),
            against_native: ("plain check", 1.5),
        },
        Session {
            peer: Peer::Tls("rsa2048"),
            arguments: &["-S"],
            checks: size.tls_checks,
            forks: 20,
            against_c: ("STARTTLS check", 0.1),
            against_native: ("STARTTLS check", 2.2),
        },
    ];
    let mut figures = Vec::new();
    let mut failures = Vec::new();
    for session in &sessions {
        eprintln!(
            "{} in a fleet: {} rounds",
            session.against_c.0, size.fleet_rounds
        );
        match session.measure(programs, size.fleet_rounds) {
            Ok(found) => figures.extend(found),
            Err(error) => failures.push(format!("{}: {error:#}", session.against_c.0)),
        }
    }
    figures.extend(instance());
    match crowd::measure(programs, size) {
        Ok(found) => figures.extend(found),
        Err(error) => failures.push(format!("crowd: {error:#}")),
    }
    (figures, failures)
}

impl Session {
    /// Processor time of a check, in microseconds.
    fn measure(&self, programs: &Programs, rounds: usize) -> Result<[Figure; 2]> {
        let endpoint = self.peer.start(&programs.server)?;
        let port = endpoint
            .port()
            .context("the server has no port")?
            .to_string();
        let arguments: Vec<_> = endpoint
            .arguments()
            .into_iter()
            .chain(self.arguments.iter().map(ToString::to_string))
            .collect();
        let batch = Batch::new(programs, &arguments, self.checks, CONCURRENCY)?;
        let (checks, concurrency) = (self.checks.to_string(), CONCURRENCY.to_string());
        let words = [port.as_str(), &checks, &concurrency];
        let words = words
            .iter()
            .chain(self.peer.native_words().unwrap_or_default());
        let mut native = Program::new(&programs.native, words);
        let mut theirs = Program::new(&programs.theirs, &arguments);
        // Compiles the component, and fills the caches.
        batch.run(0)?;
        let (mut our_costs, mut their_costs, mut native_costs) = (vec![], vec![], vec![]);
        for _ in 0..rounds {
            our_costs.push(batch.run(0)?);
            let run = native.run()?;
            ensure!(run.exit == Some(0), "sessions of the native client failed");
            native_costs.push(per_check(run.cost.processor, self.checks));
            let mut sum = 0.0;
            for _ in 0..self.forks {
                let run = theirs.run()?;
                ensure!(run.exit == Some(0), "the C plugin says {:?}", run.line);
                sum += run.cost.processor;
            }
            their_costs.push(per_check(sum, self.forks));
        }
        let (ours, theirs) = (summary(our_costs)?, summary(their_costs)?);
        let native = summary(native_costs)?;
        let figure = |(name, target), against, theirs| Figure {
            name,
            unit: "us CPU",
            ours,
            theirs: Some((against, theirs)),
            target,
        };
        Ok([
            figure(self.against_c, "C plugin", theirs),
            figure(self.against_native, "native", native),
        ])
    }
}

/// `sandcheck batch` with the same check again and again.
struct Batch {
    orders: tempfile::NamedTempFile,
    program: PathBuf,
    words: Vec<String>,
    checks: usize,
}

impl Batch {
    fn new(
        programs: &Programs,
        arguments: &[String],
        checks: usize,
        concurrency: usize,
    ) -> Result<Self> {
        let order = serde_json::json!({ "plugin": programs.component, "arguments": arguments });
        let mut orders = tempfile::NamedTempFile::new()?;
        orders.write_all(format!("{order}\n").repeat(checks).as_bytes())?;
        let cache = programs.cache.display().to_string();
        let concurrency = concurrency.to_string();
        let words = ["batch", "--concurrency", &concurrency, "--cache", &cache];
        Ok(Self {
            orders,
            program: programs.sandcheck.clone(),
            words: words.map(String::from).to_vec(),
            checks,
        })
    }

    fn orders(&self) -> Result<File> {
        Ok(File::open(self.orders.path())?)
    }

    /// Processor time of a check, in microseconds. Each has to end with this exit code.
    fn run(&self, exit_code: u8) -> Result<f64> {
        let mut program = Program::new(&self.program, &self.words);
        let run = program.reads(self.orders()?).run()?;
        let wanted = format!("\"exit_code\":{exit_code},");
        let good = run
            .output
            .lines()
            .filter(|line| line.contains(&wanted))
            .count();
        ensure!(
            run.exit == Some(0) && good == self.checks,
            "{} of {} checks did not end as expected, the first line is {:?}",
            self.checks - good,
            self.checks,
            run.line
        );
        Ok(per_check(run.cost.processor, self.checks))
    }
}

/// Milliseconds of many checks as microseconds of one.
fn per_check(milliseconds: f64, checks: usize) -> f64 {
    let checks = u32::try_from(checks).unwrap_or(u32::MAX);
    milliseconds * 1e3 / f64::from(checks)
}

fn summary(values: Vec<f64>) -> Result<Summary> {
    Summary::of(values).context("nothing was measured")
}

/// What criterion found for an instance that is made and dropped, if it was run.
fn instance() -> Option<Figure> {
    let estimates = Path::new("target/criterion/instance_made and dropped/new/estimates.json");
    let text = std::fs::read_to_string(estimates).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    let median = estimates.get("median")?;
    let microseconds = |value: &serde_json::Value| Some(value.as_f64()? / 1e3);
    let interval = median.get("confidence_interval")?;
    Some(Figure {
        name: "instance made and dropped",
        unit: "us",
        ours: Summary {
            p25: microseconds(interval.get("lower_bound")?)?,
            median: microseconds(median.get("point_estimate")?)?,
            p75: microseconds(interval.get("upper_bound")?)?,
        },
        theirs: None,
        target: 13.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_bounds_a_ratio_or_the_figure_itself() {
        let mut figure = Figure {
            name: "x",
            unit: "us",
            ours: Summary::flat(30.0),
            theirs: Some(("native", Summary::flat(20.0))),
            target: 1.5,
        };
        assert!(figure.target_is_met());
        figure.theirs = None;
        assert!(!figure.target_is_met());
        figure.target = 30.0;
        assert!(figure.target_is_met());
    }

    #[test]
    fn costs_are_per_check() {
        assert!((per_check(10.0, 4) - 2500.0).abs() < 1e-9);
    }
}
