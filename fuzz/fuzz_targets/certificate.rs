//! What is said of a certificate. The input is a certificate in DER; its last bytes also are a time
//! and the limits.
//!
//! Property: every certificate is judged or said to be unreadable, in a line that is no longer than
//! the certificate gives reason for; from the day on from which it is valid it only ever becomes
//! worse, and in the end it is over.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sandcheck_plugin::certificate::{self, Lifetime};
use sandcheck_plugin::state::{Finding, State};

/// Some time in 2026, in seconds since 1970, and a month.
const NOW: i64 = 1_790_000_000;
const MONTH: i64 = 30 * 24 * 60 * 60;

fuzz_target!(|der: &[u8]| {
    let any = der
        .last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let limits = Lifetime {
        warning: any & 0x3ff,
        critical: any >> 10 & 0x1ff,
    };
    let months = (0..12).map(|count| NOW + count * MONTH);
    let mut times: Vec<i64> = months.chain([i64::MIN, i64::from(any), i64::MAX]).collect();
    times.sort_unstable();
    let mut worst = Age::ToCome;
    for now in times {
        let Ok(finding) = certificate::judge(der, now, limits) else {
            return;
        };
        assert!(finding.text.len() <= 128 + 4 * der.len());
        let age = age(&finding);
        assert!(age >= worst, "better at {now}: {}", finding.text);
        worst = age;
    }
    assert_eq!(worst, Age::Bad);
});

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    ToCome,
    Good,
    SoonOver,
    Bad,
}

fn age(finding: &Finding) -> Age {
    let start = format!("{} - Certificate '", finding.state);
    assert!(finding.text.starts_with(&start), "{}", finding.text);
    // The name between the quotes is the certificate's, what is behind them ours.
    let words = finding
        .text
        .rsplit_once("' ")
        .map_or("", |(_, words)| words);
    assert!(!words.contains("expires in -"), "{words}");
    match finding.state {
        State::Critical if words.starts_with("is not valid before ") => Age::ToCome,
        State::Critical => Age::Bad,
        State::Warning => Age::SoonOver,
        State::Ok => Age::Good,
        State::Unknown => panic!("{}", finding.text),
    }
}
