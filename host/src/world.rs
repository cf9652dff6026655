//! Whether a component fits the world `monitoring:plugin`, by the names of what it imports and
//! exports.

use std::fmt;

/// What is the contract's own.
const PACKAGE: &str = "monitoring:plugin/";

/// Its interfaces that a plugin may import.
const INTERFACES: [&str; 2] = ["sockets", "types"];

/// Another one, which came with the current line.
const SINCE_CURRENT: &str = "resolver";

/// What a plugin has to export.
const CHECK: &str = "check";

/// What a plugin may import besides. The first three are the world's own; the others are what the
/// standard libraries of languages bring along, and lead nowhere here: no environment, no arguments,
/// empty input, output that nobody reads. Of all of them this host has 0.2.
const IMPORTS: [&str; 18] = [
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
];

/// The version of those.
const WASI: &str = "0.2";

/// The lines of the contract that this host has. Plugins of each are run as they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// 0.2
    Current,
    /// 0.1
    Before,
}

/// For messages.
const LINES: &str = "0.2 or 0.1";

impl Line {
    /// `0.2`
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Current => "0.2",
            Self::Before => "0.1",
        }
    }

    fn of(version: &str) -> Option<Self> {
        let lines = [Self::Current, Self::Before];
        lines
            .into_iter()
            .find(|line| is_version(version, line.version()))
    }
}

/// One thing that keeps a component from being a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It imports this, which no plugin gets.
    Import(String),
    /// It imports another version of this than the world has, which is named.
    ImportVersion(String, &'static str),
    /// It imports this of another line than that of its check, which is named.
    ImportLine(String, Line),
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
            Self::ImportLine(name, line) => {
                let line = line.version();
                write!(f, "it imports {name}, where its check is of {line}")
            }
            Self::NoExport => write!(f, "it does not export {PACKAGE}{CHECK}@{LINES}"),
            Self::ExportVersion(name) => {
                write!(f, "it exports {name}, where this host takes {LINES}")
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

/// The line that a component with these imports and exports is a plugin of, or what keeps it from being
/// one.
pub fn line<'a>(
    imports: impl IntoIterator<Item = &'a str>,
    exports: impl IntoIterator<Item = &'a str>,
) -> Result<Line, Vec<Misfit>> {
    let line = judge_exports(exports);
    let judge = |import| judge_import(import, line.as_ref().ok().copied());
    let mut misfits: Vec<_> = imports.into_iter().filter_map(judge).collect();
    match line {
        Ok(line) if misfits.is_empty() => Ok(line),
        Ok(_) => Err(misfits),
        Err(misfit) => {
            misfits.push(misfit);
            Err(misfits)
        }
    }
}

/// Whether one of the interfaces is imported that lead nowhere here.
#[must_use]
pub fn is_inert(import: &str) -> bool {
    ["wasi:cli/", "wasi:io/", "wasi:random/insecure"]
        .iter()
        .any(|prefix| import.starts_with(prefix))
}

fn judge_import(import: &str, line: Option<Line>) -> Option<Misfit> {
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    let own = name.strip_prefix(PACKAGE);
    if own == Some(SINCE_CURRENT) && Line::of(version) != Some(Line::Current) {
        let current = Line::Current.version();
        return Some(Misfit::ImportVersion(import.to_owned(), current));
    }
    if own.is_some_and(|name| name == SINCE_CURRENT || INTERFACES.contains(&name)) {
        return match (Line::of(version), line) {
            (None, _) => Some(Misfit::ImportVersion(import.to_owned(), LINES)),
            (Some(found), Some(line)) if found != line => {
                Some(Misfit::ImportLine(import.to_owned(), line))
            }
            _ => None,
        };
    }
    match IMPORTS.contains(&name) {
        false => Some(Misfit::Import(import.to_owned())),
        true if is_version(version, WASI) => None,
        true => Some(Misfit::ImportVersion(import.to_owned(), WASI)),
    }
}

fn judge_exports<'a>(exports: impl IntoIterator<Item = &'a str>) -> Result<Line, Misfit> {
    let mut other = Misfit::NoExport;
    for export in exports {
        let (name, version) = export.split_once('@').unwrap_or((export, ""));
        if name.strip_prefix(PACKAGE) == Some(CHECK) {
            match Line::of(version) {
                Some(line) => return Ok(line),
                None => other = Misfit::ExportVersion(export.to_owned()),
            }
        }
    }
    Err(other)
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

    const CURRENT: &str = "monitoring:plugin/check@0.2.0";
    const BEFORE: &str = "monitoring:plugin/check@0.1.0";

    fn reasons(imports: &[&str], exports: &[&str]) -> Vec<String> {
        let misfits = line(imports.iter().copied(), exports.iter().copied()).unwrap_err();
        misfits.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_fits() {
        for (check, version, expected) in [
            (CURRENT, "0.2.7", Line::Current),
            (BEFORE, "0.1.3", Line::Before),
        ] {
            let types = format!("monitoring:plugin/types@{version}");
            let sockets = format!("monitoring:plugin/sockets@{}.0", expected.version());
            let imports = [
                &*sockets,
                &types,
                "wasi:clocks/wall-clock@0.2.12",
                "wasi:cli/stdout@0.2.3",
            ];
            assert_eq!(
                line(imports, ["other:thing/else@1.0.0", check]),
                Ok(expected)
            );
        }
        assert!(is_inert("wasi:cli/stdout@0.2.3"));
        assert!(!is_inert("wasi:random/random@0.2.3"));
    }

    #[test]
    fn what_does_not_is_named() {
        assert_eq!(
            reasons(&["wasi:filesystem/types@0.2.3"], &[CURRENT]),
            ["it imports wasi:filesystem/types@0.2.3: a plugin gets no files"]
        );
        assert_eq!(
            reasons(&["a:b/c", "wasi:http/outgoing-handler@0.2.0"], &[]),
            [
                "it imports a:b/c, which no plugin gets",
                "it imports wasi:http/outgoing-handler@0.2.0: a plugin connects through \
                 monitoring:plugin/sockets only",
                "it does not export monitoring:plugin/check@0.2 or 0.1",
            ]
        );
        assert_eq!(
            reasons(
                &["monitoring:plugin/sockets@0.20.0", "wasi:cli/exit@0.3.0"],
                &["monitoring:plugin/check@0.10.0"]
            ),
            [
                "it imports monitoring:plugin/sockets@0.20.0, where this host has 0.2 or 0.1",
                "it imports wasi:cli/exit@0.3.0, where this host has 0.2",
                "it exports monitoring:plugin/check@0.10.0, where this host takes 0.2 or 0.1",
            ]
        );
    }

    #[test]
    fn a_plugin_is_of_one_line() {
        let later = "monitoring:plugin/sockets@0.2.0";
        assert_eq!(
            reasons(&[later], &[BEFORE]),
            [format!("it imports {later}, where its check is of 0.1")]
        );
    }

    #[test]
    fn look_ups_came_with_the_current_line() {
        let (resolver, old) = (
            "monitoring:plugin/resolver@0.2.0",
            "monitoring:plugin/resolver@0.1.0",
        );
        assert_eq!(line([resolver], [CURRENT]), Ok(Line::Current));
        assert_eq!(
            reasons(&[resolver], &[BEFORE]),
            [format!("it imports {resolver}, where its check is of 0.1")]
        );
        assert_eq!(
            reasons(&[old], &[BEFORE]),
            [format!("it imports {old}, where this host has 0.2")]
        );
    }
}
