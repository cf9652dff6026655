//! What a server's certificate says: its name, and how long it is valid.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::Validity;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::fields::Fields;
use crate::state::{Finding, State};
use crate::threshold;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many days a certificate has to be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// This many days or fewer: WARNING.
    pub warning: u32,
    /// This many days or fewer: CRITICAL.
    pub critical: u32,
}

impl Lifetime {
    /// Days as `WARNING` or `WARNING,CRITICAL`, whole numbers; otherwise the part that is none.
    pub fn parse(text: &str) -> Result<Self, &str> {
        let (warning, critical) = match text.split_once(',') {
            Some((warning, critical)) => (warning, Some(critical)),
            None => (text, None),
        };
        let days = |part| threshold::whole_number(part).ok_or(part);
        Ok(Self {
            warning: days(warning)?,
            critical: critical.map_or(Ok(0), days)?,
        })
    }
}

/// What of a certificate cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// All of it.
    Certificate,
    /// From when to when it is valid.
    Validity,
    /// Whose it is.
    Subject,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "it is not an X.509 certificate",
            Self::Validity => "its dates are malformed",
            Self::Subject => "its subject is malformed",
        })
    }
}

/// The time of day as [`judge`] takes it.
#[must_use]
pub fn now() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The whole days that a certificate (DER) is valid at `now`, in seconds since 1970; below zero when it
/// is not valid any more, none when its dates cannot be read.
#[must_use]
pub fn days_left(der: &[u8], now: i64) -> Option<i64> {
    let fields = Fields::parse(der)?;
    let (_, validity) = Validity::from_der(fields.validity).ok()?;
    let left = validity.not_after.timestamp().saturating_sub(now);
    Some(left.div_euclid(DAY))
}

/// Judges the remaining lifetime of a certificate (DER) at `now`, in seconds since 1970.
pub fn judge(der: &[u8], now: i64, limits: Lifetime) -> Result<Finding, Unreadable> {
    judge_as(None, der, now, limits)
}

/// The same, with another name than the certificate's own in its words.
pub fn judge_as(
    name: Option<&str>,
    der: &[u8],
    now: i64,
    limits: Lifetime,
) -> Result<Finding, Unreadable> {
    let fields = Fields::parse(der).ok_or(Unreadable::Certificate)?;
    let named =
        |subject: &X509Name<'_>| name.map_or_else(|| common_name(subject), ToOwned::to_owned);
    judged(&fields, named, now, limits)
}

/// As [`judge`], for the certificate of an authority, which may have another name than a common one.
#[cfg(feature = "tls")]
pub fn judge_authority(der: &[u8], now: i64, limits: Lifetime) -> Result<Finding, Unreadable> {
    let fields = Fields::parse(der).ok_or(Unreadable::Certificate)?;
    judged(&fields, any_name, now, limits)
}

fn judged(
    fields: &Fields<'_>,
    name: impl Fn(&X509Name<'_>) -> String,
    now: i64,
    limits: Lifetime,
) -> Result<Finding, Unreadable> {
    let (_, validity) = Validity::from_der(fields.validity).map_err(|_| Unreadable::Validity)?;
    let (_, subject) = X509Name::from_der(fields.subject).map_err(|_| Unreadable::Subject)?;
    let name = name(&subject);
    if validity.not_before.timestamp() > now {
        let text = format!(
            "Certificate '{name}' is not valid before {}.",
            date(validity.not_before)
        );
        return Ok(finding(State::Critical, &text));
    }
    let end = validity.not_after;
    let left = end.timestamp().saturating_sub(now);
    let (state, text) = remaining(left, &date(end), limits);
    Ok(finding(state, &format!("Certificate '{name}' {text}")))
}

fn finding(state: State, text: &str) -> Finding {
    Finding {
        state,
        text: format!("{state} - {text}"),
    }
}

/// What `left` seconds mean. A whole day counts as left until it is over; the limits themselves
/// alert, and the last day is always critical.
fn remaining(left: i64, date: &str, limits: Lifetime) -> (State, String) {
    let days = left / DAY;
    let (warning, critical) = (i64::from(limits.warning), i64::from(limits.critical));
    if left < 0 {
        return (State::Critical, format!("expired on {date}."));
    }
    if left == 0 {
        return (State::Critical, format!("just expired ({date})."));
    }
    if days == 0 {
        let (count, unit) = if left >= HOUR {
            (left / HOUR, "hours")
        } else {
            (left / MINUTE, "minutes")
        };
        return (
            State::Critical,
            format!("expires in {count} {unit} ({date})"),
        );
    }
    if days > warning.max(critical) {
        return (State::Ok, format!("will expire on {date}."));
    }
    let state = if days > critical {
        State::Warning
    } else {
        State::Critical
    };
    (state, format!("expires in {days} day(s) ({date})."))
}

/// The first common name of the subject, whatever string type it is written in.
fn common_name(subject: &X509Name<'_>) -> String {
    let name = subject.iter_common_name().next();
    name.map_or_else(|| "Unknown CN".to_owned(), string)
}

/// The first common name, or else what there is in its place.
#[cfg(feature = "tls")]
fn any_name(subject: &X509Name<'_>) -> String {
    let mut names = subject
        .iter_common_name()
        .chain(subject.iter_organizational_unit())
        .chain(subject.iter_organization());
    names.next().map_or_else(|| "Unknown CN".to_owned(), string)
}

/// What a `Name` in DER is called in messages.
#[cfg(feature = "tls")]
pub(crate) fn name_of(subject: &[u8]) -> String {
    let name = X509Name::from_der(subject).map(|(_, subject)| any_name(&subject));
    name.unwrap_or_else(|_| "Unknown CN".to_owned())
}

/// A `DirectoryString` (RFC 5280 section 4.1.2.4) as text.
pub(crate) fn string(attribute: &AttributeTypeAndValue<'_>) -> String {
    let value = attribute.attr_value();
    match value.tag() {
        Tag::BmpString => {
            let units: Vec<u16> = value
                .data
                .as_chunks()
                .0
                .iter()
                .map(|pair| u16::from_be_bytes(*pair))
                .collect();
            String::from_utf16_lossy(&units)
        }
        Tag::UniversalString => value
            .data
            .as_chunks()
            .0
            .iter()
            .map(|quad| char::from_u32(u32::from_be_bytes(*quad)).unwrap_or('\u{fffd}'))
            .collect(),
        Tag::T61String => value.data.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(value.data).into_owned(),
    }
}

/// `Wed Aug 18 19:00:00 2027 +0000`, always in UTC, whatever zone the certificate names.
pub(crate) fn date(time: ASN1Time) -> String {
    let time = ASN1Time::from_timestamp(time.timestamp()).unwrap_or(time);
    let time = time.to_datetime();
    let (weekday, month) = (time.weekday().to_string(), time.month().to_string());
    format!(
        "{weekday:.3} {month:.3} {:2} {:02}:{:02}:{:02} {:04} +0000",
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(left: i64, warning: u32, critical: u32) -> (State, String) {
        remaining(left, "DATE", Lifetime { warning, critical })
    }

    #[test]
    fn limits_themselves_alert() {
        assert_eq!(
            at(20 * DAY + 5, 19, 0),
            (State::Ok, "will expire on DATE.".into())
        );
        assert_eq!(at(20 * DAY + 5, 20, 0).0, State::Warning);
        assert_eq!(
            at(10 * DAY + 5, 30, 10),
            (State::Critical, "expires in 10 day(s) (DATE).".into())
        );
        assert_eq!(at(11 * DAY, 30, 10).0, State::Warning);
    }

    #[test]
    fn a_critical_limit_above_the_warning_limit_counts() {
        assert_eq!(at(20 * DAY, 10, 30).0, State::Critical);
    }

    #[test]
    fn the_last_day_is_critical() {
        assert_eq!(
            at(DAY - 1, 0, 0),
            (State::Critical, "expires in 23 hours (DATE)".into())
        );
        assert_eq!(at(HOUR, 0, 0).1, "expires in 1 hours (DATE)");
        assert_eq!(at(HOUR - 1, 0, 0).1, "expires in 59 minutes (DATE)");
        assert_eq!(at(1, 0, 0).1, "expires in 0 minutes (DATE)");
        assert_eq!(
            at(0, 0, 0),
            (State::Critical, "just expired (DATE).".into())
        );
        assert_eq!(at(-1, 0, 0), (State::Critical, "expired on DATE.".into()));
        assert_eq!(at(DAY, 0, 0).0, State::Ok);
    }

    #[test]
    fn dates_are_written_as_the_c_locale_does() {
        let time = ASN1Time::from_timestamp(1_818_529_445).unwrap();
        assert_eq!(date(time), "Tue Aug 17 19:04:05 2027 +0000");
        assert_eq!(
            date(ASN1Time::from_timestamp(0).unwrap()),
            "Thu Jan  1 00:00:00 1970 +0000"
        );
    }

    /// 1950 to 1969, and nothing else that could be left out.
    const OLD: &[u8] = b"\x30\x2d\x30\x2b\x02\x01\x01\x30\x00\x30\x00\x30\x1e\x17\x0d500101000000Z\
                         \x17\x0d690101000000Z\x30\x00\x30\x00";

    #[test]
    fn no_clock_is_too_far_off() {
        let limits = Lifetime {
            warning: 0,
            critical: 0,
        };
        for (now, words) in [
            (i64::MAX, "expired on Wed Jan  1 00:00:00 1969 +0000."),
            (
                i64::MIN,
                "is not valid before Sun Jan  1 00:00:00 1950 +0000.",
            ),
        ] {
            let text = format!("CRITICAL - Certificate 'Unknown CN' {words}");
            assert_eq!(
                judge(OLD, now, limits).map(|finding| finding.text),
                Ok(text)
            );
        }
    }

    #[test]
    fn days_are_whole_ones() {
        let end = -31_536_000;
        for (now, days) in [
            (end - DAY, 1),
            (end - DAY + 1, 0),
            (end, 0),
            (end + 1, -1),
            (end - 30 * DAY - 5, 30),
        ] {
            assert_eq!(days_left(OLD, now), Some(days));
        }
        assert_eq!(days_left(b"", 0), None);
    }

    #[test]
    fn dates_of_other_zones_are_written_in_utc() {
        let (_, time) = ASN1Time::from_der(b"\x17\x11270817190405-0130").unwrap();
        assert_eq!(date(time), "Tue Aug 17 20:34:05 2027 +0000");
    }

    #[test]
    fn what_is_malformed_is_named_and_the_key_is_found_all_the_same() {
        let limits = Lifetime {
            warning: 0,
            critical: 0,
        };
        let changed = |from: &[u8], to: &[u8]| {
            let at = OLD.windows(from.len()).position(|window| window == from);
            let mut der = OLD.to_vec();
            der[at.unwrap()..][..to.len()].copy_from_slice(to);
            der
        };
        for (from, to, what) in [
            (&b"690101"[..], &b"691301"[..], Unreadable::Validity),
            (b"500101", b"\xff\xff0101", Unreadable::Validity),
            (b"Z\x30\x00", b"Z\x02\x00", Unreadable::Subject),
        ] {
            let der = changed(from, to);
            assert_eq!(judge(&der, 0, limits), Err(what));
            assert_eq!(
                Fields::parse(&der).map(|fields| fields.key),
                Some(&b"\x30\x00"[..])
            );
        }
    }

    #[test]
    fn what_is_no_certificate_is_said_to_be_none() {
        for der in [&b""[..], b"\x30\x03\x02\x01\x01", &[0xff; 300]] {
            let limits = Lifetime {
                warning: 0,
                critical: 0,
            };
            assert!(judge(der, 0, limits).is_err());
        }
    }
}
