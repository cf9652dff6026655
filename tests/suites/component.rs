//! What the component is made of: the imports, which are all that it could ever reach.

use std::fs;
use std::path::{Path, PathBuf};

use wasmparser::{ComponentExternalKind, Parser, Payload};

/// One of the two builds of the component that are in the program; `make build` makes them.
fn component(name: &str) -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path: PathBuf = workspace.join("target/component").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run make build", path.display()))
}

/// The names that the component itself imports and exports, not those of what is nested in it.
fn outer_names(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.expect("the component is well-formed") {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                let names = section
                    .into_iter()
                    .map(|import| import.expect("an import").name.name);
                imports.extend(names.map(ToOwned::to_owned));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                let names = section.into_iter().map(|export| export.expect("an export"));
                let instances = names.filter(|e| e.kind == ComponentExternalKind::Instance);
                exports.extend(instances.map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// `wasi:clocks/wall-clock` of `wasi:clocks/wall-clock@0.2.12`; types are imported beside what uses
/// them, and reach nothing.
fn interfaces(names: &[String]) -> Vec<&str> {
    let mut interfaces: Vec<_> = names
        .iter()
        .map(|name| name.split('@').next().unwrap_or_default())
        .filter(|name| *name != "monitoring:plugin/types")
        .collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    interfaces
}

#[test]
fn lesser_builds_import_no_more_than_they_need() {
    let mut needed = vec![
        "monitoring:plugin/sockets",
        "wasi:clocks/monotonic-clock",
        "wasi:clocks/wall-clock",
    ];
    for (name, more) in [
        ("check_smtp-small.wasm", None),
        ("check_smtp-tls.wasm", Some("wasi:random/random")),
    ] {
        needed.extend(more);
        let (imports, exports) = outer_names(&component(name));
        assert_eq!(interfaces(&imports), needed, "{name}");
        assert_eq!(exports, ["monitoring:plugin/check@0.2.0"]);
    }
}

#[test]
fn it_imports_sockets_look_ups_clocks_and_randomness_and_nothing_else() {
    let (imports, exports) = outer_names(&component("check_smtp.wasm"));
    assert_eq!(
        interfaces(&imports),
        [
            "monitoring:plugin/resolver",
            "monitoring:plugin/sockets",
            "wasi:clocks/monotonic-clock",
            "wasi:clocks/wall-clock",
            "wasi:random/random",
        ]
    );
    assert_eq!(exports, ["monitoring:plugin/check@0.2.0"]);
}

#[test]
fn it_tells_nothing_about_the_machine_that_built_it() {
    let home = std::env::var("HOME").expect("HOME is set");
    for name in [
        "check_smtp.wasm",
        "check_smtp-tls.wasm",
        "check_smtp-small.wasm",
    ] {
        let bytes = component(name);
        let mut windows = bytes.windows(home.len());
        let found = windows.any(|window| window == home.as_bytes());
        assert!(!found || home.len() < 2, "{home} is in {name}");
    }
}
