//! From the bytes of a job to those of its result.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use sandcheck::escape;
use sandcheck_gearman::command;
use sandcheck_gearman::encoding::Encoding;
use sandcheck_gearman::job::Job;
use sandcheck_gearman::outcome::Outcome;

use crate::arguments::Options;
use crate::many;
use crate::plugins::{Plugins, Ready};

/// The time of a job that names none, as in `mod_gearman`, and the longest there is.
const TIMEOUT: Duration = Duration::from_mins(1);
const LONGEST: u64 = 24 * 60 * 60;

/// What `mod_gearman` says of a check that did not end in time: CRITICAL.
const TIMED_OUT: u8 = 2;

/// What options of a plugin read files of this machine with.
const EXTRA_OPTS: &[u8] = b"--extra-opts";

/// All that jobs need.
pub(super) struct Jobs {
    options: Options,
    encoding: Encoding,
    /// By the name that a command has.
    allowed: HashMap<Vec<u8>, (PathBuf, Arc<Ready>)>,
    source: String,
}

/// For the monitoring system.
pub(super) struct Submission {
    pub(super) queue: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl Jobs {
    /// Loads every plugin of the folder.
    pub(super) async fn prepare(options: Options, plugins: &Plugins) -> Result<Self> {
        let encoding = options.work.encoding()?;
        let folder = options.work.folder()?;
        let mut allowed = HashMap::new();
        for (name, path) in components(folder)? {
            let ready = plugins.get(&path, &options).await;
            let ready = ready.map_err(anyhow::Error::msg)?;
            allowed.insert(name, (path, ready));
        }
        if allowed.is_empty() {
            bail!(
                "--plugins {}: there is no NAME.wasm in it",
                folder.display()
            );
        }
        let name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            options,
            encoding,
            allowed,
            source: format!("sandcheck @ {name}"),
        })
    }

    /// What jobs may call.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<_> = self
            .allowed
            .keys()
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        names.sort();
        names.join(", ")
    }

    /// Does a job. When nobody can be told of the result: why.
    pub(super) async fn answer(&self, data: &[u8]) -> Result<Submission> {
        let (text, form) = self.encoding.open(data)?;
        let job = Job::parse(&text)?;
        if job.kind != b"host" && job.kind != b"service" {
            let kind = String::from_utf8_lossy(&job.kind);
            bail!("its type is '{kind}', and only host and service are run");
        }
        if job.result_queue.is_empty() {
            bail!("its text has no line result_queue=...");
        }
        let started = now();
        let (exit_code, output) = self.run(&job).await;
        let outcome = Outcome {
            started,
            finished: now(),
            exit_code,
            output: &output,
            source: &self.source,
        };
        let data = self.encoding.seal(outcome.text(&job), form);
        Ok(Submission {
            queue: job.result_queue,
            data,
        })
    }

    /// The exit code, and what is printed.
    async fn run(&self, job: &Job) -> (u8, String) {
        let (path, ready, words) = match self.command(&job.command_line) {
            Ok(command) => command,
            Err(error) => {
                let line = escape::line(&format!("{error:#}"));
                return (crate::UNKNOWN, format!("UNKNOWN - {line}"));
            }
        };
        let rules = self.options.policy.rules.clone();
        let check = many::check(ready, rules, path, words, Some("a job"));
        match tokio::time::timeout(timeout(job), check).await {
            Ok(output) => (output.exit_code, output.stdout),
            Err(_) => (TIMED_OUT, self.timed_out(job)),
        }
    }

    /// The plugin that a command line names, and its words.
    fn command(&self, line: &[u8]) -> Result<(&Path, &Ready, Vec<OsString>)> {
        let words = command::words(line).context("the command line is not run")?;
        let mut words = words.into_iter();
        let program = words.next().unwrap_or_default();
        let name = program
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default();
        let Some((path, ready)) = self.allowed.get(name) else {
            let (name, names) = (String::from_utf8_lossy(name), self.names());
            bail!("'{name}' is not run: this worker runs {names}, and no other program");
        };
        let words: Vec<_> = words.collect();
        if words.iter().any(|word| word.starts_with(EXTRA_OPTS)) {
            bail!(
                "--extra-opts is not taken from a job: it would read files of the worker's machine"
            );
        }
        Ok((
            path,
            ready,
            words.into_iter().map(OsString::from_vec).collect(),
        ))
    }

    fn timed_out(&self, job: &Job) -> String {
        let kind = if job.kind == b"host" {
            "Host"
        } else {
            "Service"
        };
        let seconds = timeout(job).as_secs();
        format!(
            "({kind} Check Timed Out After {seconds} s On Worker: {})",
            self.source
        )
    }
}

fn timeout(job: &Job) -> Duration {
    match job.timeout {
        None | Some(0) => TIMEOUT,
        Some(seconds) => Duration::from_secs(seconds.min(LONGEST)),
    }
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// What a folder has of the form `NAME.wasm`.
fn components(folder: &Path) -> Result<Vec<(Vec<u8>, PathBuf)>> {
    let shown = || format!("--plugins {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(shown)? {
        let path = entry.with_context(shown)?.path();
        let is_component =
            path.extension().is_some_and(|ending| ending == "wasm") && path.is_file();
        if let (true, Some(name)) = (is_component, path.file_stem()) {
            found.push((name.as_encoded_bytes().to_vec(), path.clone()));
        }
    }
    Ok(found)
}
