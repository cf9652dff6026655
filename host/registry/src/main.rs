//! `sandcheck-registry`: the process that talks to registries, started by `sandcheck`, which itself
//! has no HTTP and no TLS. It is the only program here that opens a connection nobody's check asked
//! for.
//!
//! It reads a [`Job`] from standard input and writes an [`Answer`](job::Answer) to standard output.
//! It writes no files. What goes wrong is a line on standard error.

mod challenge;
mod client;
mod fetch;
mod job;
mod login;
mod manifest;
mod publish;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::client::Client;
use crate::job::{Job, Task};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    ensure!(
        words == [env!("CARGO_PKG_VERSION")],
        "this is a part of sandcheck {} and not for people: see sandcheck --help",
        env!("CARGO_PKG_VERSION")
    );
    let mut stdin = io::stdin().lock();
    let job: Job = job::read_line(&mut stdin).context("the job cannot be read")?;
    let objects = job::read_objects(&mut stdin, &job.objects).context("the job cannot be read")?;
    let mut client = Client::new(&job)?;
    let (answer, objects) = match &job.task {
        Task::Fetch { manifest } => fetch::artifact(&mut client, manifest)?,
        Task::FetchSignatures { manifest } => fetch::signatures(&mut client, manifest)?,
        Task::Publish { digests, manifest } => {
            publish::artifact(&mut client, digests, objects, manifest)?;
            Default::default()
        }
    };
    job::write(io::stdout().lock(), &answer, &objects).context("the answer cannot be written")
}
