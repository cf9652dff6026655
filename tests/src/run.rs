//! Plays one scenario: a server, the program, and what was observed.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use crate::case::Case;
use crate::certificates::Certificates;
use crate::latin1;
use crate::needs::{Machine, Need};
use crate::normalise::Normaliser;
use crate::observation::Observation;
use crate::placeholders::{Placeholders, long_path};
use crate::program::Program;
use crate::server::Server;

/// Plays scenarios with one program; from any number of threads.
pub struct Runner {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Where the program takes an order: the component that it is about.
    plugin: Option<PathBuf>,
    hostname: String,
    certificates: Arc<Certificates>,
    machine: Machine,
    work: TempDir,
}

impl Runner {
    /// A runner for the program at this path.
    ///
    /// # Errors
    ///
    /// No temporary folder, or no key for certificates.
    pub fn new(program: &Path) -> io::Result<Self> {
        let work = tempfile::Builder::new().prefix("compat").tempdir()?;
        Ok(Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            plugin: None,
            hostname: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            certificates: Arc::new(Certificates::new().map_err(io::Error::other)?),
            machine: Machine::new(work.path()),
            work,
        })
    }

    /// The program gets these arguments before those of each case.
    #[must_use]
    pub fn with_arguments(mut self, arguments: Vec<OsString>) -> Self {
        self.arguments = arguments;
        self
    }

    /// The program gets one argument in the place of those of a case: an order in JSON, as
    /// `sandcheck batch` takes it, to run this component with them.
    #[must_use]
    pub fn with_orders_for(mut self, plugin: PathBuf) -> Self {
        self.plugin = Some(plugin);
        self
    }

    /// What this machine lacks for the case.
    #[must_use]
    pub fn lacks(&self, case: &Case) -> Option<Need> {
        case.needs
            .iter()
            .copied()
            .find(|need| !self.machine.has(*need))
    }

    /// Runs the program once against the case's server.
    ///
    /// # Errors
    ///
    /// A server, file or program that cannot be set up; nothing that the program does.
    pub fn run(&self, case: &Case) -> io::Result<Observation> {
        let folder = tempfile::Builder::new()
            .prefix("c")
            .tempdir_in(self.work.path())?;
        let server = Server::start(&case.server, folder.path(), &self.certificates)?;
        let values = self.placeholders(case, &server, folder.path())?;
        write_files(case, &values, folder.path())?;
        let stdin = case
            .stdin
            .as_ref()
            .map(|text| bytes(&values.expand(text)))
            .transpose()?;
        let port = server.port();

        let program = Program::start(self.command(case, &values, folder.path()), stdin)?;
        if let Some(most) = case.memory() {
            program.limit_memory(most)?;
        }
        server.client_is(program.process());
        let (ended, transcript) = program.end_within(case.limit, || server.finish())?;

        let not_after = transcript.not_after.clone();
        let normaliser = Normaliser {
            folder: &folder.path().to_string_lossy(),
            program: &self.program.to_string_lossy(),
            long_path: &long_path(),
            hostname: &self.hostname,
            port,
            not_after: not_after.as_deref(),
        };
        Ok(Observation::new(
            &ended,
            transcript,
            &case.bounds,
            &normaliser,
        ))
    }

    fn placeholders(
        &self,
        case: &Case,
        server: &Server,
        folder: &Path,
    ) -> io::Result<Placeholders> {
        let german = case
            .needs
            .contains(&Need::GermanLocale)
            .then(|| self.machine.german_locale());
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let certificates = self.certificates.texts().map_err(io::Error::other)?;
        let values = [
            ("host", server.host().to_owned()),
            ("port", server.port().to_string()),
            ("socket", path(server.path())),
            ("dir", path(folder)),
            ("hostname", self.hostname.clone()),
            (
                "port_plus_65536",
                (u32::from(server.port()) + 65_536).to_string(),
            ),
            ("long_path", long_path()),
            ("locpath", german.flatten().map(path).unwrap_or_default()),
        ];
        Ok(Placeholders::new(
            values.into_iter().chain(certificates.iter().cloned()),
        ))
    }

    fn command(&self, case: &Case, values: &Placeholders, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args(self.words(case, values))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("HOME", folder)
            .envs(
                case.env
                    .iter()
                    .map(|(name, text)| (name, values.expand(text))),
            )
            .current_dir(folder);
        command
    }

    fn words(&self, case: &Case, values: &Placeholders) -> Vec<String> {
        let words = case.args.iter().map(|text| values.expand(text));
        match &self.plugin {
            None => words.collect(),
            Some(plugin) => {
                let words: Vec<_> = words.collect();
                vec![json!({"plugin": plugin, "arguments": words}).to_string()]
            }
        }
    }
}

fn write_files(case: &Case, values: &Placeholders, folder: &Path) -> io::Result<()> {
    for (name, text) in &case.files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes(&values.expand(text))?)?;
    }
    Ok(())
}

fn bytes(text: &str) -> io::Result<Vec<u8>> {
    latin1::bytes(text).map_err(|c| io::Error::other(format!("{c:?} is not one byte")))
}
