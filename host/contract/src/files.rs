//! Which files an operator lets command lines name.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A path, or a folder and all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePattern(String);

/// A text that is no pattern of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePatternError(String);

impl fmt::Display for FilePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' names no files; accepted: /path for a file, /folder/* for all below a folder",
            self.0
        )
    }
}

impl std::error::Error for FilePatternError {}

impl FilePattern {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, FilePatternError> {
        let path = text.strip_suffix("/*").unwrap_or(text);
        let is_plain = !path
            .split('/')
            .any(|part| matches!(part, "." | "..") || part.contains(['*', '\0']));
        if (text == "/*" || path.starts_with('/') && !path.ends_with('/')) && is_plain {
            return Ok(Self(text.to_owned()));
        }
        Err(FilePatternError(text.to_owned()))
    }

    /// Whether it names the file of this path, or the folder itself.
    #[must_use]
    pub fn names(&self, path: &Path) -> bool {
        match self.0.strip_suffix("/*") {
            Some("") => path.is_absolute(),
            Some(folder) => path.starts_with(folder),
            None => path == Path::new(&self.0),
        }
    }
}

/// The files that may be lent: all, or only some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// When there is any: no other file is read.
    pub only: Option<Vec<FilePattern>>,
}

impl Files {
    /// Whether this open file may be read, wherever links led to it. If not: its own path.
    pub(crate) fn permit(&self, asked: &Path, file: &File) -> Result<(), PathBuf> {
        let Some(only) = &self.only else {
            return Ok(());
        };
        let real = real_path(asked, file);
        if only.iter().any(|pattern| pattern.names(&real)) {
            return Ok(());
        }
        Err(real)
    }
}

/// Where an open file lies.
#[cfg(target_os = "linux")]
fn real_path(_: &Path, file: &File) -> PathBuf {
    let open = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file));
    // Where the system does not tell, it is nowhere that is allowed.
    std::fs::read_link(open).unwrap_or_default()
}

/// Where links lead to, which may have changed since it was opened.
#[cfg(not(target_os = "linux"))]
fn real_path(asked: &Path, _: &File) -> PathBuf {
    std::fs::canonicalize(asked).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn patterns_name_files() {
        for (pattern, path, names) in [
            ("/etc/ssl/*", "/etc/ssl/a/b.pem", true),
            ("/etc/ssl/*", "/etc/ssl", true),
            ("/etc/ssl/*", "/etc/ssl2/a", false),
            ("/etc/ssl/a.pem", "/etc/ssl/a.pem", true),
            ("/etc/ssl/a.pem", "/etc/ssl/b.pem", false),
            ("/*", "/etc/shadow", true),
            ("/*", "pipe:[1]", false),
        ] {
            let pattern = FilePattern::parse(pattern).unwrap();
            assert_eq!(pattern.names(Path::new(path)), names, "{pattern:?} {path}");
        }
        for text in [
            "", "etc", "/etc/**", "/etc/*/a", "/a/../b", "/a/", "~/a", "/",
        ] {
            let error = FilePattern::parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("'{text}' names no files")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_link_does_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let (inside, outside) = (root.join("in"), root.join("out"));
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, "x").unwrap();
        let link = inside.join("link");
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        let pattern = FilePattern::parse(&format!("{}/*", inside.display())).unwrap();
        let files = Files {
            only: Some(vec![pattern]),
        };
        let file = File::open(&link).unwrap();
        assert_eq!(files.permit(&link, &file), Err(outside.clone()));
        assert_eq!(Files::default().permit(&link, &file), Ok(()));
    }
}
