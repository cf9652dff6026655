//! What holds of every session, whatever the server said.

use check_smtp::options::{Options, Security};
use check_smtp::outcome::Outcome;
use check_smtp::report;
use sandcheck_plugin::report::Report;

use crate::conversation::{Conversation, PASSWORD, PASSWORD_BASE64};

/// The first byte of every TLS record: 20 to 23 (RFC 8446 section 5.1).
const RECORD_TYPES: std::ops::RangeInclusive<u8> = 20..=23;

/// What may be said in clear before TLS.
const BEFORE_TLS: [&[u8]; 6] = [
    b"PROXY TCP4 ",
    b"HELO ",
    b"EHLO ",
    b"LHLO ",
    b"STARTTLS\r\n",
    b"QUIT\r\n",
];

/// The report of a session, after looking whether it keeps the password and is not endless.
pub fn report(conversation: &Conversation, options: &Options, outcome: Outcome) -> Report {
    let report = report::report(options, outcome, 0.25);
    let lines = report
        .transcript
        .iter()
        .chain(&report.findings)
        .chain(&report.summary);
    for line in lines.clone() {
        for secret in [PASSWORD, PASSWORD_BASE64] {
            assert!(
                conversation.holds_password || !line.contains(secret),
                "shown: {line}"
            );
        }
    }
    // A byte that is no UTF-8 is shown as three, and a reply in up to three places.
    let given: usize = conversation
        .arguments
        .iter()
        .flat_map(|(_, value)| value)
        .map(String::len)
        .sum();
    let bound = 4096 + 9 * conversation.says.len() + 16 * given;
    let shown: usize = lines.map(String::len).sum();
    assert!(
        shown <= bound,
        "{shown} bytes of report from {bound} at most"
    );
    report
}

/// What was written is lines, and nothing but the way to TLS is in clear where TLS is wanted.
pub fn check_written(options: &Options, heard: &[Vec<u8>]) {
    let secured = options.security != Security::None;
    let is_record = |write: &&Vec<u8>| {
        write
            .first()
            .is_some_and(|byte| RECORD_TYPES.contains(byte))
    };
    let clear = match heard.iter().position(|write| is_record(&write)) {
        Some(first) if secured => first,
        _ => heard.len(),
    };
    let (lines, records) = heard.split_at(clear);
    for line in lines {
        let shown = String::from_utf8_lossy(line);
        let text = line
            .strip_suffix(b"\r\n")
            .unwrap_or_else(|| panic!("no line: {shown}"));
        assert!(
            !text.iter().any(|byte| b"\r\n\0".contains(byte)),
            "several lines: {shown}"
        );
        let early = BEFORE_TLS.iter().any(|start| line.starts_with(start));
        assert!(!secured || early, "in clear: {shown}");
    }
    assert!(
        records.iter().all(|write| is_record(&write)),
        "clear text behind TLS"
    );
}
