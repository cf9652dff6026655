//! All scenarios, measured and summed up.

use std::path::Path;

use anyhow::Result;

use crate::contest::{Contest, Turns};
use crate::machine::Machine;
use crate::options::Programs;
use crate::process::{Cost, Program};
use crate::scenario::{MEMORY_TARGET, SCENARIOS, Scenario};
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
    /// Pairs of runs asked for, for each scenario.
    pub(crate) pairs: usize,
    /// What a program that does nothing costs: the least that each measure can show.
    pub(crate) floor: Vec<(Measure, Summary)>,
    /// The scenarios in their order.
    pub(crate) scenarios: Vec<Outcome>,
}

/// What one scenario gave.
pub(crate) struct Outcome {
    /// The scenario.
    pub(crate) scenario: &'static Scenario,
    /// Good pairs: those that the comparisons come from.
    pub(crate) pairs: usize,
    /// One for each measure, or none when no pair was good.
    pub(crate) comparisons: Vec<Comparison>,
    /// What the wrong runs did.
    pub(crate) failures: Vec<String>,
}

/// Ours against theirs in one measure.
pub(crate) struct Comparison {
    /// What is compared.
    pub(crate) measure: Measure,
    /// Our plugin's figures.
    pub(crate) ours: Summary,
    /// The C plugin's figures.
    pub(crate) theirs: Summary,
    /// The highest ratio that we want to see.
    pub(crate) target: Option<f64>,
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

/// Runs every scenario, with a line on standard error before each.
pub(crate) fn measure(programs: Programs, pairs: usize) -> Result<Report> {
    let versions = [version(&programs.ours)?, version(&programs.theirs)?];
    let mut scenarios = Vec::new();
    for scenario in SCENARIOS {
        eprintln!("{}: {pairs} pairs", scenario.name);
        scenarios.push(outcome(scenario, &programs, pairs)?);
    }
    // Last, since our own high-water mark of memory, which is in it, only rises.
    let floor = floor(pairs)?;
    Ok(Report {
        machine: Machine::current(),
        programs,
        versions,
        pairs,
        floor,
        scenarios,
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

fn outcome(scenario: &'static Scenario, programs: &Programs, pairs: usize) -> Result<Outcome> {
    let endpoint = scenario.peer.start(&programs.server)?;
    let arguments = [
        endpoint.arguments(),
        scenario.arguments.iter().map(ToString::to_string).collect(),
    ]
    .concat();
    let mut contest = Contest {
        ours: Program::new(&programs.ours, &arguments),
        theirs: Program::new(&programs.theirs, &arguments),
    };
    Ok(Outcome::new(scenario, contest.play(scenario, pairs)?))
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
        let pairs = turns.pairs.len();
        let (ours, theirs): (Vec<Cost>, Vec<Cost>) = turns.pairs.into_iter().unzip();
        let comparisons = Measure::ALL
            .into_iter()
            .filter_map(|measure| Comparison::new(measure, scenario, &ours, &theirs))
            .collect();
        Self {
            scenario,
            pairs,
            comparisons,
            failures: turns.failures,
        }
    }
}

impl Comparison {
    fn new(measure: Measure, scenario: &Scenario, ours: &[Cost], theirs: &[Cost]) -> Option<Self> {
        Some(Self {
            measure,
            ours: measure.summary(ours)?,
            theirs: measure.summary(theirs)?,
            target: measure.target(scenario),
        })
    }

    /// Ours in parts of theirs, by their medians.
    pub(crate) fn ratio(&self) -> f64 {
        self.ours.ratio_to(&self.theirs)
    }

    /// Whether the ratio, as it is shown, is no higher than the target.
    pub(crate) fn target_is_met(&self) -> Option<bool> {
        self.target
            .map(|target| (self.ratio() * 100.0).round() <= (target * 100.0).round())
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

    fn target(self, scenario: &Scenario) -> Option<f64> {
        match self {
            Self::Wall | Self::Processor => scenario.time_target,
            Self::Memory => Some(MEMORY_TARGET),
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

    fn summary(median: f64) -> Summary {
        Summary {
            p25: median,
            median,
            p75: median,
        }
    }

    fn comparison(ours: f64, theirs: f64, target: Option<f64>) -> Comparison {
        Comparison {
            measure: Measure::Memory,
            ours: summary(ours),
            theirs: summary(theirs),
            target,
        }
    }

    #[test]
    fn a_target_is_judged_by_the_ratio_that_is_shown() {
        assert_eq!(
            comparison(0.704, 1.0, Some(0.70)).target_is_met(),
            Some(true)
        );
        assert_eq!(
            comparison(0.706, 1.0, Some(0.70)).target_is_met(),
            Some(false)
        );
        assert_eq!(comparison(0.1, 1.0, None).target_is_met(), None);
    }

    #[test]
    fn a_comparison_needs_costs() {
        let scenario = &SCENARIOS[0];
        let costs = [Cost {
            wall: 2.0,
            processor: 1.0,
            memory: 3.5,
        }];
        assert!(Comparison::new(Measure::Wall, scenario, &[], &[]).is_none());
        let found = Comparison::new(Measure::Processor, scenario, &costs, &costs);
        assert_eq!(found.map(|found| found.ours), Some(summary(1.0)));
    }

    #[test]
    fn only_memory_can_be_at_the_floor() {
        let floor = [
            (Measure::Wall, summary(9.0)),
            (Measure::Memory, summary(2.0)),
        ];
        let memory = comparison(2.05, 3.5, None);
        let wall = Comparison {
            measure: Measure::Wall,
            ..comparison(2.05, 3.5, None)
        };
        assert!(is_at_floor(&floor, &memory));
        assert!(!is_at_floor(&floor, &comparison(3.4, 3.5, None)));
        assert!(!is_at_floor(&floor, &wall));
    }
}
