//! Programs that come with this one and do what it must not.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where they may be, from the folder of this one: beside it, where `make install` puts them for a
/// program in `bin`, and for a plugin in `lib/sandcheck/plugins`.
const FOLDERS: [&str; 3] = ["", "../libexec/sandcheck", "../../../libexec/sandcheck"];

/// A program that is in none of the places where it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    name: String,
    places: Vec<PathBuf>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self
            .places
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        let Self { name, .. } = self;
        write!(
            f,
            "{name} is missing, which comes with this program: {}",
            places.join(" or ")
        )
    }
}

impl std::error::Error for Missing {}

/// Where the program of this name is.
pub fn find(name: &str) -> Result<PathBuf, Missing> {
    let this = env::current_exe().unwrap_or_default();
    let folder = this.parent().unwrap_or(Path::new("/"));
    let places = FOLDERS.map(|place| folder.join(place).join(name));
    let found = places.iter().find(|path| path.is_file());
    found.cloned().ok_or_else(|| Missing {
        name: name.to_owned(),
        places: places.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_places() {
        let missing = find("sandcheck-nothing").unwrap_err().to_string();
        assert!(
            missing.starts_with("sandcheck-nothing is missing, which comes with this program: /"),
            "{missing}"
        );
        assert!(missing.ends_with("/../../../libexec/sandcheck/sandcheck-nothing"));
    }
}
