//! A scrape: query, target, timeout and accepted formats; and a metric with its thresholds. The input is
//! those texts, with a NUL between them.
//!
//! Property: what a query says comes out as it was encoded, each parameter once; a target is a name or an
//! address and nothing that a plugin could take for an option or a path; names of metrics are names,
//! and whatever is in a label, a help text or a message makes no further line.

#![no_main]

use std::net::Ipv6Addr;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sandcheck::bounds::Range;
use sandcheck::exposition::{Family, Format, Kind, render};
use sandcheck::{expiry, naming};
use sandcheck_probe::query::Query;
use sandcheck_probe::scrape_timeout;
use sandcheck_probe::target::Target;

const KNOWN: [&str; 3] = ["module", "target", "debug"];

fuzz_target!(|input: &str| {
    let mut parts = input.split('\0');
    let mut next = || parts.next().unwrap_or_default();
    check_query(next());
    let _ = scrape_timeout::budget(next(), Duration::from_millis(500))
        .map(|budget| assert!(budget < Duration::from_hours(24)));
    check_metric(next(), next(), Format::accepted(next()));
    let _ = expiry::of_finding(next());
});

fn check_query(text: &str) {
    let Ok(query) = Query::parse(text, &KNOWN) else {
        return;
    };
    for name in KNOWN {
        let Some(value) = query.value(name) else {
            continue;
        };
        assert!(value.len() <= text.len());
        if let Ok(target) = Target::parse(value) {
            let host = &target.host;
            let is_name = |c: char| c.is_alphanumeric() || "-._".contains(c);
            assert!(!host.starts_with(['-', '/']));
            assert!(host.chars().all(is_name) || host.parse::<Ipv6Addr>().is_ok());
            assert!(target.port != Some(0));
        }
    }
}

fn check_metric(original: &str, unit: &str, format: Format) {
    let name = naming::name(original, unit);
    let is_in_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(name.name.starts_with("probe_metric_") && name.name.chars().all(is_in_a_name));
    assert!(name.factor > 0.0);
    if let Some(Range {
        start: Some(start), ..
    }) = Range::parse(original)
    {
        assert!(start.is_finite());
    }
    let mut family = Family::new(name.name, Kind::Counter, original);
    family.add(vec![("metric", original.to_owned())], 1.0);
    let text = render(&[family], format);
    let lines = if format == Format::OpenMetrics { 4 } else { 3 };
    assert_eq!(text.matches('\n').count(), lines, "{text}");
}
