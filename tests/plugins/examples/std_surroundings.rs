//! Attacks the operator's secrets: shows every variable, every argument, standard input and the
//! working folder, as far as there are any.

use std::collections::HashMap;
use std::env;
use std::io::{self, Read};

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, report, std_plugin};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(_: &Words) -> Result<Report, Misuse> {
        let variables: HashMap<_, _> = env::vars().collect();
        let arguments: Vec<_> = env::args().collect();
        let mut input = String::new();
        let read = io::stdin().read_to_string(&mut input);
        let found = format!(
            "OK - {} variables, {} arguments, {} bytes of input",
            variables.len(),
            arguments.len(),
            read.unwrap_or_default()
        );
        let mut report = report(State::Ok, &found);
        if variables.len() + arguments.len() + input.len() > 0 {
            report.details = vec![format!("{variables:?} {arguments:?} {input:?}")];
        }
        Ok(report)
    }
}
