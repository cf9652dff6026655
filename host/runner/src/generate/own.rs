//! `sandcheck` itself. Its help page is a table already: a line for each command, one for each option.
//! It is read here, so that pages and completions cannot say anything else.

use super::subject::{Command, Completes, Flag, Subject, Value};
use crate::arguments::HELP;

/// The program of the help page.
pub(crate) fn subject() -> Subject {
    let page = Page::of(HELP);
    let commands: Vec<_> = page
        .commands
        .iter()
        .filter_map(|line| command(line))
        .collect();
    let flags = page.options.iter().filter_map(|line| flag(line, &commands));
    Subject {
        name: "sandcheck".to_owned(),
        version: concat!("sandcheck ", env!("CARGO_PKG_VERSION")).to_owned(),
        summary: "run monitoring checks that are WebAssembly components".to_owned(),
        description: page.paragraphs,
        flags: flags.collect(),
        commands,
        // The help page has them.
        exit_codes: "",
    }
}

/// The help page, taken apart. Each entry is in one line.
#[derive(Default)]
struct Page {
    paragraphs: Vec<String>,
    /// `run [OPTIONS] ...  Run a check`
    commands: Vec<String>,
    /// `--policy FILE    The operator's ...`
    options: Vec<String>,
}

impl Page {
    fn of(text: &str) -> Self {
        let mut page = Self::default();
        for block in text.split("\n\n") {
            page.add(block);
        }
        page
    }

    fn add(&mut self, block: &str) {
        let mut paragraph = Vec::new();
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("  sandcheck ") {
                self.commands.push(command.to_owned());
            } else if line.starts_with("  -") {
                self.options.push(line.trim_start().to_owned());
            } else if let (true, Some(option)) = (line.starts_with("   "), self.options.last_mut())
            {
                option.push(' ');
                option.push_str(line.trim_start());
            } else if !matches!(line, "Usage:" | "Options:") {
                paragraph.push(line);
            }
        }
        if !paragraph.is_empty() {
            self.paragraphs.push(paragraph.join(" "));
        }
    }
}

/// `NAME USAGE  SUMMARY`
fn command(line: &str) -> Option<Command> {
    let (name, rest) = line.split_once(' ')?;
    let (usage, summary) = rest.trim_start().split_once("  ")?;
    Some(Command {
        name: name.to_owned(),
        usage: usage.to_owned(),
        summary: summary.trim_start().to_owned(),
        words: words(usage),
    })
}

/// What a command's plain words may be.
fn words(usage: &str) -> Completes {
    match usage.split(' ').nth(1) {
        Some("WHAT") => Completes::Words(&super::FORMS),
        Some("FOLDER") => Completes::Folders,
        Some(word) if word.starts_with("PLUGIN") => Completes::Files,
        _ => Completes::Nothing,
    }
}

/// `-h, --help  HELP` or `--policy FILE  HELP`
fn flag(line: &str, commands: &[Command]) -> Option<Flag> {
    let (short, line) = match line.split_once(", ") {
        Some((short, rest)) if short.len() == 2 => (Some(short), rest),
        _ => (None, line),
    };
    let (long, rest) = line.split_once(' ')?;
    let rest = rest.trim_start();
    let (value, help) = match rest.split_once(' ') {
        Some((word, help)) if is_placeholder(word) => (Some(word), help.trim_start()),
        _ => (None, rest),
    };
    Some(Flag {
        value: value.map(|placeholder| Value {
            placeholder: placeholder.to_owned(),
            completes: completes(placeholder),
        }),
        commands: match long {
            // It stands alone.
            "--version" => vec!["version".to_owned()],
            _ => scope(help, commands),
        },
        repeatable: matches!(
            long,
            "--allow" | "--deny" | "--key" | "--gearman" | "--queue" | "--web.listen-address"
        ),
        ..Flag::new(short, long, help)
    })
}

fn is_placeholder(word: &str) -> bool {
    word != "A" && word.chars().all(|c| c.is_ascii_uppercase())
}

fn completes(placeholder: &str) -> Completes {
    match placeholder {
        "FILE" | "PATH" => Completes::Files,
        "FOLDER" => Completes::Folders,
        "FORMAT" => Completes::Words(&["text", "json"]),
        _ => Completes::Nothing,
    }
}

/// The commands that the help is about: those before a colon, at its beginning or behind a semicolon.
fn scope(help: &str, commands: &[Command]) -> Vec<String> {
    let is_command = |name: &str| commands.iter().any(|command| command.name == name);
    let mut scope = Vec::new();
    for part in help.split("; ") {
        let names = part.split_once(": ").map(|(names, _)| names.split(", "));
        let names: Vec<_> = names.into_iter().flatten().collect();
        if names.iter().all(|name| is_command(name)) {
            scope.extend(names.iter().map(|name| (*name).to_owned()));
        }
    }
    scope
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments;

    #[test]
    fn the_help_page_is_read_to_its_end() {
        let subject = subject();
        let lines = |start: &str| HELP.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(subject.commands.len(), lines("  sandcheck "));
        assert_eq!(subject.flags.len(), lines("  -"));
        assert!(
            subject.flags.iter().all(|flag| !flag.help.is_empty()),
            "{subject:?}"
        );
        assert!(
            subject
                .description
                .iter()
                .any(|text| text.starts_with("GRANT is"))
        );
    }

    #[test]
    fn what_it_says_is_what_the_program_takes() {
        let subject = subject();
        for flag in &subject.flags {
            let value = flag.value.as_ref().map_or("", |_| "=");
            let word = format!("{}{value}", flag.long);
            let command = if flag.long == "--version" {
                None
            } else {
                Some("list")
            };
            let words = ["sandcheck"]
                .into_iter()
                .chain(command)
                .chain([word.as_str()]);
            if let Err(error) = arguments::parse(words.map(Into::into).collect()) {
                assert!(
                    !error.to_string().contains("invalid option"),
                    "{word}: {error}"
                );
                assert!(
                    !error.to_string().contains("unexpected argument"),
                    "{word}: {error}"
                );
            }
        }
        for command in &subject.commands {
            let words = ["sandcheck", &command.name, "--help"].map(Into::into);
            assert!(arguments::parse(words.to_vec()).is_ok(), "{}", command.name);
        }
    }

    #[test]
    fn options_belong_to_the_commands_that_their_help_names() {
        let subject = subject();
        let scope = |long: &str| {
            let flag = subject.flags.iter().find(|flag| flag.long == long);
            flag.map(|flag| flag.commands.join(" ")).unwrap_or_default()
        };
        assert_eq!(scope("--policy"), "");
        assert_eq!(scope("--concurrency"), "batch work serve");
        assert_eq!(scope("--key"), "sign verify catalog");
        assert_eq!(scope("--program"), "generate");
    }
}
