//! All scenarios, measured and summed up.

use std::path::Path;

use anyhow::Result;

use crate::contest::{Contest, Round, Turns};
use crate::fleet::{self, Figure};
use crate::machine::Machine;
use crate::options::{Programs, Size};
use crate::peer::Endpoint;
use crate::process::{self, Cost, Program};
use crate::scenario::{SCENARIOS, Scenario};
use crate::statistics::Summary;

/// Readings up to this part of the floor are called at the floor.
const FLOOR_MARGIN: f64 = 1.05;

/// Everything that a measurement found.
pub(crate) struct Report {
    /// Where it was measured.
    pub(crate) machine: Machine,
    /// What was measured.
    pub(crate) programs: Programs,
    /// What our plugin and the C plugin answer to `-V`.
    pub(crate) versions: [String; 2],
    /// What the stock runtime calls itself, where there is one.
    pub(crate) runtime: String,
    /// Rounds asked for, for each scenario.
    pub(crate) rounds: usize,
    /// What a program that does nothing costs: the least that each measure can show.
    pub(crate) floor: Vec<(Measure, Summary)>,
    /// The scenarios in their order.
    pub(crate) scenarios: Vec<Outcome>,
    /// Many checks in one process.
    pub(crate) fleet: Vec<Figure>,
    /// What went wrong with that.
    pub(crate) fleet_failures: Vec<String>,
}

/// What one scenario gave.
pub(crate) struct Outcome {
    /// The scenario.
    pub(crate) scenario: &'static Scenario,
    /// Good rounds: those that the comparisons come from.
    pub(crate) rounds: usize,
    /// One for each measure, or none when no round was good.
    pub(crate) comparisons: Vec<Comparison>,
    /// What the wrong runs did.
    pub(crate) failures: Vec<String>,
}

const NO_RUNTIME: &str = "a wasmtime, which is not here,";

/// Ours against theirs in one measure.
pub(crate) struct Comparison {
    /// What is compared.
    pub(crate) measure: Measure,
    /// Our plugin's figures.
    pub(crate) ours: Summary,
    /// The C plugin's figures.
    pub(crate) theirs: Summary,
    /// The native client's figures.
    pub(crate) native: Option<Summary>,
    /// The figures of our plugin under a stock runtime.
    pub(crate) stock: Option<Summary>,
    /// The highest ratio that we want to see.
    pub(crate) target: f64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    /// Wall time.
    Wall,
    /// User and system time.
    Processor,
    /// The largest resident set.
    Memory,
}

/// Runs everything, with a line on standard error before each part.
pub(crate) fn measure(programs: Programs, size: &Size) -> Result<Report> {
    let rounds = size.rounds;
    let versions = [version(&programs.ours)?, version(&programs.theirs)?];
    let runtime = match &programs.stock {
        Some(stock) => stock.version()?,
        None => NO_RUNTIME.to_owned(),
    };
    for program in [&programs.ours, &programs.theirs, &programs.native] {
        process::read_anew(program)?;
    }
    let mut scenarios = Vec::new();
    for scenario in SCENARIOS {
        eprintln!("{}: {rounds} rounds", scenario.name);
        scenarios.push(outcome(scenario, &programs, rounds)?);
    }
    // After them, since our own high-water mark of memory, which is in it, only rises.
    let floor = floor(rounds)?;
    let (fleet, fleet_failures) = fleet::measure(&programs, size);
    Ok(Report {
        machine: Machine::current(),
        programs,
        versions,
        runtime,
        rounds,
        floor,
        scenarios,
        fleet,
        fleet_failures,
    })
}

fn version(plugin: &Path) -> Result<String> {
    Ok(Program::new(plugin, ["-V"]).run()?.line)
}

/// The cost of `/bin/true`, which shows what the measurement itself adds.
fn floor(runs: usize) -> Result<Vec<(Measure, Summary)>> {
    let mut program = Program::new(Path::new("/bin/true"), [""; 0]);
    let runs: Result<Vec<Cost>> = (0..runs).map(|_| Ok(program.run()?.cost)).collect();
    let runs = runs?;
    Ok(Measure::ALL
        .into_iter()
        .filter_map(|m| Some((m, m.summary(&runs)?)))
        .collect())
}

fn outcome(scenario: &'static Scenario, programs: &Programs, rounds: usize) -> Result<Outcome> {
    let endpoint = scenario.peer.start(&programs.server)?;
    let arguments = [
        endpoint.arguments(),
        scenario.arguments.iter().map(ToString::to_string).collect(),
    ]
    .concat();
    let mut contest = Contest {
        ours: Program::new(&programs.ours, &arguments),
        theirs: Program::new(&programs.theirs, &arguments),
        native: native(scenario, &endpoint, programs),
        stock: programs
            .stock
            .as_ref()
            .map(|stock| stock.program(&arguments)),
    };
    Ok(Outcome::new(scenario, contest.play(scenario, rounds)?))
}

/// One session of the native client.
fn native(scenario: &Scenario, endpoint: &Endpoint, programs: &Programs) -> Option<Program> {
    let words = scenario.peer.native_words()?;
    let port = endpoint.port()?.to_string();
    let numbers = [port.as_str(), "1", "1"];
    Some(Program::new(&programs.native, numbers.iter().chain(words)))
}

impl Report {
    /// Whether a reading may be the measurement's own and not the plugin's.
    pub(crate) fn is_at_floor(&self, comparison: &Comparison) -> bool {
        is_at_floor(&self.floor, comparison)
    }
}

fn is_at_floor(floor: &[(Measure, Summary)], comparison: &Comparison) -> bool {
    let least = comparison.ours.median.min(comparison.theirs.median);
    comparison.measure == Measure::Memory
        && floor.iter().any(|(measure, floor)| {
            *measure == Measure::Memory && least <= floor.median * FLOOR_MARGIN
        })
}

impl Outcome {
    fn new(scenario: &'static Scenario, turns: Turns) -> Self {
        let comparisons = Measure::ALL
            .into_iter()
            .filter_map(|measure| Comparison::new(measure, scenario, &turns.rounds))
            .collect();
        Self {
            scenario,
            rounds: turns.rounds.len(),
            comparisons,
            failures: turns.failures,
        }
    }
}

impl Comparison {
    fn new(measure: Measure, scenario: &Scenario, rounds: &[Round]) -> Option<Self> {
        let ours: Vec<_> = rounds.iter().map(|round| round.ours).collect();
        let theirs: Vec<_> = rounds.iter().map(|round| round.theirs).collect();
        let native: Vec<_> = rounds.iter().filter_map(|round| round.native).collect();
        let stock: Vec<_> = rounds.iter().filter_map(|round| round.stock).collect();
        Some(Self {
            measure,
            ours: measure.summary(&ours)?,
            theirs: measure.summary(&theirs)?,
            native: measure.summary(&native),
            stock: measure.summary(&stock),
            target: measure.target(scenario),
        })
    }

    /// Ours in parts of theirs, by their medians.
    pub(crate) fn ratio(&self) -> f64 {
        self.ours.ratio_to(&self.theirs)
    }

    /// Whether the ratio, as it is shown, is no higher than the target.
    pub(crate) fn target_is_met(&self) -> bool {
        (self.ratio() * 100.0).round() <= (self.target * 100.0).round()
    }
}

impl Measure {
    const ALL: [Self; 3] = [Self::Wall, Self::Processor, Self::Memory];

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Processor => "CPU",
            Self::Memory => "memory",
        }
    }

    /// The unit of its values.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Wall | Self::Processor => "ms",
            Self::Memory => "MiB",
        }
    }

    fn target(self, scenario: &Scenario) -> f64 {
        match self {
            Self::Wall => scenario.targets.wall,
            Self::Processor => scenario.targets.processor,
            Self::Memory => scenario.targets.memory,
        }
    }

    fn summary(self, costs: &[Cost]) -> Option<Summary> {
        Summary::of(costs.iter().map(|cost| self.value(cost)).collect())
    }

    fn value(self, cost: &Cost) -> f64 {
        match self {
            Self::Wall => cost.wall,
            Self::Processor => cost.processor,
            Self::Memory => cost.memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(ours: f64, theirs: f64, target: f64) -> Comparison {
        Comparison {
            measure: Measure::Memory,
            ours: Summary::flat(ours),
            theirs: Summary::flat(theirs),
            native: None,
            stock: None,
            target,
        }
    }

    #[test]
    fn a_target_is_judged_by_the_ratio_that_is_shown() {
        assert!(comparison(0.704, 1.0, 0.70).target_is_met());
        assert!(!comparison(0.706, 1.0, 0.70).target_is_met());
    }

    #[test]
    fn a_comparison_needs_costs() {
        let scenario = &SCENARIOS[0];
        let cost = Cost {
            wall: 2.0,
            processor: 1.0,
            memory: 3.5,
        };
        let round = Round {
            ours: cost,
            theirs: cost,
            native: None,
            stock: None,
        };
        assert!(Comparison::new(Measure::Wall, scenario, &[]).is_none());
        let found = Comparison::new(Measure::Processor, scenario, &[round, round]);
        let found = found.expect("two rounds");
        assert_eq!((found.ours, found.native), (Summary::flat(1.0), None));
    }

    #[test]
    fn only_memory_can_be_at_the_floor() {
        let floor = [
            (Measure::Wall, Summary::flat(9.0)),
            (Measure::Memory, Summary::flat(2.0)),
        ];
        let memory = comparison(2.05, 3.5, 1.0);
        let wall = Comparison {
            measure: Measure::Wall,
            ..comparison(2.05, 3.5, 1.0)
        };
        assert!(is_at_floor(&floor, &memory));
        assert!(!is_at_floor(&floor, &comparison(3.4, 3.5, 1.0)));
        assert!(!is_at_floor(&floor, &wall));
    }
}
