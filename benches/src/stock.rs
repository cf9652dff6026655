//! Our plugin as a command of a stock runtime: `wasmtime run`, where it is installed and `make command`
//! has been run.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::Program;

/// The runtime, and the command compiled for it ahead of time.
#[derive(Debug)]
pub(crate) struct Stock {
    runtime: PathBuf,
    code: PathBuf,
}

impl Stock {
    /// None when there is no runtime or no command. It is searched for in `$PATH` and where the tests
    /// install it, below the folder with the builds.
    pub(crate) fn find(builds: &Path, cache: &Path) -> Result<Option<Self>> {
        let command = builds.join("command/check_smtp-command.wasm");
        let folders = env::var_os("PATH").unwrap_or_default();
        let runtime = env::split_paths(&folders)
            .chain([builds.join("hosts/wasmtime/bin")])
            .map(|folder| folder.join("wasmtime"))
            .find(|path| path.is_file());
        match runtime {
            Some(runtime) if command.is_file() => Self::compile(runtime, &command, cache).map(Some),
            _ => Ok(None),
        }
    }

    fn compile(runtime: PathBuf, command: &Path, cache: &Path) -> Result<Self> {
        fs::create_dir_all(cache).with_context(|| cache.display().to_string())?;
        let code = cache.join("check_smtp-command.cwasm");
        let output = Command::new(&runtime)
            .args(["compile", "-o"])
            .args([&code, command])
            .output()
            .with_context(|| runtime.display().to_string())?;
        ensure!(
            output.status.success(),
            "wasmtime compile: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
        Ok(Self { runtime, code })
    }

    /// What it calls itself.
    pub(crate) fn version(&self) -> Result<String> {
        Ok(Program::new(&self.runtime, ["--version"]).run()?.line)
    }

    /// The check with these arguments.
    pub(crate) fn program(&self, arguments: &[String]) -> Program {
        let lent = ["run", "--allow-precompiled", "-S", "inherit-network"];
        let mut words: Vec<OsString> = lent.map(OsString::from).to_vec();
        words.push(self.code.clone().into());
        words.extend(arguments.iter().map(OsString::from));
        Program::new(&self.runtime, words)
    }
}
