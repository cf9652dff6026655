//! From what is given for options to a plugin's arguments. Values are never read as options, and no
//! file is read for `--extra-opts`.

use sandcheck::types::{Argument, Kind, Manifest, OptionSpec};
use sandcheck_probe::given::Given;

/// The option that a name is for, or which ones there are.
pub(crate) fn named<'a>(manifest: &'a Manifest, name: &str) -> Result<&'a OptionSpec, String> {
    let found = manifest.options.iter().find(|option| option.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = manifest
            .options
            .iter()
            .map(|option| option.name.as_str())
            .collect();
        let (plugin, names) = (&manifest.name, names.join(", "));
        format!("{plugin} has no option '{name}'; it has {names}")
    })
}

/// The option that a word of a command line is for: `-H`, `--hostname`, another spelling, whole.
pub(crate) fn spelled<'a>(manifest: &'a Manifest, word: &str) -> Result<&'a OptionSpec, String> {
    let is_meant = |option: &&OptionSpec| {
        word.strip_prefix("--") == Some(option.name.as_str())
            || option
                .short
                .is_some_and(|short| word.strip_prefix('-') == Some(short.to_string().as_str()))
            || option.aliases.iter().any(|alias| alias == word)
    };
    let found = manifest.options.iter().find(is_meant);
    found.ok_or_else(|| format!("{} has no option '{word}'", manifest.name))
}

/// Adds what is given for an option, in as many arguments as it takes.
pub(crate) fn add(
    arguments: &mut Vec<Argument>,
    option: &OptionSpec,
    given: &Given,
) -> Result<(), String> {
    let values = match (option.kind, given) {
        (_, Given::Null | Given::Switch(false)) => return Ok(()),
        (Kind::Flag, given) => vec![flag(option, given)?],
        (_, Given::Switch(true)) => {
            return Err(format!("the option '{}' needs a value", option.name));
        }
        (_, Given::Text(text)) => vec![Some(text.clone())],
        (_, Given::List(texts)) => texts.iter().cloned().map(Some).collect(),
    };
    if values.len() > 1 && !option.repeatable {
        return Err(format!("the option '{}' takes one value", option.name));
    }
    arguments.extend(values.into_iter().map(|value| Argument {
        name: option.name.clone(),
        value,
    }));
    Ok(())
}

/// Where a secret is, by the host's own option for that.
pub(crate) fn companion(name: &str, given: &Given) -> Result<Argument, String> {
    match given {
        Given::Text(text) => Ok(Argument {
            name: name.to_owned(),
            value: Some(text.clone()),
        }),
        _ => Err(format!("the option '{name}' takes one value")),
    }
}

/// Icinga's template library gives the value `true` to one of its flags.
fn flag(option: &OptionSpec, given: &Given) -> Result<Option<String>, String> {
    match given {
        Given::Switch(true) => Ok(None),
        Given::Text(text) if matches!(text.as_str(), "true" | "1") => Ok(None),
        _ => Err(format!(
            "the option '{}' takes no value: true or nothing",
            option.name
        )),
    }
}
