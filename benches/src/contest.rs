//! Programs in turns, and only rounds in which all of them ended as expected.

use anyhow::Result;

use crate::process::{Cost, Program, Run};
use crate::scenario::Scenario;

/// Rounds that are run and checked but not counted: they fill the caches.
const WARM_UP: usize = 5;

/// Wrong runs after which a scenario is given up: each might last until its timeout.
const PATIENCE: usize = 3;

/// Programs that are given the same task.
pub(crate) struct Contest {
    /// Our plugin.
    pub(crate) ours: Program,
    /// The C plugin.
    pub(crate) theirs: Program,
    /// The client without a sandbox, where it can do the task.
    pub(crate) native: Option<Program>,
    /// Our plugin as a command of a stock runtime, where there is one.
    pub(crate) stock: Option<Program>,
}

/// What one round cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// Our plugin.
    pub(crate) ours: Cost,
    /// The C plugin.
    pub(crate) theirs: Cost,
    /// The client without a sandbox.
    pub(crate) native: Option<Cost>,
    /// Our plugin as a command of a stock runtime.
    pub(crate) stock: Option<Cost>,
}

/// What the turns of one scenario gave.
#[derive(Default)]
pub(crate) struct Turns {
    /// What each good round cost.
    pub(crate) rounds: Vec<Round>,
    /// One sentence for each run that did not end as expected.
    pub(crate) failures: Vec<String>,
}

impl Contest {
    /// Runs `rounds` rounds, ours first, after a few that only warm up.
    pub(crate) fn play(&mut self, scenario: &Scenario, rounds: usize) -> Result<Turns> {
        let mut turns = Turns::default();
        for turn in 0..WARM_UP + rounds {
            let (ours, theirs) = (self.ours.run()?, self.theirs.run()?);
            let native = self.native.as_mut().map(Program::run).transpose()?;
            let stock = self.stock.as_mut().map(Program::run).transpose()?;
            let stock_failure = stock.as_ref().and_then(|run| difference(scenario, run));
            let failures = [
                difference(scenario, &ours).map(|text| format!("ours: {text}")),
                difference(scenario, &theirs).map(|text| format!("theirs: {text}")),
                native.as_ref().and_then(native_failure),
                stock_failure.map(|text| format!("stock runtime: {text}")),
            ];
            let failures: Vec<_> = failures.into_iter().flatten().collect();
            if failures.is_empty() && turn >= WARM_UP {
                turns.rounds.push(Round {
                    ours: ours.cost,
                    theirs: theirs.cost,
                    native: native.map(|run| run.cost),
                    stock: stock.map(|run| run.cost),
                });
            }
            turns.failures.extend(failures);
            if turns.failures.len() >= PATIENCE {
                break;
            }
        }
        Ok(turns)
    }
}

/// The native client prints how many of its sessions went well, here of one.
fn native_failure(run: &Run) -> Option<String> {
    (run.exit != Some(0) || run.line != "1").then(|| "native: its session failed".to_owned())
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
    use crate::scenario::Targets;

    const SCENARIO: Scenario = Scenario {
        name: "test",
        peer: Peer::None,
        arguments: &[],
        exit: 2,
        line: "SMTP CRITICAL",
        targets: Targets::REST,
    };

    fn shell(script: &str) -> Program {
        Program::new(Path::new("/bin/sh"), ["-c", script])
    }

    fn play(ours: &str, theirs: &str, rounds: usize) -> Turns {
        let mut contest = Contest {
            ours: shell(ours),
            theirs: shell(theirs),
            native: None,
            stock: None,
        };
        contest.play(&SCENARIO, rounds).expect("a shell")
    }

    #[test]
    fn good_runs_are_counted_without_the_warm_up() {
        let turns = play(
            "echo SMTP CRITICAL - a; exit 2",
            "echo SMTP CRITICAL - b; exit 2",
            4,
        );
        assert_eq!(turns.rounds.len(), 4);
        assert!(turns.failures.is_empty());
    }

    #[test]
    fn a_wrong_state_gives_the_scenario_up() {
        let turns = play(
            "echo SMTP CRITICAL; exit 2",
            "echo SMTP CRITICAL; exit 1",
            100,
        );
        assert!(turns.rounds.is_empty());
        assert_eq!(
            turns.failures,
            ["theirs: exit 1 and \"SMTP CRITICAL\" instead of exit 2 and \"SMTP CRITICAL\""; 3]
        );
    }

    #[test]
    fn a_native_session_that_fails_is_a_failure_too() {
        let good = || shell("echo SMTP CRITICAL; exit 2");
        let mut contest = Contest {
            ours: good(),
            theirs: good(),
            native: Some(shell("echo 0; exit 1")),
            stock: None,
        };
        let turns = contest.play(&SCENARIO, 100).expect("a shell");
        assert!(turns.rounds.is_empty());
        assert_eq!(turns.failures, ["native: its session failed"; 3]);
    }

    #[test]
    fn what_a_stock_runtime_runs_has_to_end_alike() {
        let good = || shell("echo SMTP CRITICAL; exit 2");
        let mut contest = Contest {
            ours: good(),
            theirs: good(),
            native: None,
            stock: Some(shell("echo SMTP CRITICAL; exit 1")),
        };
        let turns = contest.play(&SCENARIO, 100).expect("a shell");
        assert!(turns.rounds.is_empty());
        assert!(turns.failures[0].starts_with("stock runtime: exit 1"));
        contest.stock = Some(good());
        let turns = contest.play(&SCENARIO, 2).expect("a shell");
        assert!(turns.rounds.iter().all(|round| round.stock.is_some()));
        assert_eq!(turns.rounds.len(), 2);
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
