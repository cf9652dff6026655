//! Checks of a batch use the same memory one after the other, and none sees what another left there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::stage::Stage;

/// Checks of the batch.
const CHECKS: usize = 40;

pub(crate) fn trials(stage: &Arc<Stage>) -> Vec<Trial> {
    let stage = stage.clone();
    let test = move || finds_nothing(&stage);
    vec![Trial::test("pool/no-marks-of-an-earlier-check", test)]
}

/// One check at a time, so that each gets the memory of the one before it.
fn finds_nothing(stage: &Stage) -> Result<(), Failed> {
    let plugin = stage.guests.file("remnants", &BTreeMap::new())?;
    let cache = stage.program.cache();
    let orders = cache.with_file_name("orders");
    let mut file = File::create(&orders)?;
    for at in 0..CHECKS {
        let case = if at % 2 == 0 { "leave" } else { "look" };
        let words = ["-H", "127.0.0.1", "-p", "1", "--case", case];
        writeln!(file, "{}", json!({ "plugin": plugin, "arguments": words }))?;
    }
    let output = Command::new(stage.program.path())
        .args(["batch", "--concurrency", "1", "--cache"])
        .arg(&cache)
        .stdin(File::open(&orders)?)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let good = text.matches("\"output\":\"OK - 0 marks found\\n\"").count();
    if good == CHECKS {
        return Ok(());
    }
    Err(format!("{good} of {CHECKS} checks found no marks: {text}").into())
}
