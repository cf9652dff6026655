//! When a certificate ends, from the words that the development kit's `certificate` module has for it.
//!
//! A report has no place for it but its findings. A finding that begins with a state and `Certificate`
//! is the plugin's own, and so is the end of it, where the date stands; the name of the certificate,
//! which the server chooses, stands between them and cannot be mistaken for either.

use std::time::{SystemTime, UNIX_EPOCH};

const BEGINNINGS: [&str; 3] = [
    "OK - Certificate '",
    "WARNING - Certificate '",
    "CRITICAL - Certificate '",
];

/// What stands before and behind the date.
const ENDINGS: [(&str, &str); 4] = [
    ("' will expire on ", "."),
    ("' expired on ", "."),
    (" (", ")."),
    (" (", ")"),
];

/// The length of `Sun Dec 13 03:03:26 2026`, and of what follows it.
const DATE: usize = 24;
const ZONE: &str = " +0000";

/// The end of the certificate that a finding is about, in seconds since 1970.
#[must_use]
pub fn of_finding(finding: &str) -> Option<u64> {
    if !BEGINNINGS.iter().any(|begin| finding.starts_with(begin)) {
        return None;
    }
    ENDINGS.iter().find_map(|(before, behind)| {
        let text = finding.strip_suffix(behind)?.strip_suffix(ZONE)?;
        let at = text.len().checked_sub(DATE)?;
        let (words, date) = text.split_at_checked(at)?;
        words.ends_with(before).then(|| parse(date)).flatten()
    })
}

/// `asctime`'s form, which HTTP knows too (RFC 9110 section 5.6.7).
fn parse(date: &str) -> Option<u64> {
    let time: SystemTime = httpdate::parse_http_date(date).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_a_date() {
        for (text, expected) in [
            (
                "OK - Certificate 'mx' will expire on Sun Dec 13 03:03:26 2026 +0000.",
                Some(1_797_131_006),
            ),
            (
                "WARNING - Certificate 'mx' expires in 20 day(s) (Sun Dec 13 03:03:26 2026 +0000).",
                Some(1_797_131_006),
            ),
            (
                "CRITICAL - Certificate 'mx' expires in 3 hours (Sun Dec 13 03:03:26 2026 +0000)",
                Some(1_797_131_006),
            ),
            (
                "CRITICAL - Certificate 'mx' expired on Thu Jan  1 00:00:10 1970 +0000.",
                Some(10),
            ),
            (
                "CRITICAL - Certificate 'mx' just expired (Thu Jan  1 00:00:10 1970 +0000).",
                Some(10),
            ),
            (
                "CRITICAL - Certificate 'mx' is not valid before Sun Dec 13 03:03:26 2026 +0000.",
                None,
            ),
            (
                "554 Certificate 'mx' will expire on Sun Dec 13 03:03:26 2026 +0000.",
                None,
            ),
            ("OK - Certificate 'mx' will expire on Sun Dec 13.", None),
            ("OK - Certificate '\u{fc}", None),
        ] {
            assert_eq!(of_finding(text), expected, "{text}");
        }
    }

    #[test]
    fn the_name_of_a_certificate_says_nothing() {
        let name = "x' will expire on Fri Dec 31 23:59:59 2099 +0000.";
        let text = format!(
            "WARNING - Certificate '{name}' expires in 20 day(s) (Sun Dec 13 03:03:26 2026 +0000)."
        );
        assert_eq!(of_finding(&text), Some(1_797_131_006));
    }
}
