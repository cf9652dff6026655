//! Secrets from elsewhere: which one counts, and what is wrong with it.

use std::path::Path;

use super::Lender;
use super::file::{Refused, not_allowed, permit, shown};
use crate::secrets::{self, Companion, Way};
use crate::types::{Argument, Manifest, Misuse, OptionSpec};

/// What is wrong where it is not clear which secret counts, or whose line of the input is whose.
pub(super) fn ambiguous(
    manifest: &Manifest,
    arguments: &[Argument],
    secret: &OptionSpec,
    way: Way,
) -> Option<Misuse> {
    let ways = |argument: &Argument| secrets::way(manifest, argument);
    if way == Way::Input {
        let others = arguments
            .iter()
            .filter(|argument| ways(argument).is_some_and(|(_, way)| way == Way::Input));
        if others.count() > 1 {
            return Some(Misuse {
                message: format!(
                    "--{}: only one secret can be a line of standard input",
                    secret.name
                ),
                hint: Some(elsewhere(secret)),
            });
        }
    }
    let is_meant = |argument: &&Argument| {
        argument.name == secret.name
            || ways(argument).is_some_and(|(other, _)| other.name == secret.name)
    };
    let given: Vec<_> = arguments.iter().filter(is_meant).collect();
    if given.len() < 2 || secret.repeatable {
        return None;
    }
    let mut names: Vec<_> = given
        .iter()
        .map(|given| format!("--{}", given.name))
        .collect();
    names.dedup();
    Some(Misuse {
        message: format!("Only one of these can be given - {}", names.join(", ")),
        hint: Some(format!("each says what --{} is", secret.name)),
    })
}

/// Where a secret can be put, for hints.
fn elsewhere(secret: &OptionSpec) -> String {
    let [file, env] =
        Companion::ALL.map(|way| format!("--{} {}", way.name(secret), way.placeholder()));
    format!("it can be in a file that only you can read, or in the environment: {file}, {env}")
}

/// The secret, from where it is.
pub(super) fn read(
    name: &str,
    secret: &OptionSpec,
    way: Way,
    value: &str,
    lender: &Lender,
) -> Result<String, Misuse> {
    let misuse = |message| Misuse {
        message,
        hint: Some(elsewhere(secret)),
    };
    match way {
        Way::Companion(Companion::File) => {
            let asked = Path::new(value);
            let read = secrets::of_file(asked, lender.deadline, permit(lender, asked));
            read.map_err(|refused| match refused {
                Refused::File(error) => {
                    misuse(format!("--{name}: cannot read {}: {error}", shown(value)))
                }
                Refused::Secret(error) => {
                    misuse(format!("--{name}: no secret in {}: {error}", shown(value)))
                }
                Refused::Policy(path) => not_allowed(name, value, &path),
            })
        }
        Way::Companion(Companion::Env) => secrets::of_variable(value).map_err(|error| {
            misuse(format!(
                "--{name}: no secret in the variable {}: {error}",
                shown(value)
            ))
        }),
        Way::Input if !lender.input => Err(misuse(format!(
            "--{name}=-: there is no standard input to read here"
        ))),
        Way::Input => secrets::of_input(lender.deadline)
            .map_err(|error| misuse(format!("--{name}=-: no secret in standard input: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::files::Files;
    use crate::lend::{Unlendable, check, check_stranger, is_needed, lend, plain};
    use crate::testing::{argument, manifest, option};
    use crate::types::Kind;

    fn with_secret() -> Manifest {
        manifest(vec![
            option("hostname", 'H', Kind::Host),
            option("password", 'P', Kind::Secret),
            option("token", 'T', Kind::Secret),
        ])
    }

    fn secret(given: &[Argument]) -> Result<Vec<Argument>, Unlendable> {
        let manifest = with_secret();
        check(&manifest, given)?;
        let lender = Lender {
            files: &Files::default(),
            deadline: Instant::now() + Duration::from_secs(1),
            system_anchors: &|_| Err(String::new()),
            input: false,
        };
        let mut arguments = given.to_vec();
        lend(&manifest, &mut arguments, &lender)?;
        Ok(arguments)
    }

    #[test]
    fn a_secret_takes_the_place_of_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "hunter2\nmore\n").unwrap();
        let path = path.to_str().unwrap();
        let given = [argument("hostname", "mx"), argument("password-file", path)];
        let lent = [argument("hostname", "mx"), argument("password", "hunter2")];
        assert_eq!(secret(&given), Ok(lent.to_vec()));
        assert!(is_needed(&with_secret(), &given));
        assert_eq!(plain(&with_secret(), &given), given[..1]);
        let home = std::env::var("PATH").unwrap();
        let lent = secret(&[argument("password-env", "PATH")]);
        assert_eq!(lent, Ok(vec![argument("password", &home)]));
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_named_and_it_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "hunter2\0").unwrap();
        let path = path.to_str().unwrap();
        for (name, value, part) in [
            ("password-file", path, "no secret in"),
            (
                "password-file",
                "/no/such",
                "cannot read '/no/such': No such file or directory",
            ),
            (
                "password-file",
                "/dev/null",
                "it is neither a file nor a pipe",
            ),
            (
                "password-env",
                "NO_SUCH_VARIABLE",
                "the variable 'NO_SUCH_VARIABLE': there is no such",
            ),
            (
                "password",
                "-",
                "--password=-: there is no standard input to read here",
            ),
        ] {
            let misuse = secret(&[argument(name, value)]).unwrap_err().misuse;
            assert!(misuse.message.contains(part), "{misuse:?}");
            assert!(!format!("{misuse:?}").contains("hunter2"));
            assert!(
                misuse
                    .hint
                    .unwrap()
                    .contains("--password-file FILE, --password-env VARIABLE")
            );
        }
    }

    #[test]
    fn of_two_secrets_none_is_chosen() {
        for (first, second) in [
            ("password", "password-file"),
            ("password-env", "password"),
            ("password-file", "password-env"),
            ("password-file", "password-file"),
        ] {
            let error = secret(&[argument(first, "hunter2"), argument(second, "hunter2")]);
            let misuse = error.unwrap_err().misuse;
            let message = &misuse.message;
            assert!(
                message.starts_with("Only one of these can be given - --password"),
                "{message}"
            );
            assert!(!format!("{misuse:?}").contains("hunter2"));
        }
        let given = [argument("password", "-"), argument("token", "-")];
        let message = secret(&given).unwrap_err().misuse.message;
        assert_eq!(
            message,
            "--password: only one secret can be a line of standard input"
        );
        // As before: the last one counts.
        let given = [argument("password", "a"), argument("password", "b")];
        assert_eq!(secret(&given), Ok(given.to_vec()));
    }

    #[test]
    fn strangers_get_no_secrets_of_this_machine() {
        for (name, value) in [
            ("password-file", "x"),
            ("password-env", "x"),
            ("password", "-"),
        ] {
            let error = check_stranger(&with_secret(), &[argument(name, value)], "a job");
            let error = error.unwrap_err();
            assert!(
                error.ends_with("from a job: it would read a secret of this machine"),
                "{error}"
            );
        }
        assert_eq!(
            check_stranger(&with_secret(), &[argument("password", "x")], "a job"),
            Ok(())
        );
    }
}
