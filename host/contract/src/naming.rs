//! Names of metrics as Prometheus wants them: snake case, base units, the unit as the end of the name
//! (<https://prometheus.io/docs/practices/naming/>).

/// What stands before the name of each metric of a report, so that no plugin can name one that the
/// server itself says something with.
const PREFIX: &str = "probe_metric_";

/// Ends of names that mean something.
const RESERVED: [&str; 6] = ["_total", "_count", "_sum", "_bucket", "_info", "_created"];

/// The longest unit that is not known, in characters.
const UNIT_LIMIT: usize = 16;

/// Spans of time that a name without a unit may count in, and their seconds.
const SPANS: [(&str, f64); 4] = [
    ("minutes", 60.0),
    ("hours", 3600.0),
    ("days", 86_400.0),
    ("weeks", 604_800.0),
];

/// How a metric of a report is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name, without the `_total` of a counter.
    pub name: String,
    /// It only grows.
    pub is_counter: bool,
    /// The base unit that the name ends with; empty for none.
    pub unit: &'static str,
    /// What the value is multiplied with to be in the base unit.
    pub factor: f64,
    /// The plugin's own name, when it cannot be told from the other one.
    pub original: Option<String>,
}

/// Names a metric by what the plugin calls it, and its unit (`s`, `ms`, `B`, `%`, `c`, ...).
#[must_use]
pub fn name(original: &str, unit: &str) -> Name {
    let base = snake_case(original);
    let is_same = base == original;
    let span = spelled_span(&base).filter(|_| unit.is_empty());
    let is_converted = span.is_some();
    let (base, suffix, factor) = span.unwrap_or_else(|| {
        let (suffix, factor) = base_unit(unit);
        (base, suffix, factor)
    });
    let is_counter = unit == "c";
    let mut name = format!("{PREFIX}{base}");
    if !suffix.is_empty() && !name.ends_with(&format!("_{suffix}")) {
        name.push('_');
        name.push_str(&suffix);
    }
    if let Some(end) = RESERVED.iter().find(|end| name.ends_with(**end)) {
        if is_counter && *end == "_total" {
            name.truncate(name.len() - end.len());
        } else {
            name.push_str("_value");
        }
    }
    let known = [
        "seconds", "ratio", "bytes", "celsius", "volts", "amperes", "watts",
    ];
    let unit = known
        .into_iter()
        .find(|unit| suffix == *unit && name.ends_with(unit));
    Name {
        name,
        is_counter,
        unit: unit.unwrap_or_default(),
        factor,
        original: (is_converted || !is_same).then(|| original.to_owned()),
    }
}

/// `certificate_days` without its span, the base unit of that, and what makes it of the span.
fn spelled_span(base: &str) -> Option<(String, String, f64)> {
    let words: Vec<_> = base.split('_').collect();
    let span = |word: &str| SPANS.iter().find(|(span, _)| *span == word);
    let (at, factor) = words
        .iter()
        .enumerate()
        .find_map(|(at, word)| Some((at, span(word)?.1)))?;
    let others = words.iter().enumerate().filter(|(other, _)| *other != at);
    let others: Vec<_> = others.map(|(_, word)| *word).collect();
    (!others.is_empty()).then(|| (others.join("_"), "seconds".to_owned(), factor))
}

/// Lower-case letters, digits and single inner underscores.
fn snake_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    let length = out.trim_end_matches('_').len();
    out.truncate(length);
    if out.is_empty() {
        out.push_str("unnamed");
    }
    out
}

/// The base unit, and what makes it of this one. `KB` is 1000 and `KiB` 1024 bytes, as Icinga reads them.
fn base_unit(unit: &str) -> (String, f64) {
    let known = match unit {
        "" | "c" => ("", 1.0),
        "s" => ("seconds", 1.0),
        "ms" => ("seconds", 1e-3),
        "us" => ("seconds", 1e-6),
        "ns" => ("seconds", 1e-9),
        "%" => ("ratio", 1e-2),
        "B" => ("bytes", 1.0),
        "kB" | "KB" => ("bytes", 1e3),
        "MB" => ("bytes", 1e6),
        "GB" => ("bytes", 1e9),
        "TB" => ("bytes", 1e12),
        "KiB" => ("bytes", 1024.0),
        "MiB" => ("bytes", 1_048_576.0),
        "GiB" => ("bytes", 1_073_741_824.0),
        "TiB" => ("bytes", 1_099_511_627_776.0),
        "C" => ("celsius", 1.0),
        "V" => ("volts", 1.0),
        "A" => ("amperes", 1.0),
        "W" => ("watts", 1.0),
        other => {
            let short: String = other.chars().take(UNIT_LIMIT).collect();
            return (snake_case(&short), 1.0);
        }
    };
    (known.0.to_owned(), known.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_become_base_units() {
        for (original, unit, expected, factor) in [
            ("time", "s", "probe_metric_time_seconds", 1.0),
            ("time", "ms", "probe_metric_time_seconds", 1e-3),
            ("time_seconds", "s", "probe_metric_time_seconds", 1.0),
            ("used", "%", "probe_metric_used_ratio", 1e-2),
            ("size", "MB", "probe_metric_size_bytes", 1e6),
            ("queue", "", "probe_metric_queue", 1.0),
            ("users", "Mails", "probe_metric_users_mails", 1.0),
            ("x", "\u{1f600}", "probe_metric_x_unnamed", 1.0),
        ] {
            let name = name(original, unit);
            assert_eq!(
                (name.name.as_str(), name.factor),
                (expected, factor),
                "{original}"
            );
            assert!(!name.is_counter && name.original.is_none());
        }
    }

    #[test]
    fn spans_in_names_become_seconds() {
        for (original, expected, factor) in [
            (
                "certificate_days",
                "probe_metric_certificate_seconds",
                86_400.0,
            ),
            (
                "certificate_days_mx.example",
                "probe_metric_certificate_mx_example_seconds",
                86_400.0,
            ),
            ("uptime_hours", "probe_metric_uptime_seconds", 3600.0),
        ] {
            let name = name(original, "");
            assert_eq!((name.name.as_str(), name.factor), (expected, factor));
            assert_eq!(name.unit, "seconds");
            assert_eq!(name.original.as_deref(), Some(original));
        }
        for (original, unit, expected) in [
            ("days", "", "probe_metric_days"),
            ("birthdays", "", "probe_metric_birthdays"),
            ("days_to_wait", "s", "probe_metric_days_to_wait_seconds"),
        ] {
            let name = name(original, unit);
            assert_eq!((name.name.as_str(), name.factor), (expected, 1.0));
            assert!(name.original.is_none());
        }
    }

    #[test]
    fn counters() {
        for original in ["mails", "mails_total"] {
            let name = name(original, "c");
            assert_eq!(name.name, "probe_metric_mails");
            assert!(name.is_counter);
        }
        assert_eq!(
            name("mails_total", "").name,
            "probe_metric_mails_total_value"
        );
        assert_eq!(name("x_bucket", "c").name, "probe_metric_x_bucket_value");
    }

    #[test]
    fn other_names_are_kept_beside() {
        for (original, expected) in [
            ("/var/log", "probe_metric_var_log"),
            ("Time", "probe_metric_time"),
            ("a\nb}", "probe_metric_a_b"),
            ("__", "probe_metric_unnamed"),
            ("success", "probe_metric_success"),
        ] {
            let name = name(original, "");
            assert_eq!(name.name, expected);
            let is_same = original == "success";
            assert_eq!(name.original.is_none(), is_same, "{original}");
        }
    }

    proptest! {
        #[test]
        fn names_are_names(original in any::<String>(), unit in any::<String>()) {
            let name = name(&original, &unit).name;
            prop_assert!(name.starts_with(PREFIX));
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
}
