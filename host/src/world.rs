//! Whether a component fits the world `monitoring:plugin`, by the names of what it imports and
//! exports.

use std::fmt;

/// What a plugin may import. The first six are the world's own; the others are what the standard
/// libraries of languages bring along, and lead nowhere here: no environment, no arguments, empty
/// input, output that nobody reads.
const IMPORTS: [(&str, &str); 21] = [
    ("monitoring:plugin/resolver", "0.1"),
    ("monitoring:plugin/sockets", "0.1"),
    ("monitoring:plugin/types", "0.1"),
    ("wasi:clocks/monotonic-clock", "0.2"),
    ("wasi:clocks/wall-clock", "0.2"),
    ("wasi:random/random", "0.2"),
    ("wasi:random/insecure", "0.2"),
    ("wasi:random/insecure-seed", "0.2"),
    ("wasi:io/error", "0.2"),
    ("wasi:io/poll", "0.2"),
    ("wasi:io/streams", "0.2"),
    ("wasi:cli/environment", "0.2"),
    ("wasi:cli/exit", "0.2"),
    ("wasi:cli/stdin", "0.2"),
    ("wasi:cli/stdout", "0.2"),
    ("wasi:cli/stderr", "0.2"),
    ("wasi:cli/terminal-input", "0.2"),
    ("wasi:cli/terminal-output", "0.2"),
    ("wasi:cli/terminal-stdin", "0.2"),
    ("wasi:cli/terminal-stdout", "0.2"),
    ("wasi:cli/terminal-stderr", "0.2"),
];

/// What a plugin has to export.
const EXPORT: (&str, &str) = ("monitoring:plugin/check", "0.1");

/// One thing that keeps a component from being a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It imports this, which no plugin gets.
    Import(String),
    /// It imports another version of this than the world has, which is named.
    ImportVersion(String, &'static str),
    /// It does not export the check.
    NoExport,
    /// It exports another version of the check.
    ExportVersion(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(name) => write!(f, "it imports {name}{}", what_it_is(name)),
            Self::ImportVersion(name, version) => {
                write!(f, "it imports {name}, where this host has {version}")
            }
            Self::NoExport => write!(f, "it does not export {}@{}", EXPORT.0, EXPORT.1),
            Self::ExportVersion(name) => {
                write!(f, "it exports {name}, where this host takes {}", EXPORT.1)
            }
        }
    }
}

impl std::error::Error for Misfit {}

fn what_it_is(name: &str) -> &'static str {
    let areas = [
        ("wasi:filesystem/", ": a plugin gets no files"),
        (
            "wasi:sockets/",
            ": a plugin connects through monitoring:plugin/sockets only",
        ),
        (
            "wasi:http/",
            ": a plugin connects through monitoring:plugin/sockets only",
        ),
    ];
    let area = areas.iter().find(|(prefix, _)| name.starts_with(prefix));
    area.map_or(", which no plugin gets", |(_, words)| words)
}

/// What keeps a component with these imports and exports from being a plugin.
#[must_use]
pub fn misfits<'a>(
    imports: impl IntoIterator<Item = &'a str>,
    exports: impl IntoIterator<Item = &'a str>,
) -> Vec<Misfit> {
    let wrong_imports = imports.into_iter().filter_map(judge_import);
    wrong_imports.chain(judge_exports(exports)).collect()
}

/// Whether one of the interfaces is imported that lead nowhere here.
#[must_use]
pub fn is_inert(import: &str) -> bool {
    ["wasi:cli/", "wasi:io/", "wasi:random/insecure"]
        .iter()
        .any(|prefix| import.starts_with(prefix))
}

fn judge_import(import: &str) -> Option<Misfit> {
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    match IMPORTS.iter().find(|(known, _)| *known == name) {
        None => Some(Misfit::Import(import.to_owned())),
        Some((_, wanted)) if is_version(version, wanted) => None,
        Some((_, wanted)) => Some(Misfit::ImportVersion(import.to_owned(), wanted)),
    }
}

fn judge_exports<'a>(exports: impl IntoIterator<Item = &'a str>) -> Option<Misfit> {
    let mut other = None;
    for export in exports {
        let (name, version) = export.split_once('@').unwrap_or((export, ""));
        if name == EXPORT.0 {
            if is_version(version, EXPORT.1) {
                return None;
            }
            other = Some(Misfit::ExportVersion(export.to_owned()));
        }
    }
    Some(other.unwrap_or(Misfit::NoExport))
}

/// Whether `0.1.5` is a `0.1`.
fn is_version(version: &str, wanted: &str) -> bool {
    version
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str = "monitoring:plugin/check@0.1.0";

    fn reasons(imports: &[&str], exports: &[&str]) -> Vec<String> {
        let misfits = misfits(imports.iter().copied(), exports.iter().copied());
        misfits.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_fits() {
        let imports = [
            "monitoring:plugin/sockets@0.1.0",
            "monitoring:plugin/types@0.1.3",
            "wasi:clocks/wall-clock@0.2.12",
            "wasi:cli/stdout@0.2.3",
        ];
        assert!(reasons(&imports, &["other:thing/else@1.0.0", CHECK]).is_empty());
        assert!(is_inert("wasi:cli/stdout@0.2.3"));
        assert!(!is_inert("wasi:random/random@0.2.3"));
    }

    #[test]
    fn what_does_not_is_named() {
        assert_eq!(
            reasons(&["wasi:filesystem/types@0.2.3"], &[CHECK]),
            ["it imports wasi:filesystem/types@0.2.3: a plugin gets no files"]
        );
        assert_eq!(
            reasons(&["a:b/c", "wasi:http/outgoing-handler@0.2.0"], &[]),
            [
                "it imports a:b/c, which no plugin gets",
                "it imports wasi:http/outgoing-handler@0.2.0: a plugin connects through \
                 monitoring:plugin/sockets only",
                "it does not export monitoring:plugin/check@0.1",
            ]
        );
        assert_eq!(
            reasons(
                &["monitoring:plugin/sockets@0.2.0"],
                &["monitoring:plugin/check@0.10.0"]
            ),
            [
                "it imports monitoring:plugin/sockets@0.2.0, where this host has 0.1",
                "it exports monitoring:plugin/check@0.10.0, where this host takes 0.1",
            ]
        );
    }
}
