//! Very many checks at a time: what one that waits takes of memory, and whether checks get dearer
//! when there are more of them.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Batch, Figure, summary};
use crate::options::{Programs, Size};
use crate::peer::{Endpoint, serve};

/// Seconds that a check waits for a silent server.
const PATIENCE: f64 = 10.0;

/// Seconds after which a check that should have ended is late.
const LATE: f64 = 1.0;

/// Checks that hardly count.
const FEW: usize = 10;

/// How long the server takes for its greeting, in milliseconds, so that all of a crowd wait for it.
const DELAY: &str = "3000";

/// How often a crowd is started anew: the first time everything has to be set apart.
const WAVES: usize = 4;

pub(super) fn measure(programs: &Programs, size: &Size) -> Result<[Figure; 2]> {
    eprintln!("{} checks at a time", size.crowd);
    Ok([waiting(programs, size)?, growth(programs, size)?])
}

/// Memory of a check that waits, in KiB: what belongs to this process alone, and its part of what is
/// shared (proportional set size, proc(5)).
fn waiting(programs: &Programs, size: &Size) -> Result<Figure> {
    let server = serve(&programs.crowd, &["never"])?;
    let few = memory(programs, &server, FEW)?;
    let all = memory(programs, &server, size.crowd)?;
    let checks = u32::try_from(size.crowd - FEW)?;
    Ok(Figure {
        name: "memory of a waiting check",
        unit: "KiB",
        ours: summary(vec![(all - few) / f64::from(checks)])?,
        theirs: None,
        target: 48.0,
    })
}

/// What so many checks of a silent server take together while all of them wait. Each has to end in time.
fn memory(programs: &Programs, server: &Endpoint, checks: usize) -> Result<f64> {
    let patience = ["-t".to_owned(), PATIENCE.to_string()];
    let arguments = [server.arguments(), patience.to_vec()].concat();
    let batch = Batch::new(programs, &arguments, checks, checks)?;
    let mut child = Command::new(&batch.program)
        .args(&batch.words)
        .stdin(batch.orders()?)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdout = child.stdout.take().context("no standard output")?;
    let output = thread::spawn(move || {
        let mut output = String::new();
        stdout.read_to_string(&mut output).map(|_| output)
    });
    thread::sleep(Duration::from_secs_f64(PATIENCE / 2.0));
    let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id()))?;
    let taken = proportional(&rollup).context("/proc/PID/smaps_rollup has no Pss")?;
    end(&mut child)?;
    let output = output.join().map_err(|_| anyhow::anyhow!("no output"))??;
    check_all(&output, checks)?;
    Ok(taken)
}

/// Waits for its end.
fn end(child: &mut Child) -> Result<()> {
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        ensure!(
            began.elapsed().as_secs_f64() < 10.0 * PATIENCE,
            "the batch does not end"
        );
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// The line `Pss:` of `smaps_rollup`, in KiB.
fn proportional(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Each of them is a timeout, and none is late.
fn check_all(output: &str, checks: usize) -> Result<()> {
    let mut kinds = BTreeMap::new();
    for line in output.lines() {
        let result: serde_json::Value = serde_json::from_str(line)?;
        let text = result["output"].as_str().unwrap_or_default();
        let seconds = result["seconds"].as_f64().unwrap_or(f64::INFINITY);
        let kind = match text.starts_with("CRITICAL - Socket timeout after") {
            true if seconds < PATIENCE + LATE => "in time",
            true => "late",
            false => "with another result",
        };
        *kinds.entry(kind).or_insert(0) += 1;
    }
    ensure!(
        kinds.get("in time") == Some(&checks),
        "of {checks} checks of a silent server ended: {kinds:?}"
    );
    Ok(())
}

/// Processor time of a check in a crowd, against that of one among few.
fn growth(programs: &Programs, size: &Size) -> Result<Figure> {
    let (prompt, slow) = (
        serve(&programs.crowd, &["0"])?,
        serve(&programs.crowd, &[DELAY])?,
    );
    let checks = WAVES * size.crowd;
    let few = Batch::new(programs, &prompt.arguments(), checks, FEW)?;
    let many = Batch::new(programs, &slow.arguments(), checks, size.crowd)?;
    let (mut of_few, mut of_many) = (vec![], vec![]);
    for _ in 0..size.crowd_rounds {
        of_few.push(few.run(0)?);
        of_many.push(many.run(0)?);
    }
    Ok(Figure {
        name: "plain check in a crowd",
        unit: "us CPU",
        ours: summary(of_many)?,
        theirs: Some(("among ten", summary(of_few)?)),
        target: 1.25,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proportional_set_size_is_found() {
        let text = "Rss:      1033364 kB\nPss:       362780 kB\nPss_Anon:  1 kB\n";
        assert_eq!(proportional(text), Some(362_780.0));
        assert_eq!(proportional("Rss: 1 kB\n"), None);
    }

    #[test]
    fn every_check_counts() {
        let line =
            |seconds: f64, text: &str| format!("{{\"seconds\":{seconds},\"output\":\"{text}\"}}\n");
        let good = line(10.1, "CRITICAL - Socket timeout after 10 seconds");
        assert!(check_all(&good.repeat(3), 3).is_ok());
        for bad in [
            line(12.0, "CRITICAL - Socket timeout after 10 seconds"),
            line(1.0, "OK"),
        ] {
            assert!(check_all(&(good.repeat(2) + &bad), 3).is_err(), "{bad}");
        }
        assert!(check_all(&good.repeat(2), 3).is_err());
    }
}
