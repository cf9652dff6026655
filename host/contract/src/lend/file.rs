//! Contents of files, within what the policy lets command lines name.

use std::fmt;
use std::fs::File;
use std::path::Path;

use super::Lender;
use crate::anchors;
use crate::escape;
use crate::secrets::SecretError;
use crate::text_file::{self, FileError, LIMIT};
use crate::types::{Kind, Misuse, OptionSpec};

/// The most that is lent to one run, in bytes.
const TOTAL_LIMIT: usize = 4 << 20;

/// Why the contents of a file are not to be had.
pub(super) enum Refused {
    File(FileError),
    Secret(SecretError),
    Policy(String),
}

impl From<SecretError> for Refused {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::File(FileError::TimedOut) => Self::Secret(error),
            SecretError::File(error) => Self::File(error),
            error => Self::Secret(error),
        }
    }
}

impl From<FileError> for Refused {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

pub(super) fn contents(option: &OptionSpec, path: &str, lender: &Lender) -> Result<String, Misuse> {
    let name = &option.name;
    if path.starts_with("-----BEGIN") || path.contains(['\n', '\r']) {
        // What looks like contents is not shown: it may be a private key.
        return Err(Misuse {
            message: format!("--{name} takes the path of a file, and not what it holds"),
            hint: Some(format!(
                "write it to a file and name that: --{name} /path/to/file.pem"
            )),
        });
    }
    let asked = Path::new(path);
    let read = match option.kind {
        Kind::Anchors => anchors::read(asked, lender.deadline, &permit(lender, asked)),
        _ => text_file::read(asked, LIMIT, lender.deadline, permit(lender, asked)),
    };
    read.map_err(|refused| match refused {
        Refused::Policy(path_of_file) => not_allowed(name, path, &path_of_file),
        Refused::File(error) => unreadable(option, path, &error),
        Refused::Secret(error) => unreadable(option, path, &error),
    })
}

fn unreadable(option: &OptionSpec, path: &str, error: &impl fmt::Display) -> Misuse {
    Misuse {
        message: format!("--{}: cannot read {}: {error}", option.name, shown(path)),
        hint: Some(wanted(option)),
    }
}

/// Whether the policy lets the file be read that is open now.
pub(super) fn permit<'a>(
    lender: &'a Lender,
    asked: &'a Path,
) -> impl Fn(&File) -> Result<(), Refused> + 'a {
    move |file| {
        let permitted = lender.files.permit(asked, file);
        permitted.map_err(|path| Refused::Policy(path.display().to_string()))
    }
}

pub(super) fn not_allowed(name: &str, asked: &str, path: &str) -> Misuse {
    Misuse {
        message: format!(
            "--{name}: {} is not among the only files that the policy allows",
            shown(asked)
        ),
        hint: Some(format!(
            "to allow it: add '{path}' to only under [files] in the policy"
        )),
    }
}

fn wanted(option: &OptionSpec) -> String {
    let what = match option.kind {
        Kind::Anchors => {
            "the path of a text file in UTF-8 of at most 1 MiB, or of a folder of such files"
        }
        _ => "the path of a text file in UTF-8 of at most 1 MiB",
    };
    format!("--{} takes {what}", option.name)
}

pub(super) fn shown(path: &str) -> String {
    format!("'{}'", escape::line(path))
}

pub(super) fn bounded(
    contents: String,
    total: &mut usize,
    option: &OptionSpec,
) -> Result<String, Misuse> {
    *total += contents.len();
    if *total > TOTAL_LIMIT {
        return Err(Misuse {
            message: format!(
                "--{}: the files of one run hold more than {TOTAL_LIMIT} bytes together",
                option.name
            ),
            hint: None,
        });
    }
    Ok(contents)
}
