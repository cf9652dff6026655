//! Attacks the stack: calls itself without end, with something on the stack each time.

use std::hint::black_box;

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, plugin, report};

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn run(_: &Words) -> Result<Report, Misuse> {
        let depth = depth(1);
        Ok(report(State::Ok, &format!("OK - {depth} deep")))
    }
}

#[allow(unconditional_recursion)]
fn depth(start: u64) -> u64 {
    let here = black_box([start; 16]);
    black_box(depth(here.iter().sum())) + here.len() as u64
}
