//! Hostile plugins against the real program: one test for each attack of `plugins/attacks.toml`.
//!
//! `SANDCHECK` is the program under test; without it that is what `make build` made. With
//! `HOSTILE_SHOW` set the suite prints what came of each attack.
//!
//! The guests are built once. Each attack runs alone, against real listeners, with a cache folder
//! of the suite's own; behind it an honest plugin has to work as before. What must hold for every
//! attack stands in [`judge`], what is special about one in its entry.

#[path = "hostile/attacks.rs"]
mod attacks;
#[path = "hostile/cache.rs"]
mod cache;
#[path = "hostile/guests.rs"]
mod guests;
#[path = "hostile/judge.rs"]
mod judge;
#[path = "hostile/listeners.rs"]
mod listeners;
#[path = "hostile/pool.rs"]
mod pool;
#[path = "hostile/program.rs"]
mod program;
#[path = "hostile/stage.rs"]
mod stage;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use stage::Stage;

/// The exit code by which cargo knows a failed suite from a crashed one.
const FAILED: u8 = 101;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Time and memory are measured, and ports are shared.
    arguments.test_threads = Some(1);
    match play(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hostile: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn play(arguments: &Arguments) -> io::Result<ExitCode> {
    let attacks = attacks::load()?;
    if arguments.list {
        let names = attacks.into_iter().map(|attack| attack.name);
        let trials = names.map(|name| Trial::test(name, || Ok(())));
        return Ok(libtest_mimic::run(arguments, trials.collect()).exit_code());
    }
    let stage = Arc::new(Stage::new()?);
    let mut trials: Vec<_> = attacks
        .into_iter()
        .map(|attack| {
            let stage = stage.clone();
            Trial::test(attack.name.clone(), move || stage.play(&attack))
        })
        .collect();
    trials.extend(cache::trials(&stage));
    trials.extend(pool::trials(&stage));
    let conclusion = libtest_mimic::run(arguments, trials);
    println!("{}", stage.extremes());
    Ok(conclusion.exit_code())
}
