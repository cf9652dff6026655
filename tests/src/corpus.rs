//! Reads folders of scenario files.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::case::Case;

/// All cases of the `*.toml` files in these folders, in the order of the folders, the files' names
/// and the files.
///
/// # Errors
///
/// A folder or file that cannot be read, a table that is no case, a case whose group is not its
/// file's name, and a name that occurs twice; the message names the file.
pub fn load(folders: &[PathBuf]) -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for folder in folders {
        for path in toml_files(folder)? {
            cases.extend(load_file(&path).map_err(|e| because(&path, &e))?);
        }
    }
    all_unique(&cases)?;
    Ok(cases)
}

/// The folders of this package's own cases: recorded from the reference, and ours.
#[must_use]
pub fn own_folders() -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    vec![cases.join("compat"), cases.join("extra")]
}

/// The folder of the cases of the example plugins, a file for each plugin.
#[must_use]
pub fn plugins_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/plugins")
}

/// An error that says in which file it was found.
pub(crate) fn because(path: &Path, problem: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {problem}", path.display()))
}

fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| because(folder, &e))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Case>,
}

fn load_file(path: &Path) -> io::Result<Vec<Case>> {
    let cases = parse(&fs::read_to_string(path)?)?;
    let group = path.file_stem().unwrap_or_default();
    match cases.iter().find(|c| group != c.group.as_str()) {
        Some(other) => Err(io::Error::other(format!(
            "{} is of another group than its file",
            other.label()
        ))),
        None => Ok(cases),
    }
}

fn parse(text: &str) -> io::Result<Vec<Case>> {
    toml::from_str::<File>(text)
        .map(|file| file.case)
        .map_err(io::Error::other)
}

fn all_unique(cases: &[Case]) -> io::Result<()> {
    let mut names = HashSet::new();
    match cases.iter().find(|c| !names.insert(c.name.as_str())) {
        Some(double) => Err(io::Error::other(format!(
            "the case name `{}` is used twice",
            double.name
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_cases_can_be_read() {
        let cases = load(&own_folders()).unwrap();
        assert!(cases.len() >= 346, "{}", cases.len());
    }

    #[test]
    fn a_name_may_be_used_once() {
        let case = "[[case]]\nname = 'n'\ngroup = 'g'\nstatus = 'ours'\nwhy = 'w'\nargs = []\n\
                    [case.want]\nexit = [0]\n";
        assert!(all_unique(&parse(case).unwrap()).is_ok());
        let error = all_unique(&parse(&case.repeat(2)).unwrap()).unwrap_err();
        assert!(error.to_string().contains("`n` is used twice"));
    }

    #[test]
    fn a_file_holds_nothing_but_cases() {
        assert!(parse("[[cases]]\nname = 'n'").is_err());
    }
}
