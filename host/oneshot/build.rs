//! Builds the component, compiles it ahead, asks it for its manifest, and leaves both for the program
//! to carry. The same again for lesser builds of it: without what the reference does not have, and
//! without TLS too. In each the functions that checks pass through come first.
//!
//! `CHECK_SMTP_COMPONENT` names a component that has been built already; it serves as all of them.

mod order;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sandcheck::types::{Kind, Manifest, OptionSpec};
use sandcheck::{EpochClock, Limits, Plugin, manifest, settings};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Paths that the component is made of, from this folder.
const SOURCES: [&str; 8] = [
    "../../guest/Cargo.toml",
    "../../guest/src",
    "../../guest/crypto",
    "../../sdk/Cargo.toml",
    "../../sdk/src",
    "../../wit",
    "../../Cargo.toml",
    "../../Cargo.lock",
];

/// The features of the build that has TLS and no more.
const TLS: [&str; 3] = ["--no-default-features", "--features", "tls"];

fn main() -> Result<()> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    // The first one is the linker's (scripts/link-ordered).
    println!("cargo::rerun-if-changed=hot-functions.txt");
    println!("cargo::rerun-if-changed=hot-component-functions.txt");
    println!("cargo::rerun-if-changed={}", order::PLAIN);
    println!("cargo::rerun-if-env-changed=CHECK_SMTP_COMPONENT");
    let out = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR is not set")?);
    let given = env::var_os("CHECK_SMTP_COMPONENT").map(PathBuf::from);
    let hot = fs::read_to_string("hot-component-functions.txt")?;
    let beside = component_target(&out)?;
    // The component and the names of its functions are written beside the programs, too: for `sandcheck`, which runs
    // files, for the tests, and for `make hot-functions`.
    let component = |name: &str, features: &[&str]| -> Result<Vec<u8>> {
        let path = match &given {
            Some(path) => path.clone(),
            None => build_component(&out, features)?,
        };
        let component = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let (component, functions) = order::put_first(&component, &hot)?;
        fs::write(beside.join(format!("{name}.wasm")), &component)?;
        fs::write(
            beside.join(format!("{name}.functions")),
            functions.join("\n"),
        )?;
        Ok(component)
    };
    let small = component("check_smtp-small", &["--no-default-features"])?;
    let tls = component("check_smtp-tls", &TLS)?;
    let whole = component("check_smtp", &[])?;
    let carry = |name: &str, file: &str, content: &[u8]| -> Result<()> {
        let path = out.join(file);
        fs::write(&path, content)?;
        println!("cargo::rustc-env={name}={}", path.display());
        Ok(())
    };
    carry("CHECK_SMTP_SMALL", "small.cwasm", &compile(&small)?)?;
    carry("CHECK_SMTP_TLS", "tls.cwasm", &compile(&tls)?)?;
    carry("CHECK_SMTP_WHOLE", "whole.cwasm", &compile(&whole)?)?;
    let manifest = describe(&whole)?;
    let (small, tls) = (describe(&small)?, describe(&tls)?);
    let known_to = |build: &Manifest| {
        let options = build.options.iter().map(|option| known(option, &manifest));
        options.collect::<Vec<_>>().join("\n")
    };
    let (small_options, tls_options) = (known_to(&small), known_to(&tls));
    carry(
        "CHECK_SMTP_SMALL_OPTIONS",
        "small-options",
        small_options.as_bytes(),
    )?;
    carry(
        "CHECK_SMTP_TLS_OPTIONS",
        "tls-options",
        tls_options.as_bytes(),
    )?;
    let carry_manifest = |name: &str, file: &str, manifest: &Manifest| {
        carry(name, file, &manifest::to_bytes(manifest))
    };
    carry_manifest("CHECK_SMTP_MANIFEST", "manifest", &manifest)?;
    let brief = without_texts(manifest);
    carry_manifest("CHECK_SMTP_BRIEF_MANIFEST", "brief-manifest", &brief)?;
    let lesser = exact(without_texts(tls));
    carry_manifest("CHECK_SMTP_LESSER_MANIFEST", "lesser-manifest", &lesser)
}

/// An option of a lesser build, and how much of it that knows: numbers where the whole one takes more,
/// `once` what counts more than once in the whole one.
fn known(option: &OptionSpec, whole: &Manifest) -> String {
    let name = &option.name;
    let other = whole.options.iter().find(|other| other.name == *name);
    let is_number = option.kind == Kind::Timeout || other.is_some_and(|it| it.kind != option.kind);
    let counts_once = other.is_some_and(|it| it.repeatable != option.repeatable);
    match (is_number, counts_once) {
        (true, _) => format!("{name} number"),
        (false, true) => format!("{name} once"),
        (false, false) => name.clone(),
    }
}

/// Runs cargo for the component, in a target folder of its own: this one is locked.
fn build_component(out: &Path, features: &[&str]) -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = component_target(out)?;
    let status = Command::new(env::var_os("CARGO").context("CARGO is not set")?)
        .current_dir(&workspace)
        .args(["build", "--package", "check-smtp", "--lib", "--locked"])
        .args(features)
        .args(["--target", "wasm32-wasip2", "--profile", "component"])
        // Functions are put in order by their names.
        .args(["--config", "profile.component.strip='debuginfo'"])
        .arg("--target-dir")
        .arg(&target)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            component_flags(&workspace)?.join("\x1f"),
        )
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .status()
        .context("cargo cannot be started")?;
    ensure!(
        status.success(),
        "the component cannot be built, see above; it needs: rustup target add wasm32-wasip2"
    );
    Ok(target.join("wasm32-wasip2/component/check_smtp.wasm"))
}

/// Fast arithmetic, as `settings::config` allows it, and no paths of this machine.
fn component_flags(workspace: &Path) -> Result<Vec<String>> {
    let mut flags = vec![
        "-Ctarget-feature=+wide-arithmetic".to_owned(),
        "--cfg=curve25519_dalek_bits=\"64\"".to_owned(),
        format!(
            "--remap-path-prefix={}=.",
            workspace.canonicalize()?.display()
        ),
    ];
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let registries = home.map(|home| home.join("registry/src"));
    for registry in registries.iter().flat_map(fs::read_dir).flatten() {
        flags.push(format!(
            "--remap-path-prefix={}=crates",
            registry?.path().display()
        ));
    }
    Ok(flags)
}

/// `component` in the target folder that the build writes to, shared by all profiles and targets.
fn component_target(out: &Path) -> Result<PathBuf> {
    // TARGET-FOLDER/[TRIPLE/]PROFILE/build/PACKAGE-HASH/out
    let folder = out
        .ancestors()
        .nth(4)
        .context("OUT_DIR is not in a target folder")?;
    let has_triple = folder.file_name() == env::var_os("TARGET").as_deref();
    let folder = if has_triple {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    Ok(folder.join("component"))
}

/// Native code for any processor of this architecture, not just for the one that builds.
fn compile(component: &[u8]) -> Result<Vec<u8>> {
    let mut config = settings::built_in();
    config.target(&env::var("TARGET")?)?;
    Ok(Engine::new(&config)?.precompile_component(component)?)
}

/// What a command line is read by: most of a manifest is text for help pages.
fn without_texts(mut manifest: Manifest) -> Manifest {
    manifest.description.clear();
    for option in &mut manifest.options {
        option.help.clear();
    }
    manifest
}

/// No abbreviation is accepted: among all options it could mean another one.
fn exact(mut manifest: Manifest) -> Manifest {
    for option in &mut manifest.options {
        option.exact = true;
    }
    manifest
}

/// What the component says of itself. It is asked on the machine that builds.
fn describe(component: &[u8]) -> Result<Manifest> {
    let engine = Engine::new(&settings::built_in())?;
    let component = Component::new(&engine, component)?;
    let plugin = Plugin::new(&component, Limits::default(), EpochClock::Thread)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(async { plugin.instantiate().await?.describe().await })?)
}
