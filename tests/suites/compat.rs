//! One test for each scenario: `group/name`.
//!
//! `CHECK_SMTP` is the program under test; without it that is what `make build` made.
//! `COMPAT_BETTER=expect` compares all cases with what the reference did, even where that is
//! wrong: so the suite can be tried on the reference itself.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sandcheck_tests::case::{Case, Right};
use sandcheck_tests::corpus;
use sandcheck_tests::differences::KnownDifferences;
use sandcheck_tests::judge::{Against, judge};
use sandcheck_tests::run::Runner;

/// Most cases wait for a timer or for the other side, so this is not about processors.
const THREADS: usize = 8;
/// The exit code by which cargo knows a failed suite from a crashed one.
const FAILED: u8 = 101;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    match trials(arguments.list) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(e) => {
            eprintln!("compat: {e}");
            ExitCode::from(FAILED)
        }
    }
}

/// What all tests have in common.
struct Suite {
    runner: Runner,
    against: Against,
    known: KnownDifferences,
}

fn trials(only_listed: bool) -> io::Result<Vec<Trial>> {
    let cases = corpus::load(&corpus::own_folders())?;
    let against = against()?;
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("known-differences.toml");
    let suite = Arc::new(Suite {
        runner: Runner::new(&program(only_listed)?)?,
        against,
        known: KnownDifferences::load(&known, &cases)?,
    });
    Ok(cases.into_iter().map(|case| trial(case, &suite)).collect())
}

fn against() -> io::Result<Against> {
    match env::var("COMPAT_BETTER").as_deref() {
        Err(_) | Ok("" | "want") => Ok(Against::Right),
        Ok("expect") => Ok(Against::Reference),
        Ok(other) => Err(io::Error::other(format!(
            "COMPAT_BETTER is `{other}`; it may be `want` (what is right, as without it) or \
             `expect` (what the reference did)"
        ))),
    }
}

/// The program's path.  A relative one in `CHECK_SMTP` is seen from the workspace's folder.
fn program(only_listed: bool) -> io::Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("/"));
    let given = env::var_os("CHECK_SMTP").filter(|path| !path.is_empty());
    let hint = if given.is_some() {
        "look at CHECK_SMTP"
    } else {
        "run make build"
    };
    let path = workspace.join(given.unwrap_or_else(|| "target/release/check_smtp".into()));
    if path.is_file() || only_listed {
        return Ok(path);
    }
    Err(io::Error::other(format!(
        "there is no program {}: {hint}",
        path.display()
    )))
}

fn trial(case: Case, suite: &Arc<Suite>) -> Trial {
    let suite = suite.clone();
    Trial::ignorable_test(case.label(), move || suite.play(&case))
}

impl Suite {
    fn play(&self, case: &Case) -> Result<Completion, Failed> {
        if let Some(need) = self.runner.lacks(case) {
            return Ok(Completion::ignored_with(format!("needs {need}")));
        }
        let seen = self.runner.run(case)?;
        match judge(case, &seen, self.against) {
            None => Ok(Completion::ignored_with("does not apply to the reference")),
            Some(differences) => self.conclude(case, &differences),
        }
    }

    fn conclude(&self, case: &Case, differences: &[String]) -> Result<Completion, Failed> {
        match (self.known_difference(case), differences) {
            (None, []) | (Some(_), [_, ..]) => Ok(Completion::Completed),
            (None, _) => Err(report(case, differences).into()),
            (Some(reason), []) => Err(format!("the difference no longer occurs: {reason}").into()),
        }
    }

    /// Why we differ from the reference.  It does not differ from itself.
    fn known_difference(&self, case: &Case) -> Option<&str> {
        match self.against {
            Against::Right => self.known.reason(&case.label()),
            Against::Reference => None,
        }
    }
}

fn report(case: &Case, differences: &[String]) -> String {
    let mut lines = vec![format!("{}; arguments {:?}", case.why, case.args)];
    lines.extend(
        differences
            .iter()
            .map(|difference| format!("- {difference}")),
    );
    if let Right::Better { should, .. } = &case.right {
        lines.push(format!("should: {should}"));
    }
    lines.join("\n")
}
