//! The forms in which a host shows what came of a check, and which one is asked for.

use crate::cli::{Output, Problem};
use crate::exposition::{self, Format};
use crate::grants::{Endpoint, Grants, Rules};
use crate::types::{Argument, Kind, Manifest, OptionSpec, Report};
use crate::{json, metrics};

/// A form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Lines for people, as monitoring plugins have them.
    #[default]
    Text,
    /// One line of JSON (docs/output.md).
    Json,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Form {
    /// The forms by their names.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("openmetrics", Self::OpenMetrics),
    ];

    /// Their names alone.
    pub const WORDS: [&'static str; 3] = [Self::NAMES[0].0, Self::NAMES[1].0, Self::NAMES[2].0];

    /// The form of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, form)| *form)
    }

    /// The form that arguments ask for, by the option of the kind output.
    #[must_use]
    pub fn of(manifest: &Manifest, arguments: &[Argument]) -> Self {
        let Some(option) = option(manifest) else {
            return Self::Text;
        };
        let given = arguments.iter().rev().find(|it| it.name == option.name);
        let value = match given {
            Some(argument) => argument.value.as_deref(),
            None => option.default.as_deref(),
        };
        value.and_then(Self::named).unwrap_or_default()
    }

    /// The form that the words of a command line ask for which cannot be read to its end: whoever reads
    /// JSON does so when something is wrong too.
    #[must_use]
    pub fn of_words(manifest: &Manifest, words: &[String]) -> Self {
        let Some(option) = option(manifest) else {
            return Self::Text;
        };
        let long = format!("--{}", option.name);
        let mut form = Self::Text;
        let mut words = words.iter().take_while(|word| *word != "--").peekable();
        while let Some(word) = words.next() {
            let value = match word.strip_prefix(&long) {
                Some("") => words.peek().map(|value| value.as_str()),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            form = value.and_then(Self::named).unwrap_or(form);
        }
        form
    }
}

/// How what came of a check is shown.
#[derive(Clone, Debug)]
pub struct Showing<'a> {
    /// In which form.
    pub form: Form,
    /// What the plugin says of itself; nothing where it could not be asked.
    pub manifest: Option<&'a Manifest>,
    /// What was checked; only metrics show it.
    target: String,
}

impl<'a> Showing<'a> {
    /// In this form, for these arguments.
    #[must_use]
    pub fn new(form: Form, manifest: &'a Manifest, arguments: &[Argument]) -> Self {
        let target = match form {
            Form::Text | Form::Json => String::new(),
            Form::OpenMetrics => target(manifest, arguments),
        };
        Self {
            form,
            manifest: Some(manifest),
            target,
        }
    }

    /// Of a plugin that could not be asked what it is.
    #[must_use]
    pub fn nobody(form: Form) -> Self {
        Self {
            form,
            manifest: None,
            target: String::new(),
        }
    }

    /// A report.
    #[must_use]
    pub fn report(&self, report: &Report) -> Output {
        let output = Output::report(report);
        let stdout = match self.form {
            Form::Text => return output,
            Form::Json => json::report(self.manifest, report, &output),
            Form::OpenMetrics => self.metrics(Ok(report)),
        };
        Output { stdout, ..output }
    }

    /// What there is to say instead of a report. Pages that were asked for stay what they are.
    #[must_use]
    pub fn unreported(&self, output: Output) -> Output {
        let Some(problem) = &output.problem else {
            return output;
        };
        let stdout = match self.form {
            Form::Text => return output,
            Form::Json => json::problem(self.manifest, problem, &output),
            Form::OpenMetrics => self.metrics(Err((output.exit_code, problem))),
        };
        Output {
            stdout,
            problem: None,
            ..output
        }
    }

    fn metrics(&self, result: Result<&Report, (u8, &Problem)>) -> String {
        let name = self.manifest.map_or("", |manifest| manifest.name.as_str());
        let families = metrics::families(name, &self.target, result);
        exposition::render(&families, Format::OpenMetrics)
    }
}

/// The endpoints that arguments name, those by default among them.
fn target(manifest: &Manifest, arguments: &[Argument]) -> String {
    let rules = Rules {
        trust_defaults: true,
        ..Rules::default()
    };
    let grants = Grants::named_by(manifest, arguments, rules);
    let named: Vec<_> = grants.named().iter().map(shown).collect();
    named.join(",")
}

/// `mx.example.org:25`, `[::1]:25`, `/run/lmtp`.
fn shown(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        Endpoint::Tcp { host, port } => format!("{host}:{port}"),
        Endpoint::Unix { path } => path.clone(),
    }
}

fn option(manifest: &Manifest) -> Option<&OptionSpec> {
    let mut options = manifest.options.iter();
    options.find(|option| option.kind == Kind::Output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{argument, manifest, option as spec};
    use crate::types::State;

    fn example() -> Manifest {
        let mut output = spec("output", 'o', Kind::Output);
        output.default = Some("text".to_owned());
        let mut port = spec("port", 'p', Kind::Port);
        port.default = Some("25".to_owned());
        manifest(vec![spec("hostname", 'H', Kind::Host), port, output])
    }

    fn words(words: &[&str]) -> Form {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        Form::of_words(&example(), &words)
    }

    #[test]
    fn the_last_value_of_the_option_counts() {
        let of = |arguments: &[Argument]| Form::of(&example(), arguments);
        let (json, text) = (argument("output", "json"), argument("output", "text"));
        assert_eq!(of(&[]), Form::Text);
        assert_eq!(of(std::slice::from_ref(&json)), Form::Json);
        assert_eq!(of(&[json, text]), Form::Text);
        assert_eq!(
            Form::of(&manifest(Vec::new()), &[argument("output", "json")]),
            Form::Text
        );
    }

    #[test]
    fn words_that_cannot_be_read_say_it_too() {
        assert_eq!(words(&["--bad", "--output", "json"]), Form::Json);
        assert_eq!(words(&["--output=openmetrics", "-z"]), Form::OpenMetrics);
        assert_eq!(words(&["--output", "json", "--output", "xml"]), Form::Json);
        for none in [
            &["--outputs", "json"][..],
            &["--", "--output", "json"],
            &["--output"],
            &["json"],
        ] {
            assert_eq!(words(none), Form::Text, "{none:?}");
        }
    }

    #[test]
    fn metrics_say_what_was_checked() {
        let manifest = example();
        let report = Report {
            state: State::Ok,
            transcript: Vec::new(),
            findings: Vec::new(),
            summary: None,
            metrics: Vec::new(),
            details: Vec::new(),
        };
        for (host, target) in [
            ("mx.example.org", "mx.example.org:25"),
            ("[::1]", "[::1]:25"),
            ("/run/lmtp", "/run/lmtp"),
        ] {
            let arguments = [argument("hostname", host)];
            let showing = Showing::new(Form::OpenMetrics, &manifest, &arguments);
            let text = showing.report(&report).stdout;
            let line = format!("probe_success{{plugin=\"check_it\",target=\"{target}\"}} 1\n");
            assert!(text.contains(&line), "{text}");
        }
    }

    #[test]
    fn what_was_asked_for_is_no_problem() {
        let manifest = example();
        let showing = Showing::new(Form::Json, &manifest, &[]);
        let page = Output::unknown("Usage".to_owned());
        assert_eq!(showing.unreported(page.clone()), page);
        let once = showing.unreported(Output::failed(&"gone"));
        assert!(
            once.stdout.starts_with('{') && once.exit_code == 3,
            "{once:?}"
        );
        assert_eq!(showing.unreported(once.clone()), once);
        let unasked = Showing::nobody(Form::Json).unreported(Output::failed(&"gone"));
        assert!(unasked.stdout.contains("\"name\":null"), "{unasked:?}");
    }
}
