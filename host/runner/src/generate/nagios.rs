//! A command for Nagios, Naemon and whoever reads their files.

use sandcheck::types::{Kind, OptionSpec};

use super::definition::{Definition, sentence};
use super::text;

/// So many arguments a command may have (`MAX_COMMAND_ARGUMENTS`).
const ARGUMENTS: usize = 32;

/// The whole file: how to use it, the command, and all options.
pub(crate) fn definition(definition: &Definition) -> String {
    let name = &definition.name;
    let mut text = comment(&definition.title());
    text.push_str(&format!(
        "# Made by sandcheck generate nagios.\n#\n\
         # Each option is an argument of its own, as it stands below; several may share one:\n#\n\
         #     check_command  {name}!{}\n#\n\
         # In a value with blanks, or with characters that mean something to a shell, these are quoted: 'a b'.\n\
         # A ! is written \\!, a ; is written \\;, a $ is written $$.\n\n",
        example(definition)
    ));
    let host = definition
        .host()
        .map(|host| format!(" --{} '$HOSTADDRESS$'", host.name));
    let arguments: String = (1..=ARGUMENTS).map(|at| format!(" $ARG{at}$")).collect();
    text.push_str(&format!(
        "define command {{\n    command_name  {name}\n    command_line  {}{}{arguments}\n}}\n\n",
        definition.command_line.join(" "),
        host.unwrap_or_default()
    ));
    text.extend(definition.manifest.options.iter().map(described));
    text
}

/// The first option of each form that is not the host.
fn example(definition: &Definition) -> String {
    let options = || definition.manifest.options.iter();
    let value = options().find(|o| !matches!(o.kind, Kind::Flag | Kind::Host | Kind::Secret));
    let flag = options().find(|option| option.kind == Kind::Flag);
    let value = value.map(|option| format!("--{}=VALUE", option.name));
    let flag = flag.map(|option| format!("--{}", option.name));
    let words: Vec<_> = value.into_iter().chain(flag).collect();
    words.join("!")
}

fn described(option: &OptionSpec) -> String {
    let value = match option.kind {
        Kind::Flag => String::new(),
        _ => format!("={}", text::visible(&option.placeholder)),
    };
    let more = if option.repeatable { "..." } else { "" };
    let mut text = comment(&format!("--{}{value}{more}", option.name));
    text.push_str(&comment(&format!("      {}", sentence(option))));
    if option.kind == Kind::Secret {
        text.push_str("#       A secret: write $USERn$ and put it into resource.cfg, which nobody else reads,\n#       or name a file by the option that ends in -file.\n");
    }
    text
}

/// A line that begins with `#` is not read. One that ends with a backslash would go on in the next.
fn comment(text: &str) -> String {
    let end = if text.ends_with('\\') { " ." } else { "" };
    format!("# {text}{end}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_ends_with_its_line() {
        assert_eq!(comment("a \\"), "# a \\ .\n");
    }
}
