//! Two programs in turns, and only runs that ended as expected.

use anyhow::Result;

use crate::process::{Cost, Program, Run};
use crate::scenario::Scenario;

/// Pairs that are run and checked but not counted: they fill the caches.
const WARM_UP: usize = 5;

/// Wrong runs after which a scenario is given up: each might last until its timeout.
const PATIENCE: usize = 3;

/// Two programs that are given the same task.
pub(crate) struct Contest {
    /// Our plugin.
    pub(crate) ours: Program,
    /// The C plugin.
    pub(crate) theirs: Program,
}

/// What the turns of one scenario gave.
#[derive(Default)]
pub(crate) struct Turns {
    /// What the two runs of each good pair cost, ours first.
    pub(crate) pairs: Vec<(Cost, Cost)>,
    /// One sentence for each run that did not end as expected.
    pub(crate) failures: Vec<String>,
}

impl Contest {
    /// Runs `pairs` pairs in turns, ours first, after a few that only warm up.
    pub(crate) fn play(&mut self, scenario: &Scenario, pairs: usize) -> Result<Turns> {
        let mut turns = Turns::default();
        for turn in 0..WARM_UP + pairs {
            let pair = (self.ours.run()?, self.theirs.run()?);
            turns.add(scenario, &pair, turn >= WARM_UP);
            if turns.failures.len() >= PATIENCE {
                break;
            }
        }
        Ok(turns)
    }
}

impl Turns {
    /// Keeps the costs of a pair that `counts` and whose runs both ended as expected.
    fn add(&mut self, scenario: &Scenario, (ours, theirs): &(Run, Run), counts: bool) {
        let failures = self.failures.len();
        self.failures
            .extend(difference(scenario, ours).map(|text| format!("ours: {text}")));
        self.failures
            .extend(difference(scenario, theirs).map(|text| format!("theirs: {text}")));
        if counts && self.failures.len() == failures {
            self.pairs.push((ours.cost, theirs.cost));
        }
    }
}

/// What is wrong with a run, if anything.
fn difference(scenario: &Scenario, run: &Run) -> Option<String> {
    if run.exit == Some(scenario.exit) && run.line.starts_with(scenario.line) {
        return None;
    }
    let exit = run
        .exit
        .map_or_else(|| "a signal".to_owned(), |code| format!("exit {code}"));
    Some(format!(
        "{exit} and {:?} instead of exit {} and {:?}",
        run.line, scenario.exit, scenario.line
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::peer::Peer;

    const SCENARIO: Scenario = Scenario {
        name: "test",
        peer: Peer::None,
        arguments: &[],
        exit: 2,
        line: "SMTP CRITICAL",
        time_target: None,
    };

    fn shell(script: &str) -> Program {
        Program::new(Path::new("/bin/sh"), ["-c", script])
    }

    fn play(ours: &str, theirs: &str, pairs: usize) -> Turns {
        let mut contest = Contest {
            ours: shell(ours),
            theirs: shell(theirs),
        };
        contest.play(&SCENARIO, pairs).expect("a shell")
    }

    #[test]
    fn good_runs_are_counted_without_the_warm_up() {
        let turns = play(
            "echo SMTP CRITICAL - a; exit 2",
            "echo SMTP CRITICAL - b; exit 2",
            4,
        );
        assert_eq!(turns.pairs.len(), 4);
        assert!(turns.failures.is_empty());
    }

    #[test]
    fn a_wrong_state_gives_the_scenario_up() {
        let turns = play(
            "echo SMTP CRITICAL; exit 2",
            "echo SMTP CRITICAL; exit 1",
            100,
        );
        assert!(turns.pairs.is_empty());
        assert_eq!(
            turns.failures,
            ["theirs: exit 1 and \"SMTP CRITICAL\" instead of exit 2 and \"SMTP CRITICAL\""; 3]
        );
    }

    #[test]
    fn a_wrong_line_is_a_failure_too() {
        let turns = play("echo SMTP OK; exit 2", "kill -9 $$", 100);
        assert_eq!(
            turns.failures[..2],
            [
                "ours: exit 2 and \"SMTP OK\" instead of exit 2 and \"SMTP CRITICAL\"",
                "theirs: a signal and \"\" instead of exit 2 and \"SMTP CRITICAL\"",
            ]
        );
    }
}
