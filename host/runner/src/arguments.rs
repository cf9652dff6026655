//! The program's own command line. A plugin's words stand behind `--` and are not looked at.

use std::ffi::OsString;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{self, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};
use sandcheck::form::Form;
use sandcheck::{Policy, endpoint::Pattern};

use crate::serve;
use crate::work::Settings;

/// Where the operator's policy is when none is named.
const POLICY: &str = "/etc/sandcheck/policy.toml";

/// How many checks may be asked to run at a time.
const CONCURRENCY: RangeInclusive<usize> = 1..=100_000;

/// How long a registry may be waited for.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// The help page. The manual page and the completions are made of it, see [`crate::generate`].
pub(crate) const HELP: &str = "\
sandcheck runs monitoring checks that are WebAssembly components of the world monitoring:plugin.
A check reaches the endpoint that its own command line names, and nothing else.

Usage:
  sandcheck run     [OPTIONS] PLUGIN -- WORDS...  Run a check, as its own command line would
  sandcheck batch   [OPTIONS]                     Run checks that standard input asks for
  sandcheck work    [OPTIONS] --gearman SERVER    Run checks that mod_gearman hands out
  sandcheck serve   [OPTIONS] --config.file FILE  Answer Prometheus, and Icinga's ifw-api
  sandcheck inspect [OPTIONS] PLUGIN              Show what it is and what it could reach
  sandcheck compile [OPTIONS] PLUGIN...           Compile it now, so that its first run is fast
  sandcheck generate [OPTIONS] WHAT [PLUGIN]      Write its man page, or what else WHAT says

  sandcheck pull    [OPTIONS] REF                 Fetch a plugin, or its new version, into the store
  sandcheck push    [OPTIONS] PLUGIN.wasm REF     Publish a plugin in a registry
  sandcheck sign    [OPTIONS] --key FILE REF      Sign what a registry has
  sandcheck verify  [OPTIONS] [--key FILE] REF    Say who signed it
  sandcheck list    [OPTIONS]                     Show what is in the store
  sandcheck remove  [OPTIONS] REF...              Remove it from the store
  sandcheck catalog [OPTIONS] FOLDER              Write a page about what is in the store

PLUGIN is a file or oci://REGISTRY/NAME:VERSION, which comes out of the store, and gets there when it
is first asked for. REF is such a name, with or without oci://; @sha256:DIGEST behind it pins it.

Options:
  --policy FILE    The operator's rules and limits (default: /etc/sandcheck/policy.toml, if there)
  --allow GRANT    Let it connect to this too, although its words do not name it
  --deny GRANT     Do not let it connect to this, whatever names or allows it
  --cache FOLDER   Where compiled code is kept (default: ~/.cache/sandcheck)
  --format FORMAT  inspect, list: text or json (default: text)
  --output FORM    run: show the result as text, json or openmetrics, whatever WORDS say
  --concurrency N  batch, work, serve: so many checks at a time (default: 100)
  --gearman SERVER work: HOST or HOST:PORT of a gearmand (port: 4730); may be given several times
  --queue NAME     work: take jobs from this queue (default: host and service); as often as wanted
  --key-file FILE  work: the key that jobs and results are encrypted with (default: they are not)
  --plugins FOLDER work: run what lies there as NAME.wasm, when a job's command is called NAME
  --config.file FILE         serve: modules and commands (default: /etc/sandcheck/serve.yml)
  --config.check             serve: check that file and the next one, and end
  --web.config.file FILE     serve: TLS and users, as exporters of Prometheus take them
  --web.listen-address ADDR  serve: [HOST]:PORT, as often as wanted (default: 127.0.0.1:9199)
  --timeout-offset SECONDS   serve: end so long before the scrape's timeout (default: 0.5)
  --history.limit N          serve: keep so many results for the page (default: 100)
  --log.level LEVEL          serve: debug, info, warn or error (default: info)
  --log.format FORM          serve: logfmt or json (default: logfmt)
  --store FOLDER   Where plugins are kept (default: ~/.local/share/sandcheck, then /var/lib/sandcheck)
  --key FILE       sign: the private key; verify, catalog: a public key (default: the policy's)
  --offline        Ask no registry
  --plain-http     Talk to the registry without TLS (default: only to this machine)
  --https          Talk to this machine with TLS, too
  --timeout TIME   Wait that long for a registry, 1s to 1h (default: 1m)
  --username NAME  Log in, with the password in --password-file
  --password-file FILE
                   What to log in with
  --program PATH   generate: how definitions call it (default: sandcheck run PLUGIN)
  --name NAME      generate: what the command is called (default: from the manifest)
  -h, --help       Print this page
  -V, --version    Print the version

GRANT is tcp://HOST:PORT or unix:/path. HOST is a name, *.suffix, an address or a network such as
10.0.0.0/8 or [fd00::]/8; PORT is 25, 25,587, 1-1023 or *. --deny also takes the words private,
loopback, link-local and metadata.

WHAT is man, bash, zsh or fish, of a plugin or else of sandcheck itself, or icinga or nagios, which are
command definitions for all of a plugin's options.

batch reads a line of JSON for each check, {\"plugin\": \"PLUGIN.wasm\", \"arguments\": [\"-H\", \"mx\"]},
and writes a line for each as soon as it ends.

`sandcheck run PLUGIN -- --help` prints the plugin's own help. Exit codes of run: 0 OK, 1 WARNING,
2 CRITICAL, 3 UNKNOWN; of batch: 0 all were run, 1 some were not; of all: 3 not done.
";

/// What is to be done.
#[derive(Debug)]
pub enum Command {
    /// One check.
    Run(Options),
    /// Many checks, from standard input.
    Batch(Options),
    /// Many checks, from gearmand.
    Work(Options),
    /// Many checks, asked for over HTTP.
    Serve(Options),
    /// What a plugin is.
    Inspect(Options),
    /// Texts about a plugin.
    Generate(Options),
    /// Code for later.
    Compile(Options),
    /// From a registry.
    Pull(Options),
    /// Into a registry.
    Push(Options),
    /// What is in the store.
    List(Options),
    /// Out of the store.
    Remove(Options),
    /// What a registry has.
    Sign(Options),
    /// Who signed it.
    Verify(Options),
    /// A page about the store.
    Catalog(Options),
    /// Something to print.
    Text(String),
}

/// How it is to be done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Plugins, and other words that belong to no option.
    pub(crate) plugins: Vec<PathBuf>,
    /// The operator's rules and limits.
    pub policy: Policy,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) format: Format,
    /// How the result of a run is shown, whatever the plugin's words say.
    pub(crate) output: Option<Form>,
    /// So many checks at a time.
    pub concurrency: usize,
    /// Where plugins from registries are kept.
    pub(crate) store: Option<PathBuf>,
    /// A signer's.
    pub(crate) keys: Vec<PathBuf>,
    pub(crate) network: Network,
    /// Where jobs come from, and what they may run.
    pub(crate) work: Settings,
    /// How what is generated calls the plugin, and what it is called there.
    pub(crate) program: Option<OsString>,
    pub(crate) name: Option<String>,
    /// Where requests come from, and what they may run.
    pub serve: serve::Settings,
    /// What stands behind `--`.
    pub(crate) words: Vec<OsString>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plugins: Vec::new(),
            policy: Policy::default(),
            cache: None,
            format: Format::default(),
            output: None,
            concurrency: 100,
            store: None,
            keys: Vec::new(),
            network: Network::default(),
            work: Settings::default(),
            program: None,
            name: None,
            serve: serve::Settings::default(),
            words: Vec::new(),
        }
    }
}

impl Options {
    /// The plugin, where there is just one.
    pub(crate) fn plugin(&self) -> &Path {
        self.plugins.first().map_or(Path::new(""), PathBuf::as_path)
    }
}

/// How registries are reached.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) offline: bool,
    /// When neither is asked for, it depends on the registry.
    pub(crate) plain_http: bool,
    pub(crate) https: bool,
    pub(crate) username: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) timeout: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            offline: false,
            plain_http: false,
            https: false,
            username: None,
            password_file: None,
            timeout: Duration::from_mins(1),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// Reads the command line, the program's name first.
pub fn parse(mut words: Vec<OsString>) -> Result<Command> {
    let plugin_words = words.iter().position(|word| word == "--").map(|at| {
        let behind = words.split_off(at + 1);
        words.pop();
        behind
    });
    let mut parser = Parser::from_iter(words);
    let name = match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => {
            return Ok(Command::Text(HELP.to_owned()));
        }
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(version()),
        Some(Arg::Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match name.as_str() {
        "help" => return Ok(Command::Text(HELP.to_owned())),
        "version" => return Ok(version()),
        _ => {}
    }
    let Some(form) = FORMS.iter().find(|form| form.name == name) else {
        let names: Vec<_> = FORMS.iter().map(|form| form.name).collect();
        bail!("there is no command '{name}': {}", names.join(", "));
    };
    let Some(mut options) = options(&mut parser)? else {
        return Ok(Command::Text(HELP.to_owned()));
    };
    form.check(&options.plugins)?;
    if name != "run" && options.output.is_some() {
        bail!("--output is for a plugin that is run");
    }
    if name != "run" && plugin_words.is_some() {
        bail!("words behind -- are for a plugin that is run");
    }
    options.words = plugin_words.unwrap_or_default();
    Ok((form.command)(options))
}

/// A command, and what it takes besides options.
struct Shape {
    name: &'static str,
    command: fn(Options) -> Command,
    /// So many words, at least and at most.
    words: RangeInclusive<usize>,
    /// What those words are.
    usage: &'static str,
}

#[rustfmt::skip]
const FORMS: [Shape; 14] = [
    Shape { name: "run", command: Command::Run, words: 1..=1, usage: "PLUGIN" },
    Shape { name: "batch", command: Command::Batch, words: 0..=0, usage: "" },
    Shape { name: "work", command: Command::Work, words: 0..=0, usage: "--gearman SERVER --plugins FOLDER" },
    Shape { name: "serve", command: Command::Serve, words: 0..=0, usage: "--config.file FILE" },
    Shape { name: "inspect", command: Command::Inspect, words: 1..=1, usage: "PLUGIN" },
    Shape { name: "compile", command: Command::Compile, words: 1..=usize::MAX, usage: "PLUGIN" },
    Shape { name: "generate", command: Command::Generate, words: 1..=2, usage: "WHAT [PLUGIN]" },
    Shape { name: "pull", command: Command::Pull, words: 1..=1, usage: "REF" },
    Shape { name: "push", command: Command::Push, words: 2..=2, usage: "PLUGIN.wasm REF" },
    Shape { name: "sign", command: Command::Sign, words: 1..=1, usage: "--key FILE REF" },
    Shape { name: "verify", command: Command::Verify, words: 1..=1, usage: "REF" },
    Shape { name: "list", command: Command::List, words: 0..=0, usage: "" },
    Shape { name: "remove", command: Command::Remove, words: 1..=usize::MAX, usage: "REF" },
    Shape { name: "catalog", command: Command::Catalog, words: 1..=1, usage: "FOLDER" },
];

impl Shape {
    fn check(&self, words: &[PathBuf]) -> Result<()> {
        let (name, usage) = (self.name, self.usage);
        if words.len() < *self.words.start() {
            bail!("a word is missing: sandcheck {name} {usage}");
        }
        let Some(word) = words.get(*self.words.end()) else {
            return Ok(());
        };
        let word = word.display();
        match name {
            "batch" => {
                bail!("unexpected word '{word}': batch reads from standard input what to run")
            }
            "run" => {
                bail!("unexpected word '{word}': what is meant for the plugin stands behind --")
            }
            _ => bail!("unexpected word '{word}': sandcheck {name} {usage}"),
        }
    }
}

fn version() -> Command {
    let (own, engine) = (env!("CARGO_PKG_VERSION"), sandcheck::settings::ENGINE);
    Command::Text(format!("sandcheck {own} ({engine})\n"))
}

/// Nothing when help is asked for.
fn options(parser: &mut Parser) -> Result<Option<Options>> {
    let mut options = Options::default();
    let (mut allow, mut deny, mut policy) = (Vec::new(), Vec::new(), None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Long("policy") => policy = Some(PathBuf::from(parser.value()?)),
            Arg::Long("cache") => options.cache = Some(parser.value()?.into()),
            Arg::Long("allow") => allow.push(grant("--allow", parser, Pattern::parse)?),
            Arg::Long("deny") => deny.push(grant("--deny", parser, Pattern::parse_with_classes)?),
            Arg::Long("format") => options.format = format(&parser.value()?.string()?)?,
            Arg::Long("output") => options.output = Some(output(&parser.value()?.string()?)?),
            Arg::Long("concurrency") => {
                options.concurrency = concurrency(&parser.value()?.string()?)?;
            }
            Arg::Long("store") => options.store = Some(parser.value()?.into()),
            Arg::Long("key") => options.keys.push(parser.value()?.into()),
            Arg::Long("offline") => options.network.offline = true,
            Arg::Long("plain-http") => options.network.plain_http = true,
            Arg::Long("https") => options.network.https = true,
            Arg::Long("username") => options.network.username = Some(parser.value()?.string()?),
            Arg::Long("password-file") => {
                options.network.password_file = Some(path::absolute(parser.value()?)?);
            }
            Arg::Long("timeout") => options.network.timeout = timeout(&parser.value()?.string()?)?,
            Arg::Long("gearman") => options.work.add_server(&parser.value()?.string()?)?,
            Arg::Long("queue") => options.work.add_queue(parser.value()?.string()?)?,
            Arg::Long("key-file") => options.work.key_file = Some(parser.value()?.into()),
            Arg::Long("plugins") => options.work.plugins = Some(parser.value()?.into()),
            Arg::Long("program") => options.program = Some(parser.value()?),
            Arg::Long("name") => options.name = Some(parser.value()?.string()?),
            Arg::Long(name) if serve::Settings::knows(name) => {
                let name = name.to_owned();
                options.serve.set(&name, parser)?;
            }
            Arg::Value(plugin) => options.plugins.push(plugin.into()),
            other => {
                let error = other.unexpected();
                bail!("{error}: what is meant for the plugin stands behind --");
            }
        }
    }
    if options.network.plain_http && options.network.https {
        bail!("--plain-http and --https contradict each other");
    }
    options.policy = read_policy(policy.as_deref())?;
    options.policy.rules.allow.extend(allow);
    options.policy.rules.deny.extend(deny);
    Ok(Some(options))
}

fn grant<E: std::error::Error + Send + Sync + 'static>(
    option: &'static str,
    parser: &mut Parser,
    parse: impl Fn(&str) -> Result<Pattern, E>,
) -> Result<Pattern> {
    let text = parser.value()?.string()?;
    parse(&text).context(option)
}

fn format(name: &str) -> Result<Format> {
    match name {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        other => bail!("--format '{other}': text or json"),
    }
}

fn output(name: &str) -> Result<Form> {
    Form::named(name).with_context(|| format!("--output '{name}': text, json or openmetrics"))
}

fn concurrency(number: &str) -> Result<usize> {
    let number = number.parse().ok().filter(|n| CONCURRENCY.contains(n));
    number.with_context(|| {
        let (least, most) = (CONCURRENCY.start(), CONCURRENCY.end());
        format!("--concurrency: a number from {least} to {most}")
    })
}

fn timeout(text: &str) -> Result<Duration> {
    let time = humantime::parse_duration(text)
        .ok()
        .filter(|time| TIMEOUT.contains(time));
    time.with_context(|| format!("--timeout '{text}': a time such as 30s or 5m, from 1s to 1h"))
}

/// The policy that is named, which must be there, or the machine's, which need not.
fn read_policy(named: Option<&Path>) -> Result<Policy> {
    let path = named.unwrap_or(Path::new(POLICY));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Policy::default());
        }
        Err(error) => return Err(error).with_context(|| format!("policy {}", path.display())),
    };
    Policy::parse(&text).with_context(|| format!("policy {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command> {
        let words = std::iter::once(&"sandcheck").chain(words);
        parse(words.map(Into::into).collect())
    }

    fn wrong(words: &[&str]) -> String {
        format!("{:#}", parsed(words).unwrap_err())
    }

    #[test]
    fn options_may_stand_before_and_behind_the_plugin() {
        for words in [
            &[
                "run",
                "--allow",
                "tcp://a:1",
                "p.wasm",
                "--",
                "-H",
                "--allow",
            ][..],
            &["run", "p.wasm", "--allow=tcp://a:1", "--", "-H", "--allow"],
        ] {
            let Command::Run(options) = parsed(words).unwrap() else {
                panic!("{words:?}");
            };
            assert_eq!(options.plugin(), Path::new("p.wasm"));
            assert_eq!(options.words, ["-H", "--allow"]);
            assert_eq!(options.policy.rules.allow.len(), 1);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (words, part) in [
            (&["nope"][..], "there is no command 'nope'"),
            (&["run"], "a word is missing: sandcheck run PLUGIN"),
            (
                &["generate"],
                "a word is missing: sandcheck generate WHAT [PLUGIN]",
            ),
            (
                &["push", "a.wasm"],
                "a word is missing: sandcheck push PLUGIN.wasm REF",
            ),
            (
                &["pull", "a", "b"],
                "unexpected word 'b': sandcheck pull REF",
            ),
            (
                &["pull", "--timeout", "0s", "a"],
                "--timeout '0s': a time such as 30s",
            ),
            (
                &["pull", "--https", "--plain-http", "a"],
                "contradict each other",
            ),
            (&["run", "a.wasm", "host"], "unexpected word 'host'"),
            (&["run", "a.wasm", "-H", "host"], "behind --"),
            (
                &["run", "--allow", "mx:25", "a.wasm"],
                "--allow: 'mx:25': it begins with neither",
            ),
            (&["run", "--allow", "private", "a.wasm"], "'private'"),
            (
                &["run", "--policy", "/nonexistent", "a.wasm"],
                "policy /nonexistent: No such file",
            ),
            (
                &["inspect", "--format", "xml", "a.wasm"],
                "--format 'xml': text or json",
            ),
            (
                &["inspect", "a.wasm", "--", "x"],
                "for a plugin that is run",
            ),
            (&["compile", "--cache"], "missing argument"),
            (
                &["batch", "a.wasm"],
                "unexpected word 'a.wasm': batch reads",
            ),
            (
                &["work", "p.wasm"],
                "unexpected word 'p.wasm': sandcheck work",
            ),
            (
                &["serve", "x.yml"],
                "unexpected word 'x.yml': sandcheck serve --config.file FILE",
            ),
            (
                &["serve", "--log.format=xml"],
                "--log.format 'xml': logfmt or json",
            ),
            (
                &["serve", "--web.listen-address", "9199"],
                "--web.listen-address '9199': ADDRESS:PORT",
            ),
            (&["work", "--gearman", "a:0"], "--gearman 'a:0': HOST, HOST"),
            (
                &["work", "--queue=notification"],
                "there are no checks in it",
            ),
            (
                &["batch", "--concurrency", "0"],
                "a number from 1 to 100000",
            ),
            (
                &["batch", "--concurrency=many"],
                "a number from 1 to 100000",
            ),
        ] {
            let error = wrong(words);
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }

    #[test]
    fn help_stands_at_every_command() {
        for words in [&[][..], &["--help"], &["run", "-h"], &["help"]] {
            assert!(
                matches!(parsed(words), Ok(Command::Text(text)) if text == HELP),
                "{words:?}"
            );
        }
    }
}
