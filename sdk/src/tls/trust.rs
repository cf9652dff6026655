//! Whether a server's certificate is the right one: its chain, its name, its dates, its strength.

use std::fmt;

use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptions, RevocationOptionsBuilder, VerifiedPath, anchor_from_trusted_cert,
};
use x509_parser::certificate::Validity;
use x509_parser::prelude::FromDer;

use super::pem::{self, PemError};
use super::reasons::{Case, seconds};
use super::rejection::Rejection;
use super::{names, provider, strength};
use crate::certificate::name_of;
use crate::fields::Fields;

/// Whom a client trusts, and for which name.
///
/// A chain has to lead to one of the trust anchors, with signatures, dates, names and constraints as
/// RFC 5280 section 6.1 asks for, and for servers. Beyond that anchors have to be valid too, keys have
/// to be strong, and a certificate that is itself among the anchors is trusted as it is.
#[derive(Debug)]
pub struct Trust {
    anchors: Vec<CertificateDer<'static>>,
    /// A key in their place, whoever it belongs to.
    key: Option<Vec<u8>>,
    name: PeerName,
    revoked: Vec<CertRevocationList<'static>>,
}

/// Where a chain may end.
pub(super) enum Anchor {
    Certificate(CertificateDer<'static>),
    /// A `SubjectPublicKeyInfo`: whoever it belongs to.
    Key(Vec<u8>),
}

/// The name that a certificate has to be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerName {
    text: String,
    name: ServerName<'static>,
}

/// A text that no certificate can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no certificate can be for it: it is neither a host name nor an address")
    }
}

impl std::error::Error for InvalidName {}

impl PeerName {
    /// A host name in ASCII, with or without a dot at its end, or an address.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let bare = text.strip_suffix('.').unwrap_or(text);
        let name = ServerName::try_from(bare).map_err(|_| InvalidName)?;
        Ok(Self {
            text: bare.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The host name, if it is one.
    #[must_use]
    pub fn host_name(&self) -> Option<&str> {
        matches!(self.name, ServerName::DnsName(_)).then_some(&self.text)
    }
}

impl Trust {
    /// Trust in the certificates of a PEM text. Those that cannot be read are left out, as long as
    /// there are others.
    pub fn new(anchors: &str, name: PeerName) -> Result<Self, PemError> {
        let mut anchors = pem::certificates(anchors)?;
        anchors.retain(|anchor| Fields::parse(anchor).is_some());
        if anchors.is_empty() {
            return Err(PemError::Malformed);
        }
        Ok(Self {
            anchors,
            key: None,
            name,
            revoked: Vec::new(),
        })
    }

    /// Trust in this one.
    pub(super) fn of_anchor(anchor: &Anchor, name: PeerName) -> Self {
        let (anchors, key) = match anchor {
            Anchor::Certificate(certificate) => (vec![certificate.clone()], None),
            Anchor::Key(key) => (Vec::new(), Some(key.clone())),
        };
        Self {
            anchors,
            key,
            name,
            revoked: Vec::new(),
        }
    }

    /// With revocation lists, in PEM. Each certificate of a chain then needs one of its issuer.
    pub fn with_revocation_lists(mut self, lists: &str) -> Result<Self, PemError> {
        for list in pem::revocation_lists(lists)? {
            let list = OwnedCertRevocationList::from_der(&list).map_err(|_| PemError::Malformed)?;
            self.revoked.push(list.into());
        }
        Ok(self)
    }

    /// Verifies what a server sent, its own certificate first. What comes back is the chain, the trust
    /// anchor's certificate last.
    pub fn verify(
        &self,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Vec<CertificateDer<'static>>, Rejection> {
        let (leaf, intermediates) = sent.split_first().ok_or(Rejection::Missing)?;
        let case = Case::new(sent, &self.anchors, seconds(now));
        let end_entity = EndEntityCert::try_from(leaf).map_err(|error| case.reason(&error))?;
        let chain = if self.anchors.contains(leaf) {
            case.valid_by_itself()?;
            vec![leaf.clone().into_owned()]
        } else {
            let (usable, mut anchors) = case.usable_anchors();
            if let Some(key) = &self.key {
                strong("the key of the TLSA record", key)?;
                anchors.extend(case.anchors_of_key(key));
            }
            let path = self
                .path(&end_entity, &anchors, intermediates, now)
                .map_err(|error| case.reason(&error))?;
            certificates(&path, leaf, &usable)
        };
        for certificate in chain.iter().filter_map(|der| Fields::parse(der)) {
            strong(&name_of(certificate.subject), certificate.key)?;
        }
        self.named(&end_entity, leaf)?;
        Ok(chain)
    }

    fn path<'p>(
        &self,
        end_entity: &'p EndEntityCert<'p>,
        anchors: &'p [TrustAnchor<'_>],
        intermediates: &'p [CertificateDer<'p>],
        now: UnixTime,
    ) -> Result<VerifiedPath<'p>, webpki::Error> {
        let lists: Vec<_> = self.revoked.iter().collect();
        end_entity.verify_for_usage(
            provider().signature_verification_algorithms.all,
            anchors,
            intermediates,
            now,
            KeyUsage::server_auth(),
            revocation(&lists),
            None,
        )
    }

    fn named(
        &self,
        end_entity: &EndEntityCert<'_>,
        leaf: &CertificateDer<'_>,
    ) -> Result<(), Rejection> {
        let valid = end_entity.verify_is_valid_for_subject_name(&self.name.name);
        valid.map_err(|_| Rejection::WrongName {
            names: Fields::parse(leaf)
                .as_ref()
                .map(names::of)
                .unwrap_or_default(),
            wanted: self.name.text.clone(),
        })
    }
}

fn revocation<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(lists).ok()?;
    Some(
        options
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build(),
    )
}

/// The certificates of a path, as they came and as they are trusted.
fn certificates(
    path: &VerifiedPath<'_>,
    leaf: &CertificateDer<'_>,
    usable: &[&CertificateDer<'static>],
) -> Vec<CertificateDer<'static>> {
    let anchor = usable.iter().copied().find(|anchor| {
        anchor_from_trusted_cert(anchor).is_ok_and(|anchor| anchor == *path.anchor())
    });
    let intermediates = path.intermediate_certificates();
    std::iter::once(leaf.clone().into_owned())
        .chain(intermediates.map(|certificate| certificate.der().into_owned()))
        .chain(anchor.cloned())
        .collect()
}

fn strong(subject: &str, key: &[u8]) -> Result<(), Rejection> {
    match strength::weak_key(key) {
        Some(key) => Err(Rejection::WeakKey {
            subject: subject.to_owned(),
            key,
        }),
        None => Ok(()),
    }
}

/// From when to when a certificate is valid, in seconds since 1970.
pub(super) fn validity(certificate: &Fields<'_>) -> Option<(i64, i64)> {
    let (_, validity) = Validity::from_der(certificate.validity).ok()?;
    Some((
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    ))
}
