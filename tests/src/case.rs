//! The model of a scenario: one `[[case]]` table.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::needs::Need;
use crate::pattern::Pattern;
use crate::server::script::Script;

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Table")]
pub struct Case {
    /// Its name, unique over all files.
    pub name: String,
    /// Its group, which is the name of its file.
    pub group: String,
    /// What it shows.
    pub why: String,
    /// What a machine must have to run it.
    pub needs: Vec<Need>,
    /// How long the program may take before it is killed.
    pub limit: Duration,
    /// What the times of the run must lie between.
    pub bounds: Bounds,
    /// The program's arguments, with placeholders.
    pub args: Vec<String>,
    /// What the program's environment has beyond the usual, with placeholders.
    pub env: BTreeMap<String, String>,
    /// What the program reads from its standard input, with placeholders; none: `/dev/null`.
    pub stdin: Option<String>,
    /// Files in the run's folder: names and texts with placeholders.
    pub files: BTreeMap<String, String>,
    /// What the server does.
    pub server: Script,
    /// What is right.
    pub right: Right,
}

impl Case {
    /// `group/name`, which is the name of its test.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// How much memory the program gets, in bytes.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        match &self.right {
            Right::Same(_) => None,
            Right::Better { want, .. } | Right::Ours(want) => {
                want.max_memory.map(|most| most << 20)
            }
        }
    }
}

/// What a program has to do in a scenario.
#[derive(Clone, Debug)]
pub enum Right {
    /// `status = "same"`: what the reference did.
    Same(Expect),
    /// `status = "better"`: the reference is wrong.
    Better {
        /// What the reference does.
        did: String,
        /// What is right instead.
        should: String,
        /// The checks for that.
        want: Box<Want>,
        /// What the reference did, as recorded.
        expect: Expect,
    },
    /// `status = "ours"`: a scenario that the reference was never asked to play.
    Ours(Box<Want>),
}

/// What the reference did, as recorded: `[case.expect]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The exit code; below zero it is the signal that ended the program.
    pub exit: i32,
    /// Whether the program had to be killed.
    #[serde(default)]
    pub hang: bool,
    /// The first line of stdout up to a `|`.
    #[serde(default)]
    pub line: String,
    /// All performance data, joined by blanks.
    #[serde(default)]
    pub perfdata: String,
    /// What the server received.
    #[serde(default)]
    pub received: Vec<String>,
    /// All of stdout, for the reader; it is not compared.
    #[serde(default)]
    pub stdout: String,
    /// All of stderr, for the reader; it is not compared.
    #[serde(default)]
    pub stderr: String,
}

/// Checks of what a program did: `[case.want]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Want {
    /// The right exit codes.
    pub exit: Option<Vec<i32>>,
    /// Must be found in the first line of stdout up to a `|`.
    pub line: Option<Pattern>,
    /// Must not be found there.
    pub line_not: Option<Pattern>,
    /// Must be found in stdout.
    pub stdout: Option<Pattern>,
    /// Must not be found there.
    pub stdout_not: Option<Pattern>,
    /// Must be found in the performance data.
    pub perfdata: Option<Pattern>,
    /// Must not be found there.
    pub perfdata_not: Option<Pattern>,
    /// Must be found in all that the server received, in one string.
    pub wire: Option<Pattern>,
    /// Must not be found there.
    pub wire_not: Option<Pattern>,
    /// Exactly what the server received.
    pub received: Option<Vec<String>>,
    /// How long the program may take, in seconds.
    pub max_time: Option<f64>,
    /// How much writable memory the program gets, in MiB; what needs more fails.
    pub max_memory: Option<u64>,
}

/// What the times of a run must lie between, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// The least response time that may be printed.
    pub time_min: Option<f64>,
    /// The greatest response time that may be printed.
    pub time_max: Option<f64>,
    /// How long the run takes.
    pub wall: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Same,
    Better,
    Ours,
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    group: String,
    status: Status,
    why: String,
    did: Option<String>,
    should: Option<String>,
    #[serde(default)]
    needs: Vec<Need>,
    #[serde(
        default = "usual_limit",
        deserialize_with = "crate::seconds::deserialize"
    )]
    limit: Duration,
    time_min: Option<f64>,
    time_max: Option<f64>,
    wall: Option<[f64; 2]>,
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    stdin: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default = "Script::none")]
    server: Script,
    want: Option<Box<Want>>,
    expect: Option<Expect>,
}

fn usual_limit() -> Duration {
    Duration::from_secs(10)
}

impl TryFrom<Table> for Case {
    type Error = String;

    fn try_from(mut table: Table) -> Result<Self, Self::Error> {
        let right = table
            .right()
            .map_err(|problem| format!("{}/{}: {problem}", table.group, table.name))?;
        Ok(Self {
            name: table.name,
            group: table.group,
            why: table.why,
            needs: table.needs,
            limit: table.limit,
            bounds: Bounds {
                time_min: table.time_min,
                time_max: table.time_max,
                wall: table.wall,
            },
            args: table.args,
            env: table.env,
            stdin: table.stdin,
            files: table.files,
            server: table.server,
            right,
        })
    }
}

impl Table {
    /// What is right, out of the keys that the status asks for and no others.
    fn right(&mut self) -> Result<Right, &'static str> {
        let words = (self.did.take(), self.should.take());
        match (&self.status, words, self.want.take(), self.expect.take()) {
            (Status::Same, (None, None), None, Some(expect)) => Ok(Right::Same(expect)),
            (Status::Better, (Some(did), Some(should)), Some(want), Some(expect)) => {
                Ok(Right::Better {
                    did,
                    should,
                    want,
                    expect,
                })
            }
            (Status::Ours, (None, None), Some(want), None) => Ok(Right::Ours(want)),
            (Status::Same, ..) => Err("`same` takes [case.expect] alone"),
            (Status::Better, ..) => {
                Err("`better` takes `did`, `should`, [case.want] and [case.expect]")
            }
            (Status::Ours, ..) => Err("`ours` takes [case.want] alone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = 'n'\ngroup = 'g'\nwhy = 'w'\nargs = []\n";

    fn case(rest: &str) -> Result<Case, String> {
        toml::from_str(&format!("{HEAD}{rest}")).map_err(|e| e.to_string())
    }

    #[test]
    fn a_same_case_has_what_was_recorded() {
        let case = case("status = 'same'\n[expect]\nexit = 2\nline = 'x'").unwrap();
        assert_eq!(case.label(), "g/n");
        assert_eq!(case.limit, Duration::from_secs(10));
        assert!(matches!(case.right, Right::Same(Expect { exit: 2, .. })));
    }

    #[test]
    fn a_case_of_ours_has_checks() {
        let case = case("status = 'ours'\nlimit = 2\n[want]\nexit = [0]\nmax_memory = 8").unwrap();
        assert_eq!(case.limit, Duration::from_secs(2));
        assert_eq!(case.memory(), Some(8 * 1024 * 1024));
        assert!(matches!(case.right, Right::Ours(want) if want.exit == Some(vec![0])));
    }

    #[test]
    fn each_status_takes_its_own_keys() {
        for (rest, message) in [
            ("status = 'same'\n[want]\nexit = [0]", "g/n: `same`"),
            ("status = 'better'\n[expect]\nexit = 0", "g/n: `better`"),
            ("status = 'ours'\n[expect]\nexit = 0", "g/n: `ours`"),
            ("status = 'other'", "unknown variant"),
            (
                "status = 'same'\nline = 'x'\n[expect]\nexit = 0",
                "unknown field",
            ),
        ] {
            let error = case(rest).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
