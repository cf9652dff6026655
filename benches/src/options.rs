//! The command line: words, then programs that are there.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use lexopt::{Arg, Parser};

use crate::stock::Stock;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Times our check_smtp against Debian's C plugin: whole processes, in turns, on the same server; then
many checks in one process, by sandcheck batch, against the C plugin and a client in Rust. Where there
is a wasmtime, and `make command` has been run, our plugin under `wasmtime run` takes its turns too.

Usage: sandcheck-benches [OPTIONS]

  --quick         fewer rounds and smaller crowds
  --json FILE     write the figures to FILE too
  --svg FILE      draw them into FILE too
  --page FILE     write a page of Markdown with them to FILE too
  --ours PATH     our plugin (default: check_smtp of the release build)
  --theirs PATH   the C plugin (default: /usr/lib/nagios/plugins/check_smtp)
  --server PATH   the server (default: smtp-server of the release build, else of the dev build)
  -h, --help      this text

Exit code: 0 when every run ended in its expected state, whatever the figures are;
1 when one did not; 2 when nothing could be measured.
";

const THEIRS: &str = "/usr/lib/nagios/plugins/check_smtp";

/// What is asked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Invocation {
    /// Only the help.
    Help,
    /// A measurement.
    Measure(Options),
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    /// Rounds of each scenario of single processes.
    pub(crate) rounds: usize,
    /// Rounds of each kind of session in a fleet.
    pub(crate) fleet_rounds: usize,
    /// Plain checks of a round.
    pub(crate) plain_checks: usize,
    /// STARTTLS checks of a round.
    pub(crate) tls_checks: usize,
    /// Checks at a time.
    pub(crate) crowd: usize,
    /// Rounds of them.
    pub(crate) crowd_rounds: usize,
}

const FULL: Size = Size {
    rounds: 200,
    fleet_rounds: 15,
    plain_checks: 3000,
    tls_checks: 300,
    crowd: 10_000,
    crowd_rounds: 2,
};

const QUICK: Size = Size {
    rounds: 20,
    fleet_rounds: 3,
    plain_checks: 1000,
    tls_checks: 100,
    crowd: 1000,
    crowd_rounds: 1,
};

/// How to measure.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// How much.
    pub(crate) size: Size,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
    /// Where they go as a picture.
    pub(crate) svg: Option<PathBuf>,
    /// Where they go as a page.
    pub(crate) page: Option<PathBuf>,
    ours: Option<PathBuf>,
    theirs: Option<PathBuf>,
    server: Option<PathBuf>,
}

/// The programs of a measurement, all of them there.
#[derive(Debug)]
pub(crate) struct Programs {
    /// Our plugin.
    pub(crate) ours: PathBuf,
    /// The C plugin.
    pub(crate) theirs: PathBuf,
    /// The client in Rust without a sandbox.
    pub(crate) native: PathBuf,
    /// The server that all of them check.
    pub(crate) server: PathBuf,
    /// The server of crowds.
    pub(crate) crowd: PathBuf,
    /// The host of a fleet.
    pub(crate) sandcheck: PathBuf,
    /// Our plugin's component, for it.
    pub(crate) component: PathBuf,
    /// Where it keeps compiled code.
    pub(crate) cache: PathBuf,
    /// A stock runtime with our plugin as a command, if there is one.
    pub(crate) stock: Option<Stock>,
}

/// Reads the words behind the program's name.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation> {
    let mut parser = Parser::from_args(words);
    let mut options = Options {
        size: FULL,
        json: None,
        svg: None,
        page: None,
        ours: None,
        theirs: None,
        server: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Invocation::Help),
            Arg::Long("quick") => options.size = QUICK,
            Arg::Long("json") => options.json = Some(parser.value()?.into()),
            Arg::Long("svg") => options.svg = Some(parser.value()?.into()),
            Arg::Long("page") => options.page = Some(parser.value()?.into()),
            Arg::Long("ours") => options.ours = Some(parser.value()?.into()),
            Arg::Long("theirs") => options.theirs = Some(parser.value()?.into()),
            Arg::Long("server") => options.server = Some(parser.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Invocation::Measure(options))
}

impl Options {
    /// The programs, or what to do about the first that is not there.
    pub(crate) fn programs(&self) -> Result<Programs> {
        let builds = builds()?;
        let ours = self
            .ours
            .clone()
            .unwrap_or_else(|| builds.join("release/check_smtp"));
        let theirs = self.theirs.clone().unwrap_or_else(|| PathBuf::from(THEIRS));
        require(
            &ours,
            "run `cargo build --release -p check-smtp-oneshot`, or name it with --ours",
        )?;
        require(
            &theirs,
            "run `apt-get install monitoring-plugins-basic`, or name it with --theirs",
        )?;
        let (release, cache) = (builds.join("release"), builds.join("bench-cache"));
        let programs = Programs {
            ours,
            theirs,
            native: release.join("native-client"),
            server: self.server_in(&builds)?,
            crowd: release.join("crowd-server"),
            sandcheck: release.join("sandcheck"),
            component: release.join("check_smtp.wasm"),
            stock: Stock::find(&builds, &cache)?,
            cache,
        };
        for built in [
            &programs.native,
            &programs.crowd,
            &programs.sandcheck,
            &programs.component,
        ] {
            require(built, "run `make bench`, which builds it")?;
        }
        Ok(programs)
    }

    fn server_in(&self, builds: &Path) -> Result<PathBuf> {
        let candidates = match &self.server {
            Some(path) => vec![path.clone()],
            None => ["release", "debug"]
                .map(|build| builds.join(build).join("smtp-server"))
                .into(),
        };
        if let Some(server) = candidates.iter().find(|path| path.is_file()) {
            return Ok(server.clone());
        }
        bail!(
            "no server at {}: run `cargo build --release -p sandcheck-tests`, \
             or name it with --server",
            candidates[0].display()
        )
    }
}

/// A path as seen from where this was started, so that a report tells nothing about the machine.
pub(crate) fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    path.display().to_string()
}

fn require(path: &Path, way_out: &str) -> Result<()> {
    ensure!(path.is_file(), "no plugin at {}: {way_out}", path.display());
    Ok(())
}

/// The directory with the builds of all profiles: this program is in one of them.
fn builds() -> Result<PathBuf> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let builds = program
        .ancestors()
        .nth(2)
        .context("this program is not in a target directory")?;
    Ok(builds.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Invocation> {
        parse(words.iter().map(OsString::from))
    }

    fn measured(words: &[&str]) -> Options {
        match parsed(words).expect("good words") {
            Invocation::Measure(options) => options,
            Invocation::Help => panic!("{words:?} is no call for help"),
        }
    }

    #[test]
    fn two_hundred_rounds_unless_told() {
        assert_eq!(measured(&[]).size.rounds, 200);
        assert_eq!(measured(&["--quick", "--svg", "x"]).size, QUICK);
    }

    #[test]
    fn bad_words_are_named() {
        for (words, part) in [
            (vec!["--pears", "3"], "--pears"),
            (vec!["3"], "\"3\""),
            (vec!["--json"], "--json"),
        ] {
            let message = parsed(&words).expect_err("bad words").to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn help_wins() {
        assert_eq!(
            parsed(&["--quick", "-h", "--pears"]).expect("help"),
            Invocation::Help
        );
    }

    #[test]
    fn a_missing_plugin_is_one_line_with_the_way_out() {
        let options = measured(&["--ours", "/bin/true", "--theirs", "/nowhere/check_smtp"]);
        let message = format!("{:#}", options.programs().expect_err("no such plugin"));
        assert_eq!(
            message,
            "no plugin at /nowhere/check_smtp: run `apt-get install monitoring-plugins-basic`, \
             or name it with --theirs"
        );
    }

    #[test]
    fn a_server_that_was_named_is_not_searched_for() {
        let words = [
            "--ours",
            "/bin/true",
            "--theirs",
            "/bin/true",
            "--server",
            "/nowhere/server",
        ];
        let message = format!(
            "{:#}",
            measured(&words).programs().expect_err("no such server")
        );
        assert!(
            message.starts_with("no server at /nowhere/server: "),
            "{message}"
        );
    }
}
