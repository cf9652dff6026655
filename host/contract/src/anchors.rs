//! Trust anchors: certificates in PEM, of a file, of a folder of files, or of the environment.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::text_file::{self, FileError, LIMIT};

/// The most entries of a folder that are looked at.
const ENTRIES: usize = 10_000;

/// Endings of names that certificates have.
const ENDINGS: [&str; 3] = ["pem", "crt", "cer"];

/// What the variables say that OpenSSL reads for it: `SSL_CERT_FILE`, and `SSL_CERT_DIR` with colons
/// between its folders. Nothing where neither is set.
#[must_use]
pub fn of_environment(deadline: Instant) -> Option<Result<String, String>> {
    let set = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let (file, folders) = (set("SSL_CERT_FILE"), set("SSL_CERT_DIR"));
    if file.is_none() && folders.is_none() {
        return None;
    }
    let folders = folders.unwrap_or_default();
    let folders = folders.to_string_lossy();
    let folders = folders.split(':').map(|path| ("SSL_CERT_DIR", path.into()));
    let paths = file
        .map(|path| ("SSL_CERT_FILE", PathBuf::from(path)))
        .into_iter()
        .chain(folders)
        .filter(|(_, path)| !path.as_os_str().is_empty());
    let mut found = String::new();
    for (variable, path) in paths {
        match read(&path, deadline, &|_| Ok::<_, FileError>(())) {
            Ok(text) => found.push_str(&(text + "\n")),
            Err(error) => return Some(Err(format!("{variable}={}: {error}", path.display()))),
        }
        if found.len() > LIMIT {
            let error = FileError::TooLong(LIMIT);
            return Some(Err(format!("{variable}={}: {error}", path.display())));
        }
    }
    Some(Ok(found))
}

/// Where systems keep all of them in one file: Debian, Fedora, openSUSE, Alpine, FreeBSD.
const KNOWN: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// What the first of the files holds that systems keep them in, for a host that knows no better.
#[must_use]
pub fn of_known_files(deadline: Instant) -> Option<String> {
    let mut files = KNOWN.iter().map(Path::new);
    files.find_map(|file| read(file, deadline, &|_| Ok::<_, FileError>(())).ok())
}

/// What a file holds, or all files of a folder that certificates are kept in: those that are named by
/// a hash, as OpenSSL finds them, or else those whose names end in `.pem`, `.crt` or `.cer`.
pub(crate) fn read<E: From<FileError>>(
    path: &Path,
    deadline: Instant,
    permit: &impl Fn(&File) -> Result<(), E>,
) -> Result<String, E> {
    if !path.is_dir() {
        return text_file::read(path, LIMIT, deadline, permit);
    }
    permit(&File::open(path).map_err(FileError::from)?)?;
    let mut all = String::new();
    for file in files(path)? {
        let room = LIMIT.saturating_sub(all.len());
        // A line's end that is missing would join two certificates.
        let text = text_file::read(&file, LIMIT, deadline, permit)?;
        if text.len() + 1 > room {
            return Err(FileError::TooLong(LIMIT).into());
        }
        all.push_str(&text);
        all.push('\n');
    }
    if all.is_empty() {
        return Err(FileError::Empty.into());
    }
    Ok(all)
}

/// Each file once, whatever names it has, in the order of their names.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>, FileError> {
    let mut hashed = BTreeSet::new();
    let mut others = BTreeSet::new();
    for entry in fs::read_dir(folder)?.take(ENTRIES) {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_hashed = is_hash(&name);
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if !is_hashed && !ENDINGS.contains(&&*ending) {
            continue;
        }
        // A link that leads nowhere is what a certificate leaves that was removed.
        let Ok(real) = fs::canonicalize(&path) else {
            continue;
        };
        if !real.is_file() {
            continue;
        }
        if is_hashed {
            hashed.insert(real);
        } else {
            others.insert(real);
        }
    }
    Ok(if hashed.is_empty() { others } else { hashed })
}

/// `5ed36f99.0`
fn is_hash(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    use super::*;

    fn lent(path: &Path) -> Result<String, FileError> {
        let soon = Instant::now() + Duration::from_secs(1);
        read(path, soon, &|_| Ok(()))
    }

    #[test]
    fn a_folder_is_read_as_openssl_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(lent(path), Err(FileError::Empty));
        fs::write(path.join("b.pem"), "b").unwrap();
        fs::write(path.join("a.crt"), "a").unwrap();
        fs::write(path.join("README"), "no").unwrap();
        fs::create_dir(path.join("c.pem")).unwrap();
        symlink(path.join("gone"), path.join("d.pem")).unwrap();
        symlink(path.join("b.pem"), path.join("e.pem")).unwrap();
        assert_eq!(lent(path), Ok("a\nb\n".to_owned()));
        symlink(path.join("b.pem"), path.join("5ed36f99.0")).unwrap();
        assert_eq!(lent(path), Ok("b\n".to_owned()));
        let much = "x".repeat(LIMIT);
        fs::write(path.join("b.pem"), much).unwrap();
        assert_eq!(lent(path), Err(FileError::TooLong(LIMIT)));
    }

    #[test]
    fn hashes() {
        assert!(is_hash("5ed36f99.0") && is_hash("5ED36F99.12"));
        for name in [
            "5ed36f99.r0",
            "5ed36f9.0",
            "5ed36f99",
            "5ed36f99.",
            "xed36f99.0",
        ] {
            assert!(!is_hash(name), "{name}");
        }
    }
}
