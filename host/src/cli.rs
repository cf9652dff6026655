//! One check from a command line: the contract of a monitoring plugin, for any component.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use sandcheck_contract::budget::{self, Budget, shorten};
pub use sandcheck_contract::cli::Output;
use sandcheck_contract::cli::{add_node_name, missing, read};
use sandcheck_contract::files::Files;
use sandcheck_contract::lend::{self, Lender, Unlendable};
use sandcheck_contract::secrets;

use crate::error::RunError;
use crate::escape;
use crate::form::{Form, Showing};
use crate::grants::{Grants, Rules};
use crate::plugin::{Instance, Plugin};
use crate::system_anchors::system_anchors;
use crate::transport::Transport;
use crate::types::{Argument, Manifest, Report};
use crate::words::{CommandLine, Stop};

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

impl From<RunError> for Unreported {
    fn from(error: RunError) -> Self {
        Self {
            output: Output::failed(&error),
            error: Some(error),
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
        Ok(request) => request.with_input().carry_out_by(instance).await,
        Err(output) => output,
    }
}

/// What a plugin says of itself, and the instance that said it. When it says nothing sensible, what
/// there is to print.
pub async fn meet(plugin: &Plugin, program: &str) -> Result<(Manifest, Instance), Output> {
    let mut instance = start(plugin, program).await?;
    let manifest = instance
        .describe()
        .await
        .map_err(|error| Output::failed(&error))?;
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
    /// Whether standard input is this check's own.
    input: bool,
    /// The manifest with all its texts, where the other one lacks them.
    texts: Option<fn() -> Option<Manifest>>,
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
            form: Form::Text,
        };
        Self::new(manifest, rules, program, line)
    }

    fn new(manifest: &'a Manifest, rules: Rules, program: &'a str, line: CommandLine) -> Self {
        Self {
            manifest,
            rules,
            program,
            line,
            longest: None,
            input: false,
            texts: None,
        }
    }

    /// The check's time is up after so long, or earlier when its arguments say so. The plugin is told,
    /// in whole seconds.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        shorten(self.manifest, &mut self.line.arguments, seconds.max(1));
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
        let request = Self::read_on(manifest, rules, program, words)?;
        request.answer_at_once().map_or(Ok(request), Err)
    }

    /// The same, but where no plugin is needed [`answer_at_once`](Self::answer_at_once) answers.
    pub fn read_on(
        manifest: &'a Manifest,
        rules: Rules,
        program: &'a str,
        words: Vec<OsString>,
    ) -> Result<Self, Output> {
        let line = read(manifest, words)?;
        Ok(Self::new(manifest, rules, program, line))
    }

    /// The answer to a command line in which nothing stands before a call for help, or before what could
    /// not be read, that could be a mistake.
    #[must_use]
    pub fn answer_at_once(&self) -> Option<Output> {
        let stop = self.line.stop.as_ref();
        let stop = stop.filter(|_| self.line.arguments.is_empty())?;
        let output = in_texts(self.texts, self.manifest, |manifest| {
            Output::stopped(manifest, self.program, stop)
        });
        Some(self.showing().unreported(output))
    }

    /// Its answer is made with the texts of another manifest, which is asked for when one is needed.
    #[must_use]
    pub fn told_by(self, texts: fn() -> Option<Manifest>) -> Self {
        Self {
            texts: Some(texts),
            ..self
        }
    }

    /// Standard input is there for this check, which may take a secret from it.
    #[must_use]
    pub fn with_input(self) -> Self {
        Self {
            input: true,
            ..self
        }
    }

    /// The secrets that stand in the command line itself, where others can see them.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        secrets::given(self.manifest, &self.line.arguments)
    }

    /// Refuses it where it names files or addresses of this machine, because it comes from somebody
    /// who is not to choose among them; `from` says where from, such as `a job`.
    pub fn of_stranger(self, from: &str) -> Result<Self, Output> {
        lend::check_stranger(self.manifest, &self.line.arguments, from)
            .map_err(|refusal| Output::failed(&refusal))?;
        Ok(self)
    }

    /// Shows the result in this form, whatever the command line says.
    #[must_use]
    pub fn shown_as(mut self, form: Form) -> Self {
        self.line.form = form;
        self
    }

    /// How the result is shown.
    fn showing(&self) -> Showing<'a> {
        Showing::new(self.line.form, self.manifest, &self.line.arguments)
    }

    /// Whether all of the command line could be read, so that the plugin will be run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.line.stop.is_none()
    }

    /// What the plugin will be asked to do, before the host adds to it.
    #[must_use]
    pub fn arguments(&self) -> &[Argument] {
        &self.line.arguments
    }

    /// Has a fresh instance do it.
    pub async fn carry_out<T: Transport>(self, plugin: &Plugin<T>) -> Output {
        let showing = self.showing();
        output(&showing, self.report(plugin).await)
    }

    /// Has an instance do it that has done no check yet.
    pub async fn carry_out_by<T: Transport>(self, instance: Instance<T>) -> Output {
        let showing = self.showing();
        output(&showing, self.report_by(instance).await)
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
        if let Some(stop) = &self.line.stop {
            return Err(self.stopped(instance, stop).await);
        }
        let (manifest, mut arguments) = (self.manifest, self.line.arguments);
        if let Some(missing) = missing(manifest, &arguments) {
            return Err(Output::misuse(manifest, &missing).into());
        }
        let Budget { seconds, state } = Budget::of(manifest, &arguments);
        let budget = Duration::from_secs(seconds);
        let mut budget = self.longest.map_or(budget, |longest| longest.min(budget));
        if let Err(unlendable) = lend::check(manifest, &arguments) {
            return Err(earlier(manifest, &mut instance, &arguments, unlendable).await);
        }
        if lend::is_needed(manifest, &arguments) {
            let end = budget::end(budget);
            let files = self.rules.files.clone();
            match lent::<T>(manifest, arguments.clone(), files, self.input, end).await {
                Ok(lent) => arguments = lent,
                Err(unlendable) => {
                    return Err(earlier(manifest, &mut instance, &arguments, unlendable).await);
                }
            }
            budget = end.saturating_duration_since(Instant::now());
        }
        let grants = Grants::named_by(manifest, &arguments, self.rules);
        // Without any word the plugin is to see that nothing was asked.
        if !self.line.is_empty {
            add_node_name(manifest, &mut arguments, node_name);
        }
        match instance.run(&arguments, grants, budget).await {
            Err(RunError::Misuse(misuse)) => {
                let output = in_texts(self.texts, manifest, |it| Output::misuse(it, &misuse));
                Err(output.into())
            }
            Err(error) if error.is_late() => Err(Unreported {
                output: Output::late(&error, state),
                error: Some(error),
            }),
            done => done.map_err(Unreported::from),
        }
    }

    /// The first mistake counts, and it may stand before the place where reading stopped.
    async fn stopped<T: Transport>(&self, mut instance: Instance<T>, stop: &Stop) -> Unreported {
        let arguments = lend::plain(self.manifest, &self.line.arguments);
        match instance.validate(&arguments).await {
            Err(error) => error.into(),
            Ok(verdict) => in_texts(self.texts, self.manifest, |manifest| match &verdict {
                Err(misuse) => Output::misuse(manifest, misuse),
                Ok(()) => Output::stopped(manifest, self.program, stop),
            })
            .into(),
        }
    }
}

/// An answer made of a manifest that has all its texts.
fn in_texts(
    texts: Option<fn() -> Option<Manifest>>,
    manifest: &Manifest,
    answer: impl FnOnce(&Manifest) -> Output,
) -> Output {
    let whole = texts.and_then(|texts| texts());
    answer(whole.as_ref().unwrap_or(manifest))
}

/// The arguments with what this machine lends for them. Reading a file may take its time.
async fn lent<T: Transport>(
    manifest: &Manifest,
    mut arguments: Vec<Argument>,
    files: Files,
    input: bool,
    deadline: Instant,
) -> Result<Vec<Argument>, Unlendable> {
    let manifest = manifest.clone();
    T::aside(move || {
        let lender = Lender {
            files: &files,
            deadline,
            system_anchors: &system_anchors,
            input,
        };
        lend::lend(&manifest, &mut arguments, &lender)?;
        Ok(arguments)
    })
    .await
}

/// The first mistake counts, and it may stand before what cannot be lent.
async fn earlier<T: Transport>(
    manifest: &Manifest,
    instance: &mut Instance<T>,
    arguments: &[Argument],
    unlendable: Unlendable,
) -> Unreported {
    let before = arguments.get(..unlendable.before).unwrap_or(arguments);
    match instance.validate(&lend::plain(manifest, before)).await {
        Err(error) => error.into(),
        Ok(Err(misuse)) => Output::misuse(manifest, &misuse).into(),
        Ok(Ok(())) => Output::misuse(manifest, &unlendable.misuse).into(),
    }
}

fn output(showing: &Showing<'_>, result: Result<Report, Unreported>) -> Output {
    match result {
        Ok(report) => showing.report(&report),
        Err(unreported) => showing.unreported(unreported.output),
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
            Output::unknown(format!("UNKNOWN - {line}\n")).because("failure", &line, None)
        }
        error => Output::failed(error),
    }
}

/// This machine's, as `uname -n` gives it.
fn node_name() -> String {
    let uname = rustix::system::uname();
    uname.nodename().to_string_lossy().into_owned()
}
