//! What a failed verification of a chain means: the verifier knows what is wrong, the certificates
//! tell with which of them.

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, anchor_from_trusted_cert};

use super::rejection::Rejection;
use super::strength;
use super::trust::validity;
use crate::certificate::name_of;
use crate::fields::{Fields, contents};

/// Seconds since 1970.
pub(super) fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// What a server sent, and whom we trust.
pub(super) struct Case<'a> {
    /// The server's own certificate first.
    sent: Vec<Fields<'a>>,
    /// Which of them is the first that the verifier cannot read, counted from 1.
    unreadable: Option<usize>,
    anchors: &'a [CertificateDer<'static>],
    /// Seconds since 1970.
    now: i64,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        sent: &'a [CertificateDer<'_>],
        anchors: &'a [CertificateDer<'static>],
        now: i64,
    ) -> Self {
        let unreadable = sent
            .iter()
            .position(|sent| EndEntityCert::try_from(sent).is_err());
        Self {
            sent: sent.iter().filter_map(|sent| Fields::parse(sent)).collect(),
            unreadable: unreadable.map(|index| index + 1),
            anchors,
            now,
        }
    }

    /// The anchors that something of the chain may have been issued by, now; the verifier does not
    /// look at their dates.
    pub(super) fn usable_anchors(
        &self,
    ) -> (Vec<&'a CertificateDer<'static>>, Vec<TrustAnchor<'a>>) {
        let named = self.anchors.iter().filter(|anchor| {
            let fields = Fields::parse(anchor);
            fields
                .is_some_and(|fields| self.is_issuer(fields.subject) && self.dated(&fields).is_ok())
        });
        named
            .filter_map(|anchor| Some((anchor, anchor_from_trusted_cert(anchor).ok()?)))
            .unzip()
    }

    /// A key by itself, under each name that something of the chain was issued in: a signature tells
    /// whether it was by that key.
    pub(super) fn anchors_of_key(&self, key: &'a [u8]) -> Vec<TrustAnchor<'a>> {
        let anchor = |sent: &Fields<'a>| {
            Some(TrustAnchor {
                subject: contents(sent.issuer)?.into(),
                subject_public_key_info: contents(key)?.into(),
                name_constraints: None,
            })
        };
        self.sent.iter().filter_map(anchor).collect()
    }

    fn is_issuer(&self, subject: &[u8]) -> bool {
        self.sent.iter().any(|sent| sent.issuer == subject)
    }

    /// A certificate that is trusted by itself needs neither signature nor issuer.
    pub(super) fn valid_by_itself(&self) -> Result<(), Rejection> {
        let leaf = self.sent.first().ok_or(Rejection::Missing)?;
        // RFC 5280 section 4.1.2.2.
        if leaf.serial.first().is_some_and(|byte| *byte >= 0x80) {
            return Err(Rejection::Malformed {
                subject: name_of(leaf.subject),
            });
        }
        self.dated(leaf)
    }

    /// Whether a certificate is valid now.
    fn dated(&self, certificate: &Fields<'_>) -> Result<(), Rejection> {
        let subject = || name_of(certificate.subject);
        let Some((begin, end)) = validity(certificate) else {
            return Err(Rejection::Malformed { subject: subject() });
        };
        let now = self.now;
        if now < begin {
            let subject = subject();
            return Err(Rejection::NotYetValid {
                subject,
                begin,
                now,
            });
        }
        if now > end {
            let subject = subject();
            return Err(Rejection::Expired { subject, end, now });
        }
        Ok(())
    }

    /// What a verifier's error means here.
    pub(super) fn reason(&self, error: &Error) -> Rejection {
        let Some(leaf) = self.sent.first() else {
            return Rejection::Malformed {
                subject: "Unknown CN".to_owned(),
            };
        };
        let subject = name_of(leaf.subject);
        if leaf.issuer == leaf.subject && self.anchor(leaf.issuer).is_none() {
            return Rejection::SelfSigned { subject };
        }
        match error {
            Error::UnknownIssuer => self.unknown_issuer(),
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } => self.ill_dated(subject),
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => self.signature(subject),
            Error::CrlExpired { time, next_update } => Rejection::RevocationListExpired {
                end: seconds(*next_update),
                now: seconds(*time),
            },
            other => named(other, subject).unwrap_or_else(|subject| self.malformed(subject)),
        }
    }

    fn malformed(&self, subject: String) -> Rejection {
        match self.unreadable {
            Some(number @ 2..) => Rejection::UnreadableIssuer { number },
            _ => Rejection::Malformed { subject },
        }
    }

    /// Follows the issuers' names to the one that is missing.
    fn unknown_issuer(&self) -> Rejection {
        let mut sent = self.sent.iter();
        let Some(mut last) = sent.next() else {
            return Rejection::Missing;
        };
        // Each step takes another certificate: a server cannot lead in circles.
        let mut rest: Vec<_> = sent.collect();
        while let Some(at) = rest.iter().position(|next| next.subject == last.issuer) {
            last = rest.swap_remove(at);
        }
        let subject = name_of(last.subject);
        match self.anchor(last.issuer).map(|anchor| self.dated(&anchor)) {
            Some(Err(ill_dated)) => ill_dated,
            _ if last.issuer == last.subject => Rejection::UntrustedRoot { subject },
            _ => Rejection::UnknownIssuer {
                subject,
                issuer: name_of(last.issuer),
            },
        }
    }

    /// The first anchor with this name.
    fn anchor(&self, subject: &[u8]) -> Option<Fields<'a>> {
        let mut anchors = self
            .anchors
            .iter()
            .filter_map(|anchor| Fields::parse(anchor));
        anchors.find(|anchor| anchor.subject == subject)
    }

    fn ill_dated(&self, subject: String) -> Rejection {
        let found = self.sent.iter().find_map(|sent| self.dated(sent).err());
        found.unwrap_or(Rejection::Malformed { subject })
    }

    fn signature(&self, subject: String) -> Rejection {
        let mut sent = self.sent.iter();
        let weak =
            sent.find_map(|sent| Some((name_of(sent.subject), strength::weak_signature(sent)?)));
        match weak {
            Some((subject, algorithm)) => Rejection::WeakSignature { subject, algorithm },
            None => Rejection::UnsupportedSignature { subject },
        }
    }
}

/// An error that tells all there is to tell.
fn named(error: &Error, subject: String) -> Result<Rejection, String> {
    Ok(match error {
        Error::InvalidSignatureForPublicKey | Error::SignatureAlgorithmMismatch => {
            Rejection::WrongSignature { subject }
        }
        Error::CaUsedAsEndEntity => Rejection::AuthorityAsServer { subject },
        Error::EndEntityUsedAsCa => Rejection::ServerAsAuthority { subject },
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            Rejection::OtherPurpose { subject }
        }
        Error::PathLenConstraintViolated | Error::MaximumPathDepthExceeded => {
            Rejection::PathTooLong
        }
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => Rejection::TooMuchWork,
        Error::NameConstraintViolation => Rejection::NameNotPermitted { subject },
        Error::UnsupportedCriticalExtension => Rejection::CriticalExtension { subject },
        Error::CertRevoked => Rejection::Revoked { subject },
        Error::UnknownRevocationStatus => Rejection::RevocationUnknown { subject },
        Error::InvalidCrlSignatureForPublicKey
        | Error::IssuerNotCrlSigner
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            Rejection::RevocationListUnusable
        }
        Error::CertDistrusted => Rejection::Distrusted { subject },
        _ => return Err(subject),
    })
}
