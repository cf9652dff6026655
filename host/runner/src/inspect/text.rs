//! The facts for people.

use sandcheck::escape;
use sandcheck::limits::ENTRIES;

use super::facts::{Facts, Lent, ManifestFacts, OptionFacts, Reach};

/// The whole page. What comes from the component is escaped.
pub(crate) fn page(facts: &Facts) -> String {
    let mut page = Page::default();
    page.line("file", &facts.file);
    page.line("size", &format!("{} bytes", facts.size));
    page.line("sha256", &facts.sha256);
    page.line("plugin", if facts.plugin { "yes" } else { "no" });
    for problem in &facts.problems {
        page.line("problem", problem);
    }
    if let Some(manifest) = &facts.manifest {
        add_manifest(&mut page, manifest);
    }
    page.section("Could reach", &reach(&facts.reach));
    page.section(
        "Could be lent, where its command line asks for it",
        &lent(&facts.lent),
    );
    page.section("Imports", &facts.imports);
    page.section("Exports", &facts.exports);
    let metadata: Vec<_> = facts
        .metadata
        .iter()
        .map(|(name, value)| column(name, value))
        .collect();
    page.section("Metadata, as the file has it", &metadata);
    let limits: Vec<_> = ENTRIES
        .iter()
        .filter_map(|entry| {
            let value = facts.limits.get(entry.name)?;
            Some(format!("{:16}{value:12}{}", entry.name, entry.meaning))
        })
        .collect();
    page.section("Limits", &limits);
    page.0
}

fn add_manifest(page: &mut Page, manifest: &ManifestFacts) {
    page.line("name", &format!("{} {}", manifest.name, manifest.version));
    page.line("summary", &manifest.summary);
    let options: Vec<_> = manifest.options.iter().map(option).collect();
    page.section("Options", &options);
}

fn option(option: &OptionFacts) -> String {
    let short = option
        .short
        .map_or_else(|| "   ".to_owned(), |short| format!("-{short},"));
    let default = option
        .default
        .as_ref()
        .map(|default| format!(", default {default}"));
    let implies: String = option
        .implies
        .iter()
        .map(|(name, value)| format!(", implies {name} {}", value.as_deref().unwrap_or_default()))
        .collect();
    let required = if option.required { ", required" } else { "" };
    let name = format!("{short} --{}", option.name);
    format!(
        "{name:38}{}{required}{}{implies}",
        option.kind,
        default.unwrap_or_default()
    )
}

fn reach(reach: &Reach) -> Vec<String> {
    let found = [
        (
            reach.tcp,
            "TCP, to what its command line or the policy names",
        ),
        (
            reach.unix,
            "Unix sockets, to what its command line or the policy names",
        ),
        (reach.addresses, "addresses of what its command line names"),
        (
            reach.exchanges,
            "mail exchangers of the domain that its command line names, and TCP to them",
        ),
        (reach.associations, "TLSA records of what it may connect to"),
        (reach.clocks, "clocks"),
        (reach.randomness, "randomness"),
    ];
    let found: Vec<_> = found
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, what)| (*what).to_owned())
        .collect();
    if found.is_empty() {
        vec!["nothing".to_owned()]
    } else {
        found
    }
}

fn lent(lent: &Lent) -> Vec<String> {
    let found = [
        (&lent.files, "what a file holds that is named by"),
        (
            &lent.anchors,
            "trust anchors of a file or folder that is named by",
        ),
        (&lent.system_anchors, "the machine's own trust anchors, by"),
        (
            &lent.secrets,
            "a secret that is in a file or in the environment, by",
        ),
    ];
    let found = found.iter().filter(|(options, _)| !options.is_empty());
    found
        .map(|(options, what)| format!("{what} --{}", options.join(", --")))
        .collect()
}

fn column(name: &str, value: &str) -> String {
    format!("{name:16}{value}")
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(&escape::line(&format!("{name:10}{value}")));
        self.0.push('\n');
    }

    fn section(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.0.push_str(&format!("\n{title}:\n"));
        for line in lines {
            self.0.push_str(&format!("  {}\n", escape::line(line)));
        }
    }
}
