//! The contract against its releases: what was released of it, `wit/releases/VERSION`, stays true.
//!
//! `docs/contract.md` has the rules. A release is a copy of `wit/` as it was; it is never changed.

use std::fs;
use std::path::{Path, PathBuf};

use wit_component::semver_check;
use wit_parser::{PackageId, Resolve, WorldId};

/// The world that plugins and hosts agree on.
const WORLD: &str = "plugin";

#[test]
fn the_contract_is_compatible_with_each_release_of_its_line() {
    let current = Contract::read(&wit());
    for release in releases() {
        let released = Contract::read(&release);
        if released.is_superseded_by(&current) {
            continue;
        }
        let verdict = released.accepts(&current);
        assert!(
            verdict.is_ok(),
            "wit/ is {} and no longer compatible with {}: {:#}\nTake the change back, or see \
             docs/contract.md for what an incompatible change needs",
            current.version(),
            release.display(),
            verdict.unwrap_err()
        );
    }
}

#[test]
fn a_new_line_begins_only_where_the_one_before_does_not_go_on() {
    let current = Contract::read(&wit());
    let all = releases();
    let released: Vec<_> = all.iter().map(|folder| Contract::read(folder)).collect();
    assert!(!released.is_empty(), "there is no release to compare with");
    if released
        .iter()
        .any(|released| !released.is_superseded_by(&current))
    {
        return;
    }
    // Nothing of this line is released, so that it may still change as it likes.
    let version = current.version();
    assert!(
        version.ends_with(".0"),
        "{version} is not the first of its line"
    );
    for released in &released {
        assert!(
            released.accepts(&current).is_err(),
            "wit/ is compatible with {}: it needs no new line",
            released.version()
        );
    }
}

#[test]
fn what_was_released_is_not_changed_under_the_same_version() {
    let current = Contract::read(&wit());
    for release in releases() {
        let released = Contract::read(&release);
        if released.version() != current.version() {
            continue;
        }
        let back = current.accepts(&released);
        assert!(
            back.is_ok(),
            "wit/ has more than {}, whose version it has: give it a new one: {:#}",
            release.display(),
            back.unwrap_err()
        );
    }
}

#[test]
fn a_release_lies_in_a_folder_of_its_version() {
    for release in releases() {
        let version = Contract::read(&release).version();
        assert_eq!(
            release.file_name().and_then(|n| n.to_str()),
            Some(&*version)
        );
    }
}

/// Each change, and whether the check lets it pass.
const CHANGES: [(&str, &str, &str, &str, bool); 12] = [
    (
        "a function more to import",
        "sockets.wit",
        "    write: func(bytes",
        "    flush: func() -> result<_, error>;\n    write: func(bytes",
        true,
    ),
    (
        "an interface more to import",
        "world.wit",
        "  import sockets;",
        "  import sockets;\n  import wasi:random/insecure@0.2.12;",
        true,
    ),
    (
        "other words in the documentation",
        "types.wit",
        "What the plugin is.",
        "What the plugin says of itself.",
        true,
    ),
    (
        "a function less to import",
        "sockets.wit",
        "  connect-unix: func(path: string, timeout: duration) -> result<connection, error>;",
        "  connect-local: func(path: string, timeout: duration) -> result<connection, error>;",
        false,
    ),
    (
        "another parameter",
        "sockets.wit",
        "read: func(max: u32)",
        "read: func(max: u64)",
        false,
    ),
    (
        "another result",
        "sockets.wit",
        "write: func(bytes: list<u8>) -> result<_, error>",
        "write: func(bytes: list<u8>) -> result<u32, error>",
        false,
    ),
    (
        "a case more in an enum",
        "types.wit",
        "enum state { ok, warning, critical, unknown }",
        "enum state { ok, warning, critical, unknown, pending }",
        false,
    ),
    (
        "a case more in a variant",
        "sockets.wit",
        "    other(string),",
        "    other(string),\n    busy,",
        false,
    ),
    (
        "a field more in a record",
        "types.wit",
        "    hint: option<string>,",
        "    hint: option<string>,\n    link: option<string>,",
        false,
    ),
    (
        "a field of another type",
        "types.wit",
        "    precision: u8,",
        "    precision: u16,",
        false,
    ),
    (
        "a function more to export",
        "check.wit",
        "  describe: func() -> manifest;",
        "  describe: func() -> manifest;\n  reset: func();",
        false,
    ),
    (
        "a function less to export",
        "check.wit",
        "  validate: func(",
        "  examine: func(",
        false,
    ),
];

#[test]
fn the_check_tells_compatible_changes_from_others() {
    let released = Contract::read(&wit());
    for (what, file, from, to, is_compatible) in CHANGES {
        let verdict = released.accepts(&Contract::changed(file, from, to));
        assert_eq!(verdict.is_ok(), is_compatible, "{what}: {verdict:?}");
    }
}

/// A version of the contract.
#[derive(Clone)]
struct Contract {
    resolve: Resolve,
    package: PackageId,
}

impl Contract {
    fn read(folder: &Path) -> Self {
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error:?}", folder.display()));
        Self { resolve, package }
    }

    /// The current one with another text in the place of one in a file.
    fn changed(file: &str, from: &str, to: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&wit(), folder.path());
        copy(&wit().join("deps"), &folder.path().join("deps"));
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("a file of the contract");
        assert_eq!(text.matches(from).count(), 1, "{from} in {file}");
        fs::write(&path, text.replace(from, to)).expect("room for the file");
        Self::read(folder.path())
    }

    fn version(&self) -> String {
        let version = &self.resolve.packages[self.package].name.version;
        version.as_ref().expect("a version").to_string()
    }

    /// Whether another one begins a new line: another number where the first one that counts is.
    fn is_superseded_by(&self, other: &Self) -> bool {
        let line = |contract: &Self| {
            let version = contract.version();
            let mut numbers = version.split('.').map(ToOwned::to_owned);
            let major = numbers.next();
            let minor = numbers.next().filter(|_| major.as_deref() == Some("0"));
            (major, minor)
        };
        line(self) != line(other)
    }

    /// Whether what was made for this one fits a newer one: plugins run on hosts of the newer, and
    /// hosts of this one find the exports that they call.
    fn accepts(&self, newer: &Self) -> Result<(), String> {
        let mut resolve = newer.resolve.clone();
        let new = world(&resolve, newer.package);
        let mut old = self.resolve.clone();
        let package = old.packages[self.package].name.clone();
        // Two packages of one name would become one. The check looks at no version.
        let mut renamed = package.clone();
        renamed.version = Some("0.0.0".parse().expect("a version"));
        old.package_names.swap_remove(&package);
        old.package_names.insert(renamed.clone(), self.package);
        old.packages[self.package].name = renamed;
        let world = world(&old, self.package);
        let moved = resolve.merge(old).map_err(|error| format!("{error:#}"))?;
        let old = moved
            .map_world(world, wit_parser::Span::default())
            .map_err(|error| format!("{error:#}"))?;
        semver_check(resolve, old, new).map_err(|error| format!("{error:#}"))
    }
}

fn world(resolve: &Resolve, package: PackageId) -> WorldId {
    resolve
        .select_world(&[package], Some(WORLD))
        .expect("the world")
}

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// The folders of all releases.
fn releases() -> Vec<PathBuf> {
    let entries = fs::read_dir(wit().join("releases")).expect("the releases");
    entries
        .map(|entry| entry.expect("a release").path())
        .collect()
}

/// The files of a folder into another.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, to.join(name)).expect("room for the file");
        }
    }
}
