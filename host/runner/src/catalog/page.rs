//! The page. It needs no scripts and nothing from elsewhere, and what comes from a plugin or a registry
//! is text in it and never markup.

use super::{Catalog, Listed};
use crate::html::text;
use crate::inspect::facts::{Facts, ManifestFacts, OptionFacts};

const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded or run, whatever should get into the page.
const SAFETY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/// The whole page.
pub(super) fn page(catalog: &Catalog) -> String {
    let count = match catalog.plugins.len() {
        1 => "1 plugin".to_owned(),
        count => format!("{count} plugins"),
    };
    let contents: String = catalog.plugins.iter().enumerate().map(content).collect();
    let plugins: String = catalog.plugins.iter().enumerate().map(plugin).collect();
    let plugins = if plugins.is_empty() {
        "<p class=\"empty\">The store is empty.</p>\n".to_owned()
    } else {
        plugins
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{SAFETY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Monitoring plugins</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Monitoring plugins</h1>\n<p>{count}. What each says of itself, and what it could \
         reach; the same as <a href=\"catalog.json\">JSON</a>.</p>\n</header>\n\
         <nav>\n<ul>\n{contents}</ul>\n</nav>\n<main>\n{plugins}</main>\n</body>\n</html>\n"
    )
}

fn content((number, listed): (usize, &Listed)) -> String {
    let badge = signed_badge(listed);
    format!(
        "<li><a href=\"#p{number}\">{}</a> {badge}</li>\n",
        text(&listed.reference)
    )
}

fn plugin((number, listed): (usize, &Listed)) -> String {
    let manifest = listed
        .facts
        .as_ref()
        .and_then(|facts| facts.manifest.as_ref());
    let name = manifest.map_or(listed.reference.as_str(), |manifest| &manifest.name);
    let version = manifest.map_or("", |manifest| &manifest.version);
    let mut out = format!(
        "<article id=\"p{number}\">\n<h2>{} <small>{}</small> {}</h2>\n",
        text(name),
        text(version),
        signed_badge(listed)
    );
    for problem in problems(listed) {
        out.push_str(&format!("<p class=\"problem\">{}</p>\n", text(problem)));
    }
    if let Some(manifest) = manifest {
        out.push_str(&format!("<p>{}</p>\n", text(&manifest.summary)));
    }
    out.push_str(&reach(listed.facts.as_ref()));
    out.push_str(&table(listed));
    out.push_str(&manifest.map(options).unwrap_or_default());
    out + "</article>\n"
}

fn problems(listed: &Listed) -> impl Iterator<Item = &String> {
    let facts = listed.facts.iter().flat_map(|facts| &facts.problems);
    listed.problem.iter().chain(facts)
}

fn signed_badge(listed: &Listed) -> String {
    let (class, words) = match (listed.signers.len(), listed.signatures) {
        (0, 0) => ("none", "not signed"),
        (0, _) => ("unknown", "signed by an unknown key"),
        _ => ("good", "signed"),
    };
    format!("<span class=\"badge {class}\">{words}</span>")
}

/// What it could ever ask for.
fn reach(facts: Option<&Facts>) -> String {
    let Some(reach) = facts.map(|facts| &facts.reach) else {
        return String::new();
    };
    let all = [
        (reach.tcp, "TCP"),
        (reach.unix, "Unix sockets"),
        (reach.clocks, "clocks"),
        (reach.randomness, "randomness"),
    ];
    let items: String = all
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, what)| format!("<li>{what}</li>"))
        .collect();
    let items = if items.is_empty() {
        "<li>nothing</li>".to_owned()
    } else {
        items
    };
    format!("<ul class=\"reach\" aria-label=\"Could reach\">{items}</ul>\n")
}

fn table(listed: &Listed) -> String {
    let mut rows = row("reference", &listed.reference) + &row("digest", &listed.digest.to_string());
    for signer in &listed.signers {
        rows.push_str(&row("signed by", signer));
    }
    if let Some(facts) = &listed.facts {
        rows.push_str(&row("component", &format!("sha256:{}", facts.sha256)));
        rows.push_str(&row("size", &format!("{} bytes", facts.size)));
        rows.push_str(&row("imports", &facts.imports.join("\n")));
        for (name, value) in &facts.metadata {
            rows.push_str(&row(name, value));
        }
    }
    format!("<table class=\"facts\">\n{rows}</table>\n")
}

/// A line of the value for each of its lines.
fn row(name: &str, value: &str) -> String {
    let lines: Vec<_> = value.lines().map(text).collect();
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n",
        text(name),
        lines.join("<br>")
    )
}

fn options(manifest: &ManifestFacts) -> String {
    let rows: String = manifest.options.iter().map(option).collect();
    let count = manifest.options.len();
    format!(
        "<details>\n<summary>{count} options</summary>\n<table class=\"options\">\n<thead><tr><th>Option</th>\
         <th>Kind</th><th>Default</th><th>Meaning</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</details>\n"
    )
}

fn option(option: &OptionFacts) -> String {
    let short = option
        .short
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    let required = if option.required { " (required)" } else { "" };
    format!(
        "<tr><td><code>{}</code>{required}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        text(&format!("{short}--{}", option.name)),
        text(option.kind),
        text(option.default.as_deref().unwrap_or_default()),
        text(&option.help)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Annotations;
    use crate::digest::Digest;

    #[test]
    fn a_hostile_version_is_shown_as_text() {
        let evil = "</style><script>x</script><img src=x onerror=x>";
        let listed = Listed {
            reference: evil.to_owned(),
            digest: Digest::of(b""),
            annotations: Annotations::new(),
            signatures: 1,
            signers: vec![evil.to_owned()],
            problem: Some(evil.to_owned()),
            facts: None,
        };
        let page = page(&Catalog {
            plugins: vec![listed],
        });
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
        assert_eq!(page.matches("</style>").count(), 1);
        assert_eq!(page.matches("&lt;script&gt;").count(), 5, "{page}");
    }
}
