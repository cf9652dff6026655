//! A completion for fish: a line for each option.

use super::subject::{Command, Completes, Flag, Subject};

/// Lines for a file that is called `NAME.fish`.
pub(crate) fn completion(subject: &Subject) -> String {
    let name = &subject.name;
    let mut text = format!(
        "# Completion of {name} for fish. Made by sandcheck generate fish.\ncomplete --command {name} --no-files\n"
    );
    for command in &subject.commands {
        text.push_str(&command_lines(name, command));
    }
    for flag in &subject.flags {
        text.push_str(&option_line(name, flag));
    }
    text
}

/// The command itself, and its plain words.
fn command_lines(program: &str, command: &Command) -> String {
    let name = &command.name;
    let mut lines = format!(
        "complete --command {program} --condition __fish_use_subcommand --arguments {name} --description {}\n",
        quoted(&command.summary)
    );
    if let Some(arguments) = offer(command.words) {
        lines.push_str(&format!(
            "complete --command {program} --condition '__fish_seen_subcommand_from {name}'{arguments}\n"
        ));
    }
    lines
}

fn option_line(program: &str, flag: &Flag) -> String {
    let mut line = format!("complete --command {program}");
    if !flag.commands.is_empty() {
        line.push_str(&format!(
            " --condition '__fish_seen_subcommand_from {}'",
            flag.commands.join(" ")
        ));
    }
    for spelling in flag.spellings() {
        match spelling.strip_prefix("--") {
            Some(long) => line.push_str(&format!(" --long-option {long}")),
            None => line.push_str(&format!(
                " --short-option {}",
                spelling.trim_start_matches('-')
            )),
        }
    }
    if let Some(value) = &flag.value {
        line.push_str(match value.completes {
            Completes::Files => " --require-parameter",
            _ => " --exclusive",
        });
        line.push_str(&offer(value.completes).unwrap_or_default());
    }
    format!("{line} --description {}\n", quoted(&flag.help.join(" ")))
}

/// What may stand in the place of a value or a plain word.
fn offer(completes: Completes) -> Option<String> {
    match completes {
        Completes::Nothing => None,
        Completes::Hosts => Some(" --arguments '(__fish_print_hostnames)'".to_owned()),
        Completes::Files => Some(" --force-files".to_owned()),
        Completes::Folders => Some(" --arguments '(__fish_complete_directories)'".to_owned()),
        Completes::Words(words) => Some(format!(" --arguments '{}'", words.join(" "))),
    }
}

/// A word in which nothing is expanded.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_in_its_word() {
        assert_eq!(quoted("a'b\\' (id) $x"), "'a\\'b\\\\\\' (id) $x'");
    }
}
