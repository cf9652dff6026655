//! Usage, help and version texts, from the manifest.

use crate::escape;
use crate::secrets;
use crate::types::{Kind, Manifest, OptionSpec};

/// How wide the usage text is, in characters.
const WIDTH: usize = 80;

/// `check_it v1.2.3 (sandcheck 0.1.0)`
#[must_use]
pub fn version(manifest: &Manifest) -> String {
    let (name, version) = (
        escape::line(&manifest.name),
        escape::line(&manifest.version),
    );
    format!(
        "{name} v{version} (sandcheck {})\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// `Usage:` and how the options are written. It holds no `|`, which would begin performance data.
#[must_use]
pub fn usage(manifest: &Manifest) -> String {
    let mut text = format!("Usage:\n{}", escape::line(&manifest.name));
    let mut width = text.len() - "Usage:\n".len();
    for option in &manifest.options {
        let item = usage_item(option);
        if width + 1 + item.len() > WIDTH {
            text.push('\n');
            width = 0;
        } else {
            text.push(' ');
            width += 1;
        }
        width += item.len();
        text.push_str(&item);
    }
    text.push('\n');
    text
}

fn usage_item(option: &OptionSpec) -> String {
    let name = match option.short {
        Some(short) => format!("-{short}"),
        None => format!("--{}", option.name),
    };
    let item = match option.kind {
        Kind::Flag => name,
        _ => format!("{name} {}", option.placeholder),
    };
    let item = escape::line(&item);
    let more = if option.repeatable { "..." } else { "" };
    if option.required {
        format!("{item}{more}")
    } else {
        format!("[{item}]{more}")
    }
}

/// The whole help page.
#[must_use]
pub fn page(manifest: &Manifest) -> String {
    let mut text = version(manifest);
    text.push_str(&format!("{}\n\n", escape::line(&manifest.summary)));
    text.push_str(&usage(manifest));
    text.push_str("\nOptions:\n");
    text.push_str(" -h, --help\n    Print this page\n");
    text.push_str(" -V, --version\n    Print the version\n");
    text.push_str(
        " --extra-opts=[SECTION][@FILE]\n    Read options from an ini file first; may be given \
         several times\n",
    );
    for option in &secrets::with_companions(manifest).options {
        text.push_str(&entry(option));
    }
    text.push('\n');
    push_lines(&mut text, "  ", &manifest.description);
    text
}

fn entry(option: &OptionSpec) -> String {
    let value = match option.kind {
        Kind::Flag => String::new(),
        _ => format!("={}", option.placeholder),
    };
    let short = option
        .short
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    let aliases: String = option
        .aliases
        .iter()
        .map(|alias| format!(", {alias}"))
        .collect();
    let mut text = escape::line(&format!(" {short}--{}{value}{aliases}", option.name));
    text.push('\n');
    push_lines(&mut text, "    ", &option.help);
    if let Some(default) = &option.default {
        text.push_str(&format!("    (default: {})\n", escape::line(default)));
    }
    text
}

fn push_lines(text: &mut String, indent: &str, lines: &str) {
    for line in lines.lines() {
        text.push_str(&format!("{indent}{}\n", escape::line(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest, option};

    fn example() -> Manifest {
        let mut port = option("port", 'p', Kind::Port);
        port.default = Some("25".to_owned());
        let mut command = option("command", 'C', Kind::Text);
        command.repeatable = true;
        command.aliases = vec!["--cmd".to_owned()];
        manifest(vec![port, command, option("verbose", 'v', Kind::Flag)])
    }

    #[test]
    fn usage_names_every_option() {
        assert_eq!(
            usage(&example()),
            "Usage:\ncheck_it [-p VALUE] [-C VALUE]... [-v]\n"
        );
    }

    #[test]
    fn usage_is_not_too_wide() {
        let options = (0..60).map(|_| option("port", 'p', Kind::Port)).collect();
        assert!(
            usage(&manifest(options))
                .lines()
                .all(|line| line.len() <= WIDTH)
        );
    }

    #[test]
    fn the_page_says_what_the_manifest_says() {
        let page = page(&example());
        assert!(page.starts_with("check_it v1.2.3 (sandcheck "));
        for part in [
            " -p, --port=VALUE\n    Help of port\n    (default: 25)\n",
            " -C, --command=VALUE, --cmd\n",
            " -v, --verbose\n    Help of verbose\n",
            "\n  Well.\n",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains('|'));
    }
}
