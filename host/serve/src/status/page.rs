//! What the pages say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use sandcheck_runner::html::text;

use super::picture;
use crate::checks::word;
use crate::config::{Callable, Config};
use crate::history::Record;

pub(super) fn overview(config: &Config, records: &[Arc<Record>]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let results = if records.is_empty() {
        "<section>\n<h2>Results</h2>\n<p class=\"empty\">Nothing has been checked yet. Ask with \
         <code>/probe?module=MODULE&amp;target=HOST:PORT</code>.</p>\n</section>\n"
            .to_owned()
    } else {
        targets(records) + &timeline(records)
    };
    format!(
        "<header>\n<h1>sandcheck</h1>\n<p>version {version}</p>\n<nav><a href=\"/metrics\">Metrics</a></nav>\n\
         </header>\n<main>\n{results}{}</main>\n",
        configured(config)
    )
}

/// The last result of each target, the worst first.
fn targets(records: &[Arc<Record>]) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<&Arc<Record>>> = BTreeMap::new();
    for record in records {
        groups
            .entry((&record.name, &record.target))
            .or_default()
            .push(record);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| group.last().map_or(0, |last| rank(last)));
    let rows: String = groups.iter().map(|group| target(group)).collect();
    format!(
        "<section>\n<h2>Targets</h2>\n<table>\n<thead><tr><th>State</th><th>Target</th><th>Module</th>\
         <th>Last result</th><th>Durations</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )
}

fn rank(record: &Record) -> u8 {
    match word(record.state) {
        "critical" => 0,
        "unknown" => 1,
        "warning" => 2,
        _ => 3,
    }
}

fn target(records: &[&Arc<Record>]) -> String {
    let Some(last) = records.last() else {
        return String::new();
    };
    format!(
        "<tr><td>{}</td><td class=\"name\">{}</td><td class=\"short\">{}</td><td><a href=\"/result?id={}\">{}</a></td><td>{}</td></tr>\n",
        badge(last),
        text(&last.target),
        text(&last.name),
        last.number,
        text(&last.summary),
        picture::bars(records)
    )
}

fn badge(record: &Record) -> String {
    let state = word(record.state);
    format!("<span class=\"badge {state}\">{state}</span>")
}

/// The picture, and the same as a table.
fn timeline(records: &[Arc<Record>]) -> String {
    let rows: String = records.iter().rev().map(|record| row(record)).collect();
    let count = records.len();
    format!(
        "<section>\n<h2>Last {count} results</h2>\n{}<details>\n<summary>As a table</summary>\n<table>\n\
         <thead><tr><th>Time</th><th>State</th><th>Target</th><th>Module</th><th>Seconds</th><th>Result</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</details>\n</section>\n",
        picture::durations(records)
    )
}

fn row(record: &Record) -> String {
    format!(
        "<tr><td class=\"time\">{}</td><td>{}</td><td class=\"name\">{}</td><td class=\"short\">{}</td><td class=\"number\">{:.3}</td>\
         <td><a href=\"/result?id={}\">{}</a></td></tr>\n",
        time(record.began),
        badge(record),
        text(&record.target),
        text(&record.name),
        record.time.as_secs_f64(),
        record.number,
        text(&record.summary)
    )
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time)
        .to_string()
        .replace('T', " ")
        .replace('Z', "")
}

/// Modules and commands.
fn configured(config: &Config) -> String {
    let modules = config
        .modules
        .values()
        .map(|module| (&module.name, "module", &module.plugin));
    let commands = config
        .commands
        .iter()
        .map(|(name, command)| (name, "command", &command.plugin));
    let rows: String = modules
        .chain(commands)
        .map(|(name, kind, plugin)| entry(name, kind, plugin))
        .collect();
    format!(
        "<section>\n<h2>Modules and commands</h2>\n<table>\n<thead><tr><th>Name</th><th>Kind</th><th>Plugin</th>\
         <th>Targets</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )
}

fn entry(name: &str, kind: &str, plugin: &Callable) -> String {
    let manifest = &plugin.ready.manifest;
    let targets = if plugin.targets.is_empty() {
        "whatever the policy allows".to_owned()
    } else {
        text(&plugin.targets.join(", "))
    };
    format!(
        "<tr><td class=\"name\">{}</td><td>{kind}</td><td>{} {}</td><td>{targets}</td></tr>\n",
        text(name),
        text(&manifest.name),
        text(&manifest.version)
    )
}

/// One result in full.
pub(super) fn result(record: &Record) -> String {
    let metrics = if record.metrics.is_empty() {
        String::new()
    } else {
        format!("<h2>Metrics</h2>\n<pre>{}</pre>\n", lines(&record.metrics))
    };
    format!(
        "<header>\n<h1>{} {}</h1>\n<nav><a href=\"/\">All results</a></nav>\n</header>\n<main>\n<section>\n\
         <p>{} {} UTC, module {}, {:.6} s</p>\n<h2>Output</h2>\n<pre>{}</pre>\n{metrics}</section>\n</main>\n",
        text(&record.name),
        text(&record.target),
        badge(record),
        time(record.began),
        text(&record.name),
        record.time.as_secs_f64(),
        lines(&record.text)
    )
}

/// What a check prints has been made safe before, and a `|` in it is where performance data begins.
fn lines(content: &str) -> String {
    let line = |line: &str| line.split('|').map(text).collect::<Vec<_>>().join("|") + "\n";
    content.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::history::tests::record;

    #[test]
    fn what_others_say_is_text() {
        let evil = "</pre><script>x</script><img src=x onerror=x>\u{1b}[2J'\"";
        let history = History::new(10);
        history.add(record(evil, evil, evil));
        history.add(record("smtp", "mx", ""));
        let records = history.records();
        let pages = overview(&Config::default(), &records) + &result(&records[0]);
        for part in ["<script", "<img", "\u{1b}", "onerror=x>"] {
            assert!(!pages.contains(part), "{part}: {pages}");
        }
        assert!(pages.contains("&lt;script&gt;x&lt;/script&gt;"), "{pages}");
        assert!(pages.contains("<circle class=\"warning\""), "{pages}");
    }

    #[test]
    fn without_results_it_says_how_to_get_some() {
        assert!(overview(&Config::default(), &[]).contains("/probe?module=MODULE"));
    }
}
