//! What command definitions for monitoring systems have in common.

use anyhow::{Result, ensure};
use sandcheck::types::{Kind, Manifest, OptionSpec};

use super::text;

/// The longest name of a command, in bytes.
const NAME_LIMIT: usize = 64;

/// Variables that the template library of Icinga has under another name than the option: plugin, option,
/// variable.
#[rustfmt::skip]
const LIBRARY: [(&str, &str, &str); 6] = [
    ("check_smtp", "from", "mail_from"),
    ("check_smtp", "fqdn", "helo_fqdn"),
    ("check_smtp", "certificate", "certificate_age"),
    ("check_smtp", "ignore-quit-failure", "ignore_quit"),
    ("check_tcp", "warning", "wtime"),
    ("check_tcp", "critical", "ctime"),
];

/// A plugin that a monitoring system calls.
pub(crate) struct Definition<'a> {
    pub(crate) manifest: &'a Manifest,
    /// The words before those of the plugin. No character of them means anything to anybody.
    pub(crate) command_line: &'a [String],
    /// What the command is called.
    pub(crate) name: String,
    /// What the names of its variables begin with.
    pub(crate) prefix: String,
}

impl<'a> Definition<'a> {
    pub(crate) fn new(
        manifest: &'a Manifest,
        command_line: &'a [String],
        name: Option<&str>,
    ) -> Result<Self> {
        // As the plugin, without what all of them begin with.
        let short = manifest
            .name
            .strip_prefix("check_")
            .unwrap_or(&manifest.name);
        let name = name.map_or_else(|| format!("sandcheck_{short}"), str::to_owned);
        ensure!(
            is_name(&name),
            "--name '{name}': at most {NAME_LIMIT} letters, digits, _ - ."
        );
        Ok(Self {
            manifest,
            command_line,
            name,
            prefix: identifier(short),
        })
    }

    /// One line about the plugin.
    pub(crate) fn title(&self) -> String {
        let manifest = self.manifest;
        let summary = text::sentence(&manifest.summary);
        format!("{} {}: {summary}", manifest.name, manifest.version)
    }

    /// The option that names what is checked.
    pub(crate) fn host(&self) -> Option<&OptionSpec> {
        let mut options = self.manifest.options.iter();
        options.find(|option| option.kind == Kind::Host)
    }

    fn library(&self, option: &str) -> Option<&'static str> {
        let plugin = &self.manifest.name;
        let mut known = LIBRARY.iter();
        let known = known.find(|(of, name, _)| of == plugin && *name == option);
        known.map(|(_, _, variable)| *variable)
    }

    /// What the variable of an option is called, by the template library's customs.
    pub(crate) fn variable(&self, option: &OptionSpec) -> String {
        let is_host = self.host().is_some_and(|host| host.name == option.name);
        let custom = match option.name.as_str() {
            "use-ipv4" => "ipv4",
            "use-ipv6" => "ipv6",
            _ if is_host => "address",
            name => self.library(name).unwrap_or(name),
        };
        // An option that is called so has the older right.
        let mut others = self.manifest.options.iter();
        let is_taken =
            others.any(|other| other.name != option.name && identifier(&other.name) == custom);
        let name = if is_taken { &option.name } else { custom };
        format!("{}_{}", self.prefix, identifier(name))
    }
}

/// Help and default of an option in one line.
pub(crate) fn sentence(option: &OptionSpec) -> String {
    let help = text::sentence(&option.help);
    match &option.default {
        Some(default) => format!("{help} (default: {})", text::visible(default)),
        None => help,
    }
}

/// A word that is the same in every syntax, quoted or not.
pub(crate) fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:".contains(c);
    !word.is_empty() && word.chars().all(is_plain)
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=NAME_LIMIT).contains(&name.len()) && name.chars().all(is_part)
}

/// A name as Icinga's language has them.
fn identifier(name: &str) -> String {
    let chars = name.chars();
    let name: String = chars
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, options: &[(&str, Kind)]) -> Manifest {
        let option = |(name, kind): &(&str, Kind)| OptionSpec {
            name: (*name).to_owned(),
            short: None,
            aliases: Vec::new(),
            kind: *kind,
            placeholder: String::new(),
            exact: false,
            required: false,
            repeatable: false,
            default: None,
            implies: Vec::new(),
            help: String::new(),
        };
        Manifest {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            summary: "Checks it".to_owned(),
            description: String::new(),
            word: None,
            options: options.iter().map(option).collect(),
        }
    }

    fn variables(name: &str, options: &[(&str, Kind)]) -> Vec<String> {
        let manifest = manifest(name, options);
        let definition = Definition::new(&manifest, &[], None).unwrap();
        let options = manifest.options.iter();
        options.map(|option| definition.variable(option)).collect()
    }

    #[test]
    fn variables_are_named_as_the_template_library_does() {
        let options = [
            ("hostname", Kind::Host),
            ("use-ipv6", Kind::Flag),
            ("from", Kind::Text),
            ("ignore-quit-failure", Kind::Flag),
        ];
        assert_eq!(
            variables("check_smtp", &options),
            [
                "smtp_address",
                "smtp_ipv6",
                "smtp_mail_from",
                "smtp_ignore_quit"
            ]
        );
        assert_eq!(
            variables("9-lives", &options),
            [
                "_9_lives_address",
                "_9_lives_ipv6",
                "_9_lives_from",
                "_9_lives_ignore_quit_failure"
            ]
        );
    }

    #[test]
    fn no_two_options_share_a_variable() {
        let options = [
            ("hostname", Kind::Host),
            ("address", Kind::Text),
            ("proxy-host", Kind::Host),
            ("use-ipv4", Kind::Flag),
            ("ipv4", Kind::Flag),
        ];
        assert_eq!(
            variables("check_it", &options),
            [
                "it_hostname",
                "it_address",
                "it_proxy_host",
                "it_use_ipv4",
                "it_ipv4"
            ]
        );
    }

    #[test]
    fn names_of_commands_are_plain() {
        let manifest = manifest("check_it", &[]);
        for name in ["", "a b", "a\"", "a;b", &"x".repeat(65)] {
            assert!(
                Definition::new(&manifest, &[], Some(name)).is_err(),
                "{name}"
            );
        }
        assert_eq!(
            Definition::new(&manifest, &[], None).unwrap().name,
            "sandcheck_it"
        );
        assert!(
            is_plain("oci://r.example.org/it:1@sha256:ab") && !is_plain("/a b") && !is_plain("/$x")
        );
    }
}
