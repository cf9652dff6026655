//! The plugins: built from Rust, assembled from text, or made up here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use crate::attacks::folder;

/// Bytes of the file that is too big.
const ZEROS: u64 = 100 << 20;

/// Where the guests were built, and where what is made of them goes.
pub(crate) struct Guests {
    built: PathBuf,
    made: PathBuf,
}

impl Guests {
    /// Builds those of Rust.
    pub(crate) fn build(made: &Path) -> io::Result<Self> {
        let target = folder().join("../../target/plugins");
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "build",
                "--quiet",
                "--locked",
                "--release",
                "--workspace",
                "--examples",
            ])
            .args(["--target", "wasm32-wasip2", "--manifest-path"])
            .arg(folder().join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            // What a build of this workspace asks for is not meant for another target.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .status()?;
        if !status.success() {
            return Err(io::Error::other("the hostile plugins cannot be built"));
        }
        Ok(Self {
            built: target.join("wasm32-wasip2/release/examples"),
            made: made.to_owned(),
        })
    }

    /// The plugin's file, under its own name.
    pub(crate) fn file(
        &self,
        plugin: &str,
        patch: &BTreeMap<String, String>,
    ) -> io::Result<PathBuf> {
        let name = plugin.trim_start_matches("made:").trim_end_matches(".wat");
        let file = self.made.join(format!("{name}.wasm"));
        match plugin {
            "made:missing" => {}
            "made:folder" => fs::create_dir_all(&file)?,
            "made:device" => {
                // An attack may be played more than once.
                let _ = fs::remove_file(&file);
                symlink("/dev/zero", &file)?;
            }
            "made:zeros" => fs::File::create(&file)?.set_len(ZEROS)?,
            _ => fs::write(&file, patched(self.bytes(plugin)?, patch)?)?,
        }
        Ok(file)
    }

    fn bytes(&self, plugin: &str) -> io::Result<Vec<u8>> {
        if let Some(name) = plugin.strip_suffix(".wat") {
            return assemble(&text_of(name)?);
        }
        Ok(match plugin {
            "made:text" => b"#!/bin/sh\necho OK - forged\n".to_vec(),
            "made:empty" => Vec::new(),
            "made:header" => b"\0asm\x0d\0\x01\0".to_vec(),
            "made:truncated" => self.truncated()?,
            "made:function" => assemble(&shelled(&one_function())?)?,
            "made:functions" => assemble(&shelled(&many_functions())?)?,
            _ => fs::read(self.built.join(format!("{plugin}.wasm")))?,
        })
    }

    fn truncated(&self) -> io::Result<Vec<u8>> {
        let mut bytes = fs::read(self.built.join("honest.wasm"))?;
        bytes.truncate(bytes.len() / 2);
        Ok(bytes)
    }
}

/// Writes values over placeholders, and blanks over what is left of them and of the dashes behind.
fn patched(mut bytes: Vec<u8>, patch: &BTreeMap<String, String>) -> io::Result<Vec<u8>> {
    for (placeholder, value) in patch {
        let at = bytes
            .windows(placeholder.len())
            .position(|window| window == placeholder.as_bytes())
            .ok_or_else(|| io::Error::other(format!("there is no {placeholder}")))?;
        let dashes = bytes.iter().skip(at + placeholder.len());
        let room = placeholder.len() + dashes.take_while(|byte| **byte == b'-').count();
        if value.len() > room {
            return Err(io::Error::other(format!("{value} is too long")));
        }
        bytes.splice(at..at + room, format!("{value:room$}").into_bytes());
    }
    Ok(bytes)
}

fn assemble(text: &str) -> io::Result<Vec<u8>> {
    wat::parse_str(text).map_err(|error| io::Error::other(error.to_string()))
}

/// A file of `wat/`, with the shell around it where it is none of its own.
fn text_of(name: &str) -> io::Result<String> {
    let text = fs::read_to_string(folder().join(format!("wat/{name}.wat")))?;
    let is_whole = |line: &str| matches!(line, "(component" | "(component)" | "(module");
    let fields = text.split(";; @definitions").next().unwrap_or_default();
    if fields.lines().any(is_whole) {
        Ok(text)
    } else {
        shelled(&text)
    }
}

fn shelled(text: &str) -> io::Result<String> {
    let shell = fs::read_to_string(folder().join("wat/shell.wat"))?;
    let (fields, definitions) = text.split_once(";; @definitions").unwrap_or((text, ""));
    Ok(shell
        .replace("    @fields)", &format!("{fields})"))
        .replace("  @definitions\n", definitions))
}

/// One function in which every one of many variables changes in every one of many loops within
/// loops: what a compiler keeps of it grows with the product.
fn one_function() -> String {
    const VARIABLES: usize = 2000;
    const LOOPS: usize = 400;
    let mut text = "(func $attack\n".to_owned();
    let put = |text: &mut String, part: String| text.push_str(&part);
    for variable in 0..VARIABLES {
        put(&mut text, format!("(local $v{variable} i32)\n"));
    }
    for at in 0..LOOPS {
        put(&mut text, format!("(loop $l{at}\n"));
    }
    for variable in 0..VARIABLES {
        let next = (variable + 1) % VARIABLES;
        let _ = writeln!(
            text,
            "(local.set $v{variable} (i32.add (local.get $v{variable}) (local.get $v{next})))"
        );
    }
    for at in (0..LOOPS).rev() {
        put(&mut text, format!("(br_if $l{at} (local.get $v{at})))\n"));
    }
    text.push(')');
    text
}

/// Very many functions, each of which takes some compiling.
fn many_functions() -> String {
    const FUNCTIONS: usize = 6000;
    const LENGTH: usize = 60;
    let mut text = "(func $attack)\n".to_owned();
    for function in 0..FUNCTIONS {
        let _ = write!(
            text,
            "(func $f{function} (param i64) (result i64) (local.get 0)"
        );
        for at in 0..LENGTH {
            let _ = write!(
                text,
                " (i64.mul (i64.load offset={at} (i32.const 0))) i64.clz"
            );
        }
        text.push_str(")\n");
    }
    text
}
