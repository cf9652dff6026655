//! A completion for zsh, in the words of `_arguments`.

use super::subject::{Command, Completes, Flag, Subject};
use super::text;

/// A file that is called `_NAME` and lies in `$fpath`.
pub(crate) fn completion(subject: &Subject) -> String {
    let name = &subject.name;
    let head = format!(
        "#compdef {name}\n# Completion of {name} for zsh. Made by sandcheck generate zsh.\n\n"
    );
    if subject.commands.is_empty() {
        return head + &arguments(subject.flags.iter(), None, "");
    }
    let commands: String = subject.commands.iter().map(described).collect();
    let cases: String = subject
        .commands
        .iter()
        .map(|it| case(subject, it))
        .collect();
    format!(
        "{head}local -a commands=(\n{commands})\n\
         if ((CURRENT == 2)); then\n    _describe -t commands command commands\n    return\nfi\n\
         local command=$words[2]\nshift words\n((CURRENT--))\n\
         case $command in\n{cases}esac\n"
    )
}

fn case(subject: &Subject, command: &Command) -> String {
    let flags = subject.flags_of(&command.name);
    let arguments = arguments(flags, Some(command.words), "    ");
    format!("({})\n{arguments}    ;;\n", command.name)
}

fn described(command: &Command) -> String {
    let summary = escaped(&command.summary);
    format!("    {}\n", quoted(&format!("{}:{summary}", command.name)))
}

fn arguments<'a>(
    flags: impl Iterator<Item = &'a Flag>,
    plain: Option<Completes>,
    indent: &str,
) -> String {
    let flags = flags.flat_map(specifications);
    let plain = plain.filter(|plain| *plain != Completes::Nothing);
    let plain = plain.map(|plain| format!("*:word:{}", action(plain)));
    let lines = flags.chain(plain);
    let lines: String = lines
        .map(|line| format!(" \\\n{indent}    {}", quoted(&line)))
        .collect();
    format!("{indent}_arguments -s -S{lines}\n")
}

/// One for each spelling; the others are not offered once one is there.
fn specifications(flag: &Flag) -> Vec<String> {
    let spellings: Vec<_> = flag.spellings().collect();
    let before = if flag.repeatable {
        "*".to_owned()
    } else {
        format!("({})", spellings.join(" "))
    };
    let help = escaped(&flag.help.join(" "));
    let specification = |spelling: &&str| {
        let Some(value) = &flag.value else {
            return format!("{before}{spelling}[{help}]");
        };
        let sign = if spelling.starts_with("--") { "=" } else { "+" };
        let placeholder = escaped(&text::harmless(&value.placeholder));
        let action = action(value.completes);
        format!("{before}{spelling}{sign}[{help}]:{placeholder}:{action}")
    };
    spellings.iter().map(specification).collect()
}

fn action(completes: Completes) -> String {
    match completes {
        Completes::Nothing => " ".to_owned(),
        Completes::Hosts => "_hosts".to_owned(),
        Completes::Files => "_files".to_owned(),
        Completes::Folders => "_files -/".to_owned(),
        Completes::Words(words) => format!("({})", words.join(" ")),
    }
}

/// Text within a specification.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']' | ':') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A word in which nothing is expanded.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_in_its_word_and_brackets() {
        let flag = Flag::new(Some("-x"), "--ex", "a] ' :$(id) `id` \\");
        assert_eq!(
            specifications(&flag),
            [
                "(-x --ex)-x[a\\] ' \\:$(id) `id` \\\\]",
                "(-x --ex)--ex[a\\] ' \\:$(id) `id` \\\\]"
            ]
        );
        assert_eq!(quoted("'; id"), "''\\''; id'");
    }
}
