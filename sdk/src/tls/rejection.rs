//! Why a server's certificate is not accepted, in words that tell what to do.

use std::fmt;

use rustls::CertificateError;
use x509_parser::time::ASN1Time;

/// How many names of a certificate are listed.
const NAMES_LISTED: usize = 5;

/// Why a server's certificate is not accepted. Certificates are called by their subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described by its Display")]
pub enum Rejection {
    Missing,
    Malformed {
        subject: String,
    },
    /// Counted from 1, the server's own.
    UnreadableIssuer {
        number: usize,
    },
    SelfSigned {
        subject: String,
    },
    UnknownIssuer {
        subject: String,
        issuer: String,
    },
    UntrustedRoot {
        subject: String,
    },
    /// Times are seconds since 1970.
    Expired {
        subject: String,
        end: i64,
        now: i64,
    },
    NotYetValid {
        subject: String,
        begin: i64,
        now: i64,
    },
    WrongName {
        names: Vec<String>,
        wanted: String,
    },
    WeakKey {
        subject: String,
        key: String,
    },
    WeakSignature {
        subject: String,
        algorithm: &'static str,
    },
    UnsupportedSignature {
        subject: String,
    },
    WrongSignature {
        subject: String,
    },
    AuthorityAsServer {
        subject: String,
    },
    ServerAsAuthority {
        subject: String,
    },
    OtherPurpose {
        subject: String,
    },
    PathTooLong,
    TooMuchWork,
    NameNotPermitted {
        subject: String,
    },
    CriticalExtension {
        subject: String,
    },
    Revoked {
        subject: String,
    },
    RevocationUnknown {
        subject: String,
    },
    RevocationListExpired {
        end: i64,
        now: i64,
    },
    RevocationListUnusable,
    Distrusted {
        subject: String,
    },
    Fingerprint {
        certificate: String,
        key: String,
    },
    /// The key's SHA-256, in hexadecimal digits.
    NoAssociation {
        count: usize,
        key: String,
    },
}

impl Rejection {
    /// The same with this in the place of what the server's certificates say, for messages that nobody
    /// outside is to write into.
    #[must_use]
    pub fn with_names(mut self, hidden: &str) -> Self {
        for name in self.names_mut() {
            hidden.clone_into(name);
        }
        self
    }

    /// Whether the chain is not known to lead to the anchors at all.
    pub(super) fn leads_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::SelfSigned { .. }
                | Self::UnknownIssuer { .. }
                | Self::UntrustedRoot { .. }
                | Self::UnsupportedSignature { .. }
                | Self::WrongSignature { .. }
        )
    }

    fn names_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::UnknownIssuer { subject, issuer } => vec![subject, issuer],
            Self::WrongName { names, .. } => {
                names.truncate(1);
                names.iter_mut().collect()
            }
            Self::Malformed { subject }
            | Self::SelfSigned { subject }
            | Self::UntrustedRoot { subject }
            | Self::Expired { subject, .. }
            | Self::NotYetValid { subject, .. }
            | Self::WeakKey { subject, .. }
            | Self::WeakSignature { subject, .. }
            | Self::UnsupportedSignature { subject }
            | Self::WrongSignature { subject }
            | Self::AuthorityAsServer { subject }
            | Self::ServerAsAuthority { subject }
            | Self::OtherPurpose { subject }
            | Self::NameNotPermitted { subject }
            | Self::CriticalExtension { subject }
            | Self::Revoked { subject }
            | Self::RevocationUnknown { subject }
            | Self::Distrusted { subject } => vec![subject],
            Self::Missing
            | Self::UnreadableIssuer { .. }
            | Self::PathTooLong
            | Self::TooMuchWork
            | Self::RevocationListExpired { .. }
            | Self::RevocationListUnusable
            | Self::Fingerprint { .. }
            | Self::NoAssociation { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Rejection {
    #[allow(clippy::too_many_lines, reason = "one sentence for each reason")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the server sent no certificate"),
            Self::Malformed { subject } => write!(f, "'{subject}' is malformed"),
            Self::UnreadableIssuer { number } => write!(
                f,
                "issuer unknown: certificate {number} of those that the server sent is malformed"
            ),
            Self::SelfSigned { subject } => write!(
                f,
                "'{subject}' is self-signed and no trust anchor; if it is the right one, make it one, or \
                 pin its fingerprint"
            ),
            Self::UnknownIssuer { subject, issuer } => write!(
                f,
                "issuer unknown: '{issuer}', which signed '{subject}', is neither a trust anchor nor sent \
                 by the server"
            ),
            Self::UntrustedRoot { subject } => {
                write!(f, "issuer unknown: root '{subject}' is no trust anchor")
            }
            Self::Expired { subject, end, now } => {
                let (ago, date) = (span(now.saturating_sub(*end)), date(*end));
                write!(f, "'{subject}' expired {ago} ago ({date})")
            }
            Self::NotYetValid {
                subject,
                begin,
                now,
            } => {
                let (left, date) = (span(begin.saturating_sub(*now)), date(*begin));
                write!(f, "'{subject}' is not valid before {date} (in {left})")
            }
            Self::WrongName { names, wanted } if names.is_empty() => write!(
                f,
                "name mismatch: certificate is for no host at all (its common name does not count), \
                 not for {wanted}"
            ),
            Self::WrongName { names, wanted } => write!(
                f,
                "name mismatch: certificate is for {}, not for {wanted}",
                listed(names)
            ),
            Self::WeakKey { subject, key } => write!(f, "'{subject}' has a weak key: {key}"),
            Self::WeakSignature { subject, algorithm } => write!(
                f,
                "'{subject}' is signed with {algorithm}, which can be forged"
            ),
            Self::UnsupportedSignature { subject } => write!(
                f,
                "'{subject}' is signed with an algorithm, or by a key, that is not supported"
            ),
            Self::WrongSignature { subject } => write!(
                f,
                "wrong signature: '{subject}', or what its chain leads over, was signed with another \
                 key than that of the issuer it names"
            ),
            Self::AuthorityAsServer { subject } => {
                write!(
                    f,
                    "'{subject}' is an authority's certificate, not a server's"
                )
            }
            Self::ServerAsAuthority { subject } => write!(
                f,
                "'{subject}' was issued by a certificate that is no authority's"
            ),
            Self::OtherPurpose { subject } => write!(
                f,
                "'{subject}', or what its chain leads over, is not for servers (extended key usage)"
            ),
            Self::PathTooLong => f.write_str("its chain is longer than its authorities allow"),
            Self::TooMuchWork => f.write_str("its chain takes too much work to verify"),
            Self::NameNotPermitted { subject } => write!(
                f,
                "'{subject}' has a name that its authority may not give (name constraints)"
            ),
            Self::CriticalExtension { subject } => write!(
                f,
                "'{subject}', or what its chain leads over, has a critical extension that is not known"
            ),
            Self::Revoked { subject } => {
                write!(f, "'{subject}', or what its chain leads over, was revoked")
            }
            Self::RevocationUnknown { subject } => write!(
                f,
                "whether '{subject}', or what its chain leads over, was revoked is not known: the list \
                 of an issuer is missing"
            ),
            Self::RevocationListExpired { end, now } => {
                let (ago, date) = (span(now.saturating_sub(*end)), date(*end));
                write!(f, "the revocation list is out of date since {ago} ({date})")
            }
            Self::RevocationListUnusable => {
                f.write_str("the revocation list is not one that its authority may sign or made")
            }
            Self::Distrusted { subject } => {
                write!(
                    f,
                    "'{subject}' leads to an authority that is trusted no more"
                )
            }
            Self::Fingerprint { certificate, key } => write!(
                f,
                "fingerprint mismatch: certificate sha256:{certificate}, key sha256//{key}"
            ),
            Self::NoAssociation { count, key } => {
                match count {
                    1 => f.write_str("it does not match the TLSA record")?,
                    _ => write!(f, "it matches none of {count} TLSA records")?,
                }
                write!(f, " (DANE); one that it matches would be 3 1 1 {key}")
            }
        }
    }
}

impl std::error::Error for Rejection {}

impl Rejection {
    /// What the server is told, as an alert (RFC 8446 section 6.2).
    pub(super) fn alert(&self) -> CertificateError {
        use CertificateError as E;
        match self {
            Self::CriticalExtension { .. } => E::UnhandledCriticalExtension,
            Self::SelfSigned { .. }
            | Self::UnknownIssuer { .. }
            | Self::UntrustedRoot { .. }
            | Self::Distrusted { .. } => E::UnknownIssuer,
            Self::Expired { .. } => E::Expired,
            Self::NotYetValid { .. } => E::NotValidYet,
            Self::WrongName { .. } | Self::NameNotPermitted { .. } => E::NotValidForName,
            Self::WrongSignature { .. } => E::BadSignature,
            Self::AuthorityAsServer { .. } | Self::OtherPurpose { .. } => E::InvalidPurpose,
            Self::Revoked { .. } => E::Revoked,
            Self::RevocationUnknown { .. }
            | Self::RevocationListExpired { .. }
            | Self::RevocationListUnusable => E::UnknownRevocationStatus,
            // What has no alert of its own: bad_certificate.
            Self::Missing
            | Self::Malformed { .. }
            | Self::UnreadableIssuer { .. }
            | Self::WeakKey { .. }
            | Self::WeakSignature { .. }
            | Self::UnsupportedSignature { .. }
            | Self::ServerAsAuthority { .. }
            | Self::PathTooLong
            | Self::TooMuchWork
            | Self::Fingerprint { .. }
            | Self::NoAssociation { .. } => E::BadEncoding,
        }
    }
}

/// A few names, and how many more there are.
fn listed(names: &[String]) -> String {
    let few = names.iter().take(NAMES_LISTED);
    let few: Vec<_> = few.map(String::as_str).collect();
    let more = match names.len().saturating_sub(NAMES_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", few.join(", "))
}

/// Seconds, in the largest unit that there is at least one of.
fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        86_400.. => (seconds / 86_400, "day"),
        3600.. => (seconds / 3600, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// A day of UTC: `2027-01-01`.
fn date(seconds: i64) -> String {
    let Ok(time) = ASN1Time::from_timestamp(seconds) else {
        return format!("{seconds} s");
    };
    let time = time.to_datetime();
    let month = u8::from(time.month());
    format!("{:04}-{month:02}-{:02}", time.year(), time.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn times_are_told_in_days_and_dates() {
        let subject = || "mx".to_owned();
        let now = 1_795_000_000;
        let expired = |end| {
            let subject = subject();
            Rejection::Expired { subject, end, now }.to_string()
        };
        assert_eq!(
            expired(now - 3 * DAY),
            "'mx' expired 3 days ago (2026-11-15)"
        );
        assert_eq!(expired(now - DAY), "'mx' expired 1 day ago (2026-11-17)");
        assert!(expired(now - 7300).contains(" 2 hours ago "));
        assert!(expired(now - 90).contains(" 1 minute ago "));
        assert!(expired(now - 1).contains(" 1 second ago "));
        assert!(expired(i64::MIN).starts_with("'mx' expired "));
        let early = Rejection::NotYetValid {
            subject: subject(),
            begin: now + 35 * DAY,
            now,
        };
        let words = "'mx' is not valid before 2026-12-23 (in 35 days)";
        assert_eq!(early.to_string(), words);
    }

    #[test]
    fn a_certificate_of_many_names_is_told_by_a_few() {
        let mismatch = |count: u32| {
            let names = (0..count).map(|n| format!("mx{n}")).collect();
            let wanted = "mail".to_owned();
            Rejection::WrongName { names, wanted }.to_string()
        };
        let begin = "name mismatch: certificate is for ";
        assert_eq!(mismatch(2), format!("{begin}mx0, mx1, not for mail"));
        assert_eq!(
            mismatch(7),
            format!("{begin}mx0, mx1, mx2, mx3, mx4 and 2 more, not for mail")
        );
        assert!(mismatch(0).starts_with(&format!("{begin}no host at all")));
    }
}
