//! Secrets off the command line: for each option NAME of the kind secret there are `--NAME-file PATH`
//! and `--NAME-env VARIABLE`, and the value `-` is a line of standard input. Plugins know nothing of it.
//!
//! No message holds a secret, nor a part of what was read.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Instant;

use crate::lend;
use crate::text_file::{self, FileError};
use crate::types::{Argument, Kind, Manifest, OptionSpec};

/// The longest secret, in bytes.
pub const LIMIT: usize = 64 << 10;

/// The value that stands for a line of standard input.
pub const INPUT: &str = "-";

/// Where a secret is taken from instead of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion {
    /// The first line of a file.
    File,
    /// A variable of the host's environment.
    Env,
}

impl Companion {
    /// Both.
    pub const ALL: [Self; 2] = [Self::File, Self::Env];

    fn ending(self) -> &'static str {
        match self {
            Self::File => "-file",
            Self::Env => "-env",
        }
    }

    /// The option's name, without dashes.
    #[must_use]
    pub fn name(self, secret: &OptionSpec) -> String {
        format!("{}{}", secret.name, self.ending())
    }

    /// What stands for its value.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::File => "FILE",
            Self::Env => "VARIABLE",
        }
    }
}

/// The option that a name stands for if it is such a companion. A plugin's own option of that name is
/// none.
#[must_use]
pub fn companion<'a>(manifest: &'a Manifest, name: &str) -> Option<(&'a OptionSpec, Companion)> {
    let (base, companion) = Companion::ALL.into_iter().find_map(|companion| {
        let base = name.strip_suffix(companion.ending())?;
        Some((base, companion))
    })?;
    let mut options = manifest.options.iter();
    let secret = options.find(|option| option.kind == Kind::Secret && option.name == base)?;
    (!is_own(manifest, name)).then_some((secret, companion))
}

/// The option that an argument is for: for a companion its secret, else the one of that name.
#[must_use]
pub fn meant<'a>(manifest: &'a Manifest, argument: &'a Argument) -> &'a str {
    match companion(manifest, &argument.name) {
        Some((secret, _)) => &secret.name,
        None => &argument.name,
    }
}

fn is_own(manifest: &Manifest, name: &str) -> bool {
    manifest.options.iter().any(|option| {
        let mut aliases = option.aliases.iter();
        option.name == name || aliases.any(|alias| alias.strip_prefix("--") == Some(name))
    })
}

/// The manifest with the companions as options of it, each behind its secret, for help and for whatever
/// lists options.
#[must_use]
pub fn with_companions(manifest: &Manifest) -> Manifest {
    let mut options = Vec::with_capacity(manifest.options.len());
    for option in &manifest.options {
        options.push(option.clone());
        if option.kind != Kind::Secret {
            continue;
        }
        let companions = Companion::ALL.into_iter();
        let companions = companions.filter(|way| !is_own(manifest, &way.name(option)));
        options.extend(companions.map(|way| spec(option, way)));
    }
    Manifest {
        options,
        ..manifest.clone()
    }
}

fn spec(secret: &OptionSpec, way: Companion) -> OptionSpec {
    let name = &secret.name;
    let (kind, help) = match way {
        Companion::File => (
            Kind::File,
            format!(
                "--{name} from the first line of a file; as --{name}=- from a line of standard input"
            ),
        ),
        Companion::Env => (
            Kind::Text,
            format!("--{name} from a variable of the environment"),
        ),
    };
    OptionSpec {
        name: way.name(secret),
        short: None,
        aliases: Vec::new(),
        kind,
        placeholder: way.placeholder().to_owned(),
        exact: true,
        required: false,
        repeatable: secret.repeatable,
        default: None,
        implies: Vec::new(),
        help,
    }
}

/// The values of secrets that stand in the arguments themselves, to be taken out of the process's title.
pub fn given<'a>(
    manifest: &'a Manifest,
    arguments: &'a [Argument],
) -> impl Iterator<Item = &'a str> {
    let secrets = manifest
        .options
        .iter()
        .filter(|option| option.kind == Kind::Secret);
    secrets.flat_map(move |option| {
        let given = arguments
            .iter()
            .filter(move |argument| argument.name == option.name);
        given.filter_map(|argument| argument.value.as_deref())
    })
}

/// How a secret comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Companion(Companion),
    Input,
}

/// The secret that the argument is for, and how it comes, if it does not stand there itself.
pub(crate) fn way<'a>(
    manifest: &'a Manifest,
    argument: &Argument,
) -> Option<(&'a OptionSpec, Way)> {
    if argument.value.as_deref() == Some(INPUT) {
        let option = lend::option(manifest, argument);
        if let Some(secret) = option.filter(|option| option.kind == Kind::Secret) {
            return Some((secret, Way::Input));
        }
    }
    let (secret, companion) = companion(manifest, &argument.name)?;
    Some((secret, Way::Companion(companion)))
}

/// Why there is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// The file, or standard input.
    File(FileError),
    /// The environment has no such variable.
    NoVariable,
    /// There is nothing in it.
    Empty,
    /// A zero byte is in it.
    Zero,
    /// Standard input is somebody's keyboard.
    Terminal,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(FileError::TimedOut) => f.write_str("no line came out of it in time"),
            Self::File(error) => error.fmt(f),
            Self::NoVariable => f.write_str("there is no such variable"),
            Self::Empty => f.write_str("its first line is empty"),
            Self::Zero => f.write_str("it has a zero byte in it"),
            Self::Terminal => f.write_str("it is a terminal, which would show what is typed"),
        }
    }
}

impl std::error::Error for SecretError {}

impl From<FileError> for SecretError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// The first line of a file.
pub(crate) fn of_file<E: From<SecretError>>(
    path: &Path,
    deadline: Instant,
    permit: impl FnOnce(&File) -> Result<(), E>,
) -> Result<String, E> {
    let mut file =
        text_file::open(path).map_err(|error| SecretError::from(FileError::from(error)))?;
    permit(&file)?;
    let line = text_file::first_line(&mut file, LIMIT, deadline).map_err(SecretError::from)?;
    Ok(secret(line)?)
}

/// The value of a variable.
pub(crate) fn of_variable(name: &str) -> Result<String, SecretError> {
    let is_name = !name.is_empty() && !name.contains(['=', '\0']);
    let value = is_name.then(|| env::var_os(name)).flatten();
    let value = value.ok_or(SecretError::NoVariable)?;
    if value.len() > LIMIT {
        return Err(FileError::TooLong(LIMIT).into());
    }
    let value = value.into_string().map_err(|_| FileError::NoText)?;
    secret(value)
}

/// A line of standard input.
pub(crate) fn of_input(deadline: Instant) -> Result<String, SecretError> {
    if io::stdin().is_terminal() {
        return Err(SecretError::Terminal);
    }
    secret(text_file::line_of_input(LIMIT, deadline)?)
}

fn secret(text: String) -> Result<String, SecretError> {
    if text.is_empty() {
        return Err(SecretError::Empty);
    }
    if text.contains('\0') {
        return Err(SecretError::Zero);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::testing::{argument, manifest, option};

    fn plugin() -> Manifest {
        let mut token = option("token", 'T', Kind::Secret);
        token.aliases = vec!["--password-env".to_owned()];
        manifest(vec![
            option("password", 'P', Kind::Secret),
            token,
            option("token-file", 'f', Kind::Text),
        ])
    }

    #[test]
    fn a_plugins_own_option_wins() {
        let plugin = plugin();
        let found = |name| companion(&plugin, name).map(|(secret, way)| (&*secret.name, way));
        assert_eq!(found("password-file"), Some(("password", Companion::File)));
        assert_eq!(found("token-env"), Some(("token", Companion::Env)));
        for name in [
            "password-env",
            "token-file",
            "token-file-file",
            "other-file",
            "-file",
            "password",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
        let names: Vec<_> = with_companions(&plugin)
            .options
            .into_iter()
            .map(|option| option.name)
            .collect();
        assert_eq!(
            names,
            [
                "password",
                "password-file",
                "token",
                "token-env",
                "token-file"
            ]
        );
    }

    #[test]
    fn secrets_are_told_from_ways_to_them() {
        let plugin = plugin();
        let given = [argument("password", "a"), argument("token-file", "b")];
        let values: Vec<_> = super::given(&plugin, &given).collect();
        assert_eq!(values, ["a"]);
        assert!(
            given
                .iter()
                .all(|argument| way(&plugin, argument).is_none())
        );
        assert!(way(&plugin, &argument("password", "-")).is_some());
        assert!(way(&plugin, &argument("password-file", "-")).is_some());
        assert!(way(&plugin, &argument("token-file", "-")).is_none());
    }

    fn lines(bytes: &[u8]) -> Result<String, SecretError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, bytes).unwrap();
        let soon = Instant::now() + Duration::from_secs(1);
        of_file(&path, soon, |_| Ok::<_, SecretError>(()))
    }

    #[test]
    fn the_first_line_counts() {
        for (bytes, expected) in [
            (&b"one\ntwo\n"[..], Ok("one".to_owned())),
            (b"one\r\n", Ok("one".to_owned())),
            (b"o\rne", Ok("o\rne".to_owned())),
            (b" one ", Ok(" one ".to_owned())),
            (b"", Err(SecretError::Empty)),
            (b"\ntwo", Err(SecretError::Empty)),
            (b"o\0ne\n", Err(SecretError::Zero)),
            (b"caf\xe9\n", Err(SecretError::File(FileError::NoText))),
        ] {
            assert_eq!(lines(bytes), expected);
        }
        let longest = "x".repeat(LIMIT);
        assert_eq!(
            lines(format!("{longest}\nmore").as_bytes()),
            Ok(longest.clone())
        );
        let long = format!("{longest}x\n");
        let error = SecretError::File(FileError::TooLong(LIMIT));
        assert_eq!(lines(long.as_bytes()), Err(error));
    }

    #[test]
    fn variables() {
        assert!(of_variable("PATH").is_ok());
        for name in ["", "A=B", "a\0b", "SANDCHECK_NO_SUCH_VARIABLE"] {
            assert_eq!(of_variable(name), Err(SecretError::NoVariable), "{name}");
        }
    }
}
