//! One check from a command line: the contract of a monitoring plugin, for any component. What is
//! said before the plugin runs, what is asked of it, and what becomes of its answer.

use std::ffi::OsString;
use std::fmt;

use crate::form::{Form, Showing};
use crate::secrets;
use crate::types::{Argument, Kind, Manifest, Misuse, OptionSpec, Report, State};
use crate::words::{CommandLine, Stop};
use crate::{escape, help, idn, ini, render, words};

/// What a run prints, and how it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// 0 to 3.
    pub exit_code: u8,
    /// Why there is no report, when that is not what was asked for.
    pub problem: Option<Problem>,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `misuse` of whoever wrote the command line, or `failure` of whatever runs it.
    pub kind: &'static str,
    /// One line.
    pub message: String,
    /// One more line: the way out.
    pub hint: Option<String>,
}

impl Output {
    /// Of a run that comes to no report: the text says why.
    #[must_use]
    pub fn unknown(stdout: String) -> Self {
        Self {
            stdout,
            exit_code: render::exit_code(State::Unknown),
            ..Self::default()
        }
    }

    /// The same, for forms that tell why.
    #[must_use]
    pub fn because(self, kind: &'static str, message: &str, hint: Option<&str>) -> Self {
        let problem = Problem {
            kind,
            message: message.to_owned(),
            hint: hint.map(ToOwned::to_owned),
        };
        Self {
            problem: Some(problem),
            ..self
        }
    }

    /// Of a run that failed, in one line.
    #[must_use]
    pub fn failed(error: &impl fmt::Display) -> Self {
        let message = error.to_string();
        Self::unknown(format!("UNKNOWN - {}\n", escape::line(&message)))
            .because("failure", &message, None)
    }

    /// Of a run that had to be stopped because its time was over, in one line that begins with the
    /// state.
    #[must_use]
    pub fn late(error: &impl fmt::Display, state: State) -> Self {
        let (word, text) = (render::state_word(state), escape::line(&error.to_string()));
        Self {
            exit_code: render::exit_code(state),
            ..Self::unknown(format!("{word} - {text}\n"))
        }
        .because("failure", &text, None)
    }

    /// Of arguments that make no sense.
    #[must_use]
    pub fn misuse(manifest: &Manifest, misuse: &Misuse) -> Self {
        let name = escape::line(&manifest.name);
        let mut text = format!("{name}: {}\n", escape::line(&misuse.message));
        if let Some(hint) = &misuse.hint {
            text.push_str(&format!("{}\n", escape::line(hint)));
        }
        let (message, hint) = (&misuse.message, misuse.hint.as_deref());
        Self::unknown(text + &help::usage(manifest)).because("misuse", message, hint)
    }

    /// Of a command line that was read until there. `program` is the name that it was called by.
    #[must_use]
    pub fn stopped(manifest: &Manifest, program: &str, stop: &Stop) -> Self {
        match stop {
            Stop::Help => Self::unknown(help::page(manifest)),
            Stop::Version => Self::unknown(help::version(manifest)),
            Stop::Wrong(message) => {
                let message = escape::line(message);
                let usage = help::usage(manifest);
                let name = escape::line(&manifest.name);
                let hint = format!("see {name} --help");
                Self {
                    stderr: format!("{}: {message}\n", escape::line(program)),
                    ..Self::unknown(format!("{usage}\n{name}: {message}; {hint}\n"))
                }
                .because("misuse", &message, Some(&hint))
            }
        }
    }

    /// Of a check.
    #[must_use]
    pub fn report(report: &Report) -> Self {
        Self {
            stdout: render::text(report),
            exit_code: render::exit_code(report.state),
            ..Self::default()
        }
    }
}

/// The command line, with the options of ini files in it, and with hosts in ASCII.
pub fn read(manifest: &Manifest, words: Vec<OsString>) -> Result<CommandLine, Output> {
    let given = words.clone();
    read_text(manifest, words).map_err(|output| {
        let given = given.iter().map(|word| word.to_string_lossy().into_owned());
        let form = Form::of_words(manifest, &given.collect::<Vec<_>>());
        Showing::new(form, manifest, &[]).unreported(output)
    })
}

fn read_text(manifest: &Manifest, words: Vec<OsString>) -> Result<CommandLine, Output> {
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
        let (message, hint) = (error.to_string(), error.hint());
        let more = hint
            .as_ref()
            .map(|hint| format!("{}\n", escape::line(hint)));
        let text = format!("{}\n{}", escape::line(&message), more.unwrap_or_default());
        Output::unknown(text).because("misuse", &message, hint.as_deref())
    })?;
    let mut line = words::read(manifest, &text);
    idn::write_in_ascii(manifest, &mut line.arguments);
    Ok(line)
}

/// The first option that is needed and not there.
#[must_use]
pub fn missing(manifest: &Manifest, arguments: &[Argument]) -> Option<Misuse> {
    let is_given = |option: &OptionSpec| {
        let mut meant = arguments.iter().map(|one| secrets::meant(manifest, one));
        meant.any(|name| name == option.name)
    };
    let missing = manifest
        .options
        .iter()
        .find(|option| option.required && !is_given(option));
    missing.map(|option| Misuse {
        message: format!("Option missing - --{}", option.name),
        hint: Some(option.help.clone()),
    })
}

/// Fills in the name of this machine where the plugin asks for it and nobody gave it.
pub fn add_node_name(
    manifest: &Manifest,
    arguments: &mut Vec<Argument>,
    name: impl FnOnce() -> String,
) {
    if let Some(option) = of_kind(manifest, Kind::Nodename)
        && !is_given(option, arguments)
    {
        arguments.push(Argument {
            name: option.name.clone(),
            value: Some(name()),
        });
    }
}

fn of_kind(manifest: &Manifest, kind: Kind) -> Option<&OptionSpec> {
    manifest.options.iter().find(|option| option.kind == kind)
}

fn is_given(option: &OptionSpec, arguments: &[Argument]) -> bool {
    arguments
        .iter()
        .any(|argument| argument.name == option.name)
}
