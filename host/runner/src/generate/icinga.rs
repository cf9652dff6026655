//! A `CheckCommand` for Icinga 2.

use sandcheck::types::{Kind, OptionSpec};

use super::definition::{Definition, sentence};

/// Before the help of a secret. Icinga Web itself hides variables whose names tell it.
const SECRET: &str = "A secret: seen through the API, and in the process list until the program has read it. What \
                      a file holds is not, that of --extra-opts or of the option that ends in -file. ";

/// The whole file.
pub(crate) fn definition(definition: &Definition) -> String {
    let command: Vec<_> = definition
        .command_line
        .iter()
        .map(|word| quoted(word))
        .collect();
    let prefix = &definition.prefix;
    let mut text = format!(
        "// {}\n// Made by sandcheck generate icinga.\nobject CheckCommand {} {{\n",
        definition.title(),
        quoted(&definition.name)
    );
    if definition.host().is_some() {
        text.push_str("  import \"ipv4-or-ipv6\"\n\n");
    }
    text.push_str(&format!(
        "  command = [ {} ]\n\n  arguments = {{\n",
        command.join(", ")
    ));
    text.push_str(&format!(
        "    \"--extra-opts\" = {{\n      value = \"${prefix}_extra_opts$\"\n      \
         description = \"Read options from an ini file first: [SECTION][@FILE]\"\n    }}\n"
    ));
    for (at, option) in definition.manifest.options.iter().enumerate() {
        text.push_str(&argument(definition, at + 1, option));
    }
    text.push_str("  }\n");
    text.push_str(&variables(definition));
    text + "}\n"
}

fn argument(definition: &Definition, order: usize, option: &OptionSpec) -> String {
    let variable = definition.variable(option);
    let key = if option.kind == Kind::Flag {
        "set_if"
    } else {
        "value"
    };
    let mut text = format!(
        "    \"--{}\" = {{\n      {key} = \"${variable}$\"\n",
        option.name
    );
    if option.required {
        text.push_str("      required = true\n");
    }
    if option.repeatable && option.kind != Kind::Flag {
        text.push_str("      repeat_key = true\n");
    }
    let secret = if option.kind == Kind::Secret {
        SECRET
    } else {
        ""
    };
    let description = format!("{secret}{}", sentence(option));
    text.push_str(&format!("      description = {}\n", quoted(&description)));
    // As the manifest has them: with many of the same rank the order would be anybody's guess.
    text.push_str(&format!("      order = {order}\n    }}\n"));
    text
}

/// What the template library does for every command that connects to a host.
fn variables(definition: &Definition) -> String {
    let Some(host) = definition.host() else {
        return String::new();
    };
    let mut text = format!(
        "\n  vars.{} = \"$check_address$\"\n",
        definition.variable(host)
    );
    for option in &definition.manifest.options {
        let family = match option.name.as_str() {
            "use-ipv4" => "check_ipv4",
            "use-ipv6" => "check_ipv6",
            _ => continue,
        };
        let variable = definition.variable(option);
        text.push_str(&format!("  vars.{family} = \"${variable}$\"\n"));
    }
    text
}

/// A text of Icinga's language. It has no line break and no character that cannot be seen.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(quoted("a\" + \\\"b$c$"), "\"a\\\" + \\\\\\\"b$c$\"");
    }
}
