//! One check from a command line: the contract of a monitoring plugin, for any component.

use std::ffi::OsString;
use std::time::Duration;

use crate::bindings::monitoring::plugin::types::{
    Argument, Kind, Manifest, Misuse, OptionSpec, Report, State,
};
use crate::error::RunError;
use crate::grants::{Grants, Rules};
use crate::plugin::{Instance, Plugin};
use crate::transport::Transport;
use crate::words::{CommandLine, Stop};
use crate::{escape, help, ini, render, words};

/// The time budget of a plugin that names none, in seconds.
const DEFAULT_BUDGET: u64 = 10;

/// What a run prints, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// 0 to 3.
    pub exit_code: u8,
}

impl Output {
    /// What a report is as text.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self {
            stdout: render::text(report),
            stderr: String::new(),
            exit_code: render::exit_code(report.state),
        }
    }

    fn unknown(stdout: String) -> Self {
        Self {
            stdout,
            stderr: String::new(),
            exit_code: render::exit_code(State::Unknown),
        }
    }

    fn misuse(manifest: &Manifest, misuse: &Misuse) -> Self {
        let name = escape::line(&manifest.name);
        let mut text = format!("{name}: {}\n", escape::line(&misuse.message));
        if let Some(hint) = &misuse.hint {
            text.push_str(&format!("{}\n", escape::line(hint)));
        }
        Self::unknown(text + &help::usage(manifest))
    }
}

/// There is no report.
#[derive(Debug)]
pub struct Unreported {
    /// What there is to print instead.
    pub output: Output,
    /// Why, when it was not the command line.
    pub error: Option<RunError>,
}

impl From<Output> for Unreported {
    fn from(output: Output) -> Self {
        Self {
            output,
            error: None,
        }
    }
}

/// Runs a plugin once, as its command line says, within the operator's rules. `program` is the name
/// that it was called by.
pub async fn run(plugin: &Plugin, rules: Rules, program: &str, words: Vec<OsString>) -> Output {
    let (manifest, instance) = match meet(plugin, program).await {
        Ok(met) => met,
        Err(output) => return output,
    };
    match Request::read(&manifest, rules, program, words) {
        Ok(request) => request.carry_out_by(instance).await,
        Err(output) => output,
    }
}

/// What a plugin says of itself, and the instance that said it. When it says nothing sensible, what
/// there is to print.
pub async fn meet(plugin: &Plugin, program: &str) -> Result<(Manifest, Instance), Output> {
    let mut instance = start(plugin, program).await?;
    let manifest = instance.describe().await.map_err(|error| failed(&error))?;
    Ok((manifest, instance))
}

/// A command line that has been read by a plugin's manifest, for a host that knows the manifest
/// before it starts the plugin.
pub struct Request<'a> {
    manifest: &'a Manifest,
    rules: Rules,
    program: &'a str,
    line: CommandLine,
    /// The longest time budget, whatever the command line says.
    longest: Option<Duration>,
}

impl<'a> Request<'a> {
    /// What these arguments ask for, which come from something else than a command line.
    #[must_use]
    pub fn of_arguments(
        manifest: &'a Manifest,
        rules: Rules,
        program: &'a str,
        arguments: Vec<Argument>,
    ) -> Self {
        let line = CommandLine {
            arguments,
            stop: None,
            is_empty: false,
        };
        Self {
            manifest,
            rules,
            program,
            line,
            longest: None,
        }
    }

    /// The check's time is up after so long, or earlier when its arguments say so. The plugin is told,
    /// in whole seconds.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        shorten(self.manifest, &mut self.line.arguments, time);
        self.longest = Some(time);
        self
    }

    /// Reads a command line. Where no plugin is needed to answer it, such as `--help`, the answer
    /// comes at once.
    pub fn read(
        manifest: &'a Manifest,
        rules: Rules,
        program: &'a str,
        words: Vec<OsString>,
    ) -> Result<Self, Output> {
        let line = read(manifest, words)?;
        if let Some(stop) = &line.stop
            && line.arguments.is_empty()
        {
            // Nothing stands before it that could be a mistake.
            return Err(stopped(manifest, program, stop));
        }
        Ok(Self {
            manifest,
            rules,
            program,
            line,
            longest: None,
        })
    }

    /// What the plugin will be asked to do, before the host adds to it.
    #[must_use]
    pub fn arguments(&self) -> &[Argument] {
        &self.line.arguments
    }

    /// Has a fresh instance do it.
    pub async fn carry_out<T: Transport>(self, plugin: &Plugin<T>) -> Output {
        match start(plugin, self.program).await {
            Ok(instance) => self.carry_out_by(instance).await,
            Err(output) => output,
        }
    }

    /// Has an instance do it that has done no check yet.
    pub async fn carry_out_by<T: Transport>(self, instance: Instance<T>) -> Output {
        match self.report_by(instance).await {
            Ok(report) => Output::of(&report),
            Err(unreported) => unreported.output,
        }
    }

    /// Has a fresh instance do it, for a host that wants more than text.
    pub async fn report<T: Transport>(self, plugin: &Plugin<T>) -> Result<Report, Unreported> {
        match plugin.instantiate().await {
            Ok(instance) => self.report_by(instance).await,
            Err(error) => Err(Unreported {
                output: not_started(&error, self.program),
                error: Some(error),
            }),
        }
    }

    async fn report_by<T: Transport>(
        self,
        mut instance: Instance<T>,
    ) -> Result<Report, Unreported> {
        let Some(stop) = &self.line.stop else {
            return self.check(instance).await;
        };
        // The first mistake counts, and it may stand before the place where reading stopped.
        match instance.validate(&self.line.arguments).await {
            Err(error) => Err(error.into()),
            Ok(Err(misuse)) => Err(Output::misuse(self.manifest, &misuse).into()),
            Ok(Ok(())) => Err(stopped(self.manifest, self.program, stop).into()),
        }
    }

    async fn check<T: Transport>(self, instance: Instance<T>) -> Result<Report, Unreported> {
        let (manifest, mut arguments) = (self.manifest, self.line.arguments);
        if let Some(missing) = missing(manifest, &arguments) {
            return Err(Output::misuse(manifest, &missing).into());
        }
        let budget = Duration::from_secs(budget(manifest, &arguments));
        let budget = self.longest.map_or(budget, |longest| longest.min(budget));
        let grants = Grants::named_by(manifest, &arguments, self.rules);
        // Without any word the plugin is to see that nothing was asked.
        if !self.line.is_empty {
            add_node_name(manifest, &mut arguments);
        }
        match instance.run(&arguments, grants, budget).await {
            Err(RunError::Misuse(misuse)) => Err(Output::misuse(manifest, &misuse).into()),
            done => done.map_err(Unreported::from),
        }
    }
}

impl From<RunError> for Unreported {
    fn from(error: RunError) -> Self {
        Self {
            output: failed(&error),
            error: Some(error),
        }
    }
}

async fn start<T: Transport>(plugin: &Plugin<T>, program: &str) -> Result<Instance<T>, Output> {
    let started = plugin.instantiate().await;
    started.map_err(|error| not_started(&error, program))
}

fn not_started(error: &RunError, program: &str) -> Output {
    match error {
        RunError::NoPlugin(error) => {
            let line = escape::line(&format!("{program}: {error}"));
            Output::unknown(format!("UNKNOWN - {line}\n"))
        }
        error => failed(error),
    }
}

/// The command line, with the options of ini files in it.
fn read(manifest: &Manifest, words: Vec<OsString>) -> Result<CommandLine, Output> {
    let mut text = Vec::with_capacity(words.len());
    for (at, word) in words.into_iter().enumerate() {
        // It is not shown: it may be a password.
        text.push(word.into_string().map_err(|_| {
            let message = format!("Argument is not UTF-8 - number {}", at + 1);
            Output::misuse(
                manifest,
                &Misuse {
                    message,
                    hint: None,
                },
            )
        })?);
    }
    let text = ini::expand(text, &manifest.name).map_err(|error| {
        let hint = error
            .hint()
            .map(|hint| format!("{}\n", escape::line(&hint)));
        Output::unknown(format!(
            "{}\n{}",
            escape::line(&error.to_string()),
            hint.unwrap_or_default()
        ))
    })?;
    Ok(words::read(manifest, &text))
}

fn stopped(manifest: &Manifest, program: &str, stop: &Stop) -> Output {
    match stop {
        Stop::Help => Output::unknown(help::page(manifest)),
        Stop::Version => Output::unknown(help::version(manifest)),
        Stop::Wrong(message) => {
            let message = escape::line(message);
            let usage = help::usage(manifest);
            let name = escape::line(&manifest.name);
            Output {
                stderr: format!("{}: {message}\n", escape::line(program)),
                ..Output::unknown(format!("{usage}\n{name}: {message}; see {name} --help\n"))
            }
        }
    }
}

fn failed(error: &RunError) -> Output {
    Output::unknown(format!("UNKNOWN - {}\n", escape::line(&error.to_string())))
}

/// The first option that is needed and not there.
fn missing(manifest: &Manifest, arguments: &[Argument]) -> Option<Misuse> {
    let is_given = |name: &str| arguments.iter().any(|argument| argument.name == name);
    let missing = manifest
        .options
        .iter()
        .find(|option| option.required && !is_given(&option.name));
    missing.map(|option| Misuse {
        message: format!("Option missing - --{}", option.name),
        hint: Some(option.help.clone()),
    })
}

/// The seconds that the option of the kind timeout says, or its default.
fn budget(manifest: &Manifest, arguments: &[Argument]) -> u64 {
    let Some(option) = manifest
        .options
        .iter()
        .find(|option| option.kind == Kind::Timeout)
    else {
        return DEFAULT_BUDGET;
    };
    let given = arguments
        .iter()
        .rev()
        .find(|argument| argument.name == option.name);
    let value = given.and_then(|argument| argument.value.as_deref());
    let seconds = value
        .or(option.default.as_deref())
        .and_then(|seconds| seconds.trim_start().parse().ok());
    seconds
        .filter(|seconds| *seconds > 0)
        .unwrap_or(DEFAULT_BUDGET)
}

/// Gives the option of the kind timeout at most these seconds, rounded up.
fn shorten(manifest: &Manifest, arguments: &mut Vec<Argument>, time: Duration) {
    let is_timeout = |option: &&OptionSpec| option.kind == Kind::Timeout;
    let Some(option) = manifest.options.iter().find(is_timeout) else {
        return;
    };
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    if budget(manifest, arguments) > seconds {
        arguments.push(Argument {
            name: option.name.clone(),
            value: Some(seconds.max(1).to_string()),
        });
    }
}

/// Fills in the name of this machine where the plugin asks for it and nobody gave it.
fn add_node_name(manifest: &Manifest, arguments: &mut Vec<Argument>) {
    let wanted = manifest
        .options
        .iter()
        .find(|option| option.kind == Kind::Nodename);
    let Some(option) = wanted else { return };
    if arguments
        .iter()
        .any(|argument| argument.name == option.name)
    {
        return;
    }
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    arguments.push(Argument {
        name: option.name.clone(),
        value: Some(name),
    });
}
