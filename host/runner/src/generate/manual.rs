//! A page for man(1), in the macros of man(7).

use super::subject::{Command, Flag, Subject};

/// The whole page.
pub(crate) fn page(subject: &Subject) -> String {
    let name = &subject.name;
    let mut page = format!(
        ".\\\" Made by sandcheck generate man.\n.TH {} 1 \"\" {} \"Monitoring checks\"\n",
        quoted(&name.to_ascii_uppercase()),
        quoted(&subject.version)
    );
    page.push_str(&format!(
        ".SH NAME\n{} \\- {}\n",
        line(name),
        roff(&subject.summary)
    ));
    page.push_str(".SH SYNOPSIS\n");
    page.push_str(&synopsis(subject));
    if !subject.description.is_empty() {
        page.push_str(".SH DESCRIPTION\n");
        page.push_str(&description(subject));
    }
    if !subject.commands.is_empty() {
        page.push_str(".SH COMMANDS\n");
        page.extend(
            subject.commands.iter().map(|command| {
                format!(".TP\n{}\n{}\n", bold(&command.name), line(&command.summary))
            }),
        );
    }
    page.push_str(".SH OPTIONS\n");
    page.extend(subject.flags.iter().map(option));
    if !subject.exit_codes.is_empty() {
        page.push_str(&format!(
            ".SH \"EXIT STATUS\"\n{}\n",
            line(subject.exit_codes)
        ));
    }
    page
}

fn synopsis(subject: &Subject) -> String {
    if subject.commands.is_empty() {
        let flags = subject.flags.iter().skip_while(|flag| !is_own(flag));
        let flags: String = flags.map(usage).collect();
        return format!(".B {}\n{flags}", quoted(&subject.name));
    }
    let usage = |command: &Command| {
        let words = format!("{} {}", subject.name, command.name);
        format!("{} {}\n.br\n", bold(&words), roff(&command.usage))
    };
    subject.commands.iter().map(usage).collect()
}

/// Whether it is not one of those that every plugin has.
fn is_own(flag: &Flag) -> bool {
    !matches!(flag.long.as_str(), "--help" | "--version" | "--extra-opts")
}

/// `[-p PORT]`, in one line of the page's source.
fn usage(flag: &Flag) -> String {
    let name = bold(flag.short.as_deref().unwrap_or(&flag.long));
    let value = flag.value.as_ref();
    let value = value.map(|value| format!(" {}", italic(&value.placeholder)));
    let value = value.unwrap_or_default();
    let (open, close) = if flag.required { ("", "") } else { ("[", "]") };
    let more = if flag.repeatable { "..." } else { "" };
    format!("{open}{name}{value}{close}{more}\n")
}

/// A paragraph for each text of the program itself, a line for each line of a plugin.
fn description(subject: &Subject) -> String {
    let end = if subject.commands.is_empty() {
        ".br\n"
    } else {
        ".PP\n"
    };
    let lines = subject.description.iter();
    lines.map(|text| format!("{}\n{end}", line(text))).collect()
}

fn option(flag: &Flag) -> String {
    let spellings = flag.short.iter().chain([&flag.long]).chain(&flag.aliases);
    let spellings: Vec<_> = spellings.map(|spelling| bold(spelling)).collect();
    let value = flag.value.as_ref();
    let value = value.map(|value| format!(" {}", italic(&value.placeholder)));
    let mut text = format!(
        ".TP\n{}{}\n",
        spellings.join(", "),
        value.unwrap_or_default()
    );
    text.extend(flag.help.iter().map(|help| line(help) + "\n"));
    if let Some(default) = &flag.default {
        text.push_str(&format!(".br\n(default: {})\n", roff(default)));
    }
    text
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", roff(text))
}

fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", roff(text))
}

/// A word of a macro.
fn quoted(text: &str) -> String {
    format!("\"{}\"", roff(text))
}

/// A line of its own: no request, whatever it begins with.
fn line(text: &str) -> String {
    format!("\\&{}", roff(text))
}

/// Text within a line. What has a meaning for roff, or another shape in print, is named.
fn roff(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\(rs"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '"' => out.push_str("\\(dq"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            c if c.is_ascii() => out.push(c),
            c => out.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_request_or_an_escape() {
        assert_eq!(line(".so /etc/passwd"), "\\&.so /etc/passwd");
        assert_eq!(line("'sy id"), "\\&\\(aqsy id");
        assert_eq!(
            roff("\\fB \"-x\" `ü`"),
            "\\(rsfB \\(dq\\-x\\(dq \\(ga\\[u00FC]\\(ga"
        );
    }
}
