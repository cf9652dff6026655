//! DANE: a server's certificate against the TLSA records of its name (RFC 6698), as mail servers do it
//! (RFC 7672 section 3).

use std::fmt;

use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256, Sha512};

use super::rejection::Rejection;
use super::trust::{Anchor, PeerName, Trust};
use crate::fields::Fields;
use crate::resolver::Association;

/// DANE-TA: the record names an authority (RFC 7218 section 2.1).
const AUTHORITY: u8 = 2;

/// DANE-EE: the record names the server's own certificate.
const SERVER: u8 = 3;

/// Full: the record holds what others hold a hash of.
const WHOLE: u8 = 0;

/// The TLSA records that a server's certificate has to match. Whoever makes it vouches for their being
/// validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dane {
    records: Vec<Association>,
    /// For whom a certificate may be that an authority has issued: the host of the records, and the
    /// domain whose mail it takes (RFC 7672 section 3.2.2).
    names: Vec<PeerName>,
}

/// There are records, and mail servers can use none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// `1 1 1, 0 0 1`.
    listed: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listed } = self;
        write!(
            f,
            "mail servers use no record such as {listed} (RFC 7672 section 3.1.3); publish 3 1 1"
        )
    }
}

impl std::error::Error for Unusable {}

impl Dane {
    /// Of records, those that can be used.
    pub fn new(records: Vec<Association>, names: Vec<PeerName>) -> Result<Self, Unusable> {
        let listed: Vec<_> = records.iter().map(numbers).collect();
        let records: Vec<_> = records.into_iter().filter(is_usable).collect();
        if records.is_empty() {
            return Err(Unusable {
                listed: listed.join(", "),
            });
        }
        Ok(Self { records, names })
    }

    /// Verifies what a server sent, its own certificate first. What comes back is the chain that leads to
    /// an authority of the records; the server's own certificate alone where that matches, whose name and
    /// dates do not count then (RFC 7672 section 3.1.1).
    pub(super) fn verify(
        &self,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Vec<CertificateDer<'static>>, Rejection> {
        let (own, others) = sent.split_first().ok_or(Rejection::Missing)?;
        if self.is_named(SERVER, own) {
            return Ok(Vec::new());
        }
        let mut rejection = self.mismatch(own);
        for anchor in self.held(sent) {
            match self.verify_to(&anchor, sent, now) {
                Some(Err(reason)) if !reason.leads_elsewhere() => rejection = reason,
                Some(Ok(chain)) => return Ok(chain),
                Some(Err(_)) | None => {}
            }
        }
        let authorities = others.iter().filter(|other| *other != own);
        for authority in authorities.filter(|other| self.is_named(AUTHORITY, other)) {
            let anchor = Anchor::Certificate(authority.clone().into_owned());
            match self.verify_to(&anchor, sent, now) {
                Some(Err(reason)) => rejection = reason,
                Some(Ok(chain)) => return Ok(chain),
                None => {}
            }
        }
        Err(rejection)
    }

    /// Verifies what a server sent for each name that is right: the first success, or else the last
    /// failure.
    fn verify_to(
        &self,
        anchor: &Anchor,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<Result<Vec<CertificateDer<'static>>, Rejection>> {
        let mut last = None;
        for name in &self.names {
            let verified = Trust::of_anchor(anchor, name.clone()).verify(sent, now);
            if verified.is_ok() {
                return Some(verified);
            }
            last = Some(verified);
        }
        last
    }

    /// The authorities that are not sent, but whole in a record (RFC 7671 sections 5.2.2 and 5.2.3).
    fn held(&self, sent: &[CertificateDer<'_>]) -> Vec<Anchor> {
        let records = self
            .records
            .iter()
            .filter(|record| record.usage == AUTHORITY && record.matching == WHOLE)
            .filter(|record| !sent.iter().any(|sent| matches(record, sent)));
        let anchor = |record: &Association| match record.selector {
            0 => Anchor::Certificate(record.data.clone().into()),
            _ => Anchor::Key(record.data.clone()),
        };
        records.map(anchor).collect()
    }

    fn is_named(&self, usage: u8, certificate: &CertificateDer<'_>) -> bool {
        let mut records = self.records.iter().filter(|record| record.usage == usage);
        records.any(|record| matches(record, certificate))
    }

    fn mismatch(&self, own: &CertificateDer<'_>) -> Rejection {
        let Some(fields) = Fields::parse(own) else {
            return Rejection::Malformed {
                subject: "Unknown CN".to_owned(),
            };
        };
        Rejection::NoAssociation {
            count: self.records.len(),
            key: Sha256::digest(fields.key)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

/// The usages, selectors and matching types that there are, with as much data as they have.
fn is_usable(record: &Association) -> bool {
    let length = record.data.len();
    let has_data = match record.matching {
        WHOLE => length > 0,
        1 => length == 32,
        2 => length == 64,
        _ => false,
    };
    matches!(record.usage, AUTHORITY | SERVER) && record.selector <= 1 && has_data
}

/// RFC 6698 section 2.1: which part of the certificate, and how it is compared.
fn matches(record: &Association, certificate: &CertificateDer<'_>) -> bool {
    let part: &[u8] = match (record.selector, Fields::parse(certificate)) {
        (0, _) => certificate,
        (1, Some(fields)) => fields.key,
        _ => return false,
    };
    match record.matching {
        WHOLE => part == record.data,
        1 => Sha256::digest(part)[..] == record.data,
        2 => Sha512::digest(part)[..] == record.data,
        _ => false,
    }
}

/// `3 1 1`
fn numbers(record: &Association) -> String {
    let Association {
        usage,
        selector,
        matching,
        ..
    } = record;
    format!("{usage} {selector} {matching}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};

    use super::*;

    const NAME: &str = "mx.example.org";

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name_of = &mut params.distinguished_name;
        name_of.push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn issued(by: &Issuer<'_, impl rcgen::SigningKey>, name: &str) -> CertificateDer<'static> {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, by).unwrap().der().clone()
    }

    fn record(numbers: [u8; 3], certificate: &CertificateDer<'_>) -> Association {
        let [usage, selector, matching] = numbers;
        let part = match selector {
            0 => certificate.to_vec(),
            _ => Fields::parse(certificate).unwrap().key.to_vec(),
        };
        let data = match matching {
            0 => part,
            1 => Sha256::digest(&part).to_vec(),
            _ => Sha512::digest(&part).to_vec(),
        };
        Association {
            usage,
            selector,
            matching,
            data,
        }
    }

    fn verify(records: Vec<Association>, sent: &[CertificateDer<'_>]) -> Result<usize, Rejection> {
        let names = vec![PeerName::parse(NAME).unwrap()];
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_000_000));
        let dane = Dane::new(records, names).unwrap();
        dane.verify(sent, now).map(|chain| chain.len())
    }

    #[test]
    fn the_servers_own_certificate_needs_neither_name_nor_authority() {
        let root = authority("root");
        let own = issued(&root, "other.example");
        let other = issued(&root, NAME);
        for numbers in [
            [3, 1, 1],
            [3, 0, 1],
            [3, 1, 2],
            [3, 0, 2],
            [3, 0, 0],
            [3, 1, 0],
        ] {
            let sent = [own.clone()];
            assert_eq!(verify(vec![record(numbers, &own)], &sent), Ok(0));
            let records = vec![record(numbers, &other), record([2, 1, 1], &own)];
            let refused = verify(records, &sent).unwrap_err();
            assert!(
                matches!(refused, Rejection::NoAssociation { count: 2, .. }),
                "{refused}"
            );
        }
    }

    #[test]
    fn an_authority_has_to_have_signed_and_to_name_the_host() {
        let (root, stranger) = (authority("root"), authority("root"));
        let own = issued(&root, NAME);
        let (anchor, other) = (root.der().clone(), stranger.der().clone());
        for numbers in [[2, 1, 1], [2, 0, 1], [2, 0, 2], [2, 0, 0], [2, 1, 0]] {
            let records = vec![record(numbers, &anchor)];
            assert_eq!(
                verify(records.clone(), &[own.clone(), anchor.clone()]),
                Ok(2)
            );
            let elsewhere = issued(&root, "other.example");
            let wrong = verify(records, &[elsewhere, anchor.clone()]).unwrap_err();
            assert!(matches!(wrong, Rejection::WrongName { .. }), "{wrong}");
            let forged = vec![record(numbers, &other)];
            assert!(verify(forged, &[own.clone(), other.clone()]).is_err());
        }
    }

    #[test]
    fn an_authority_has_to_be_sent_unless_the_record_holds_it() {
        let (root, stranger) = (authority("root"), authority("root"));
        let own = issued(&root, NAME);
        let sent = std::slice::from_ref(&own);
        for numbers in [[2, 1, 1], [2, 0, 1], [2, 0, 2]] {
            let unsent = verify(vec![record(numbers, root.der())], sent).unwrap_err();
            assert!(matches!(unsent, Rejection::NoAssociation { .. }));
        }
        for (numbers, length) in [([2, 0, 0], 2), ([2, 1, 0], 1)] {
            let of_both = [&stranger, &root].map(|one| record(numbers, one.der()));
            assert_eq!(verify(of_both.to_vec(), sent), Ok(length));
            let forged = verify(vec![record(numbers, stranger.der())], sent).unwrap_err();
            assert!(
                matches!(forged, Rejection::NoAssociation { .. }),
                "{forged}"
            );
            let elsewhere = issued(&root, "other.example");
            let wrong = verify(vec![record(numbers, root.der())], &[elsewhere]).unwrap_err();
            assert!(matches!(wrong, Rejection::WrongName { .. }), "{wrong}");
        }
    }

    #[test]
    fn an_authority_in_between_need_not_be_sent_either() {
        let root = authority("root");
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let between = CertifiedIssuer::signed_by(params, key, &root).unwrap();
        let own = issued(&between, NAME);
        for numbers in [[2, 0, 0], [2, 1, 0]] {
            let of_root = || vec![record(numbers, root.der())];
            assert!(verify(of_root(), std::slice::from_ref(&own)).is_err());
            let sent = [own.clone(), between.der().clone()];
            assert!(verify(of_root(), &sent).is_ok());
            let of_between = vec![record(numbers, between.der())];
            assert!(verify(of_between, std::slice::from_ref(&own)).is_ok());
        }
    }

    #[test]
    fn a_server_is_not_its_own_authority() {
        let own = authority("root");
        let own = own.der();
        for numbers in [[2, 0, 0], [2, 1, 0], [2, 0, 1], [2, 1, 1]] {
            for sent in [vec![own.clone()], vec![own.clone(), own.clone()]] {
                let refused = verify(vec![record(numbers, own)], &sent).unwrap_err();
                assert!(matches!(refused, Rejection::NoAssociation { .. }));
            }
        }
    }

    #[test]
    fn what_a_record_holds_has_to_make_sense_and_to_be_strong() {
        let own = issued(&authority("root"), NAME);
        let holding = |selector, data: &[u8]| Association {
            usage: 2,
            selector,
            matching: 0,
            data: data.to_vec(),
        };
        for selector in [0, 1] {
            for data in [
                &b"x"[..],
                &[0x30, 0x80],
                &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            ] {
                let sent = std::slice::from_ref(&own);
                assert!(verify(vec![holding(selector, data)], sent).is_err());
            }
        }
        let weak = verify(vec![holding(1, &[0x30, 0])], &[own]).unwrap_err();
        assert_eq!(
            weak.to_string(),
            "'the key of the TLSA record' has a weak key: it is malformed"
        );
    }

    #[test]
    fn a_mismatch_says_what_would_match() {
        let own = issued(&authority("root"), NAME);
        let words = verify(
            vec![record([3, 1, 1], &authority("x").der().clone())],
            std::slice::from_ref(&own),
        )
        .unwrap_err()
        .to_string();
        let right: String = record([3, 1, 1], &own)
            .data
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert!(words.contains(&format!("3 1 1 {right}")), "{words}");
    }

    #[test]
    fn what_mail_servers_do_not_use_is_left_out() {
        let own = issued(&authority("root"), NAME);
        let cut = Association {
            data: vec![0; 31],
            ..record([3, 1, 1], &own)
        };
        let unusable = vec![
            record([1, 1, 1], &own),
            record([0, 0, 1], &own),
            record([3, 1, 3], &own),
            record([3, 2, 1], &own),
            record([255, 1, 1], &own),
            cut,
        ];
        let refused = Dane::new(unusable.clone(), Vec::new())
            .unwrap_err()
            .to_string();
        assert!(
            refused.starts_with("mail servers use no record such as 1 1 1, 0 0 1, "),
            "{refused}"
        );
        let mut mixed = unusable;
        mixed.push(record([3, 1, 1], &own));
        assert_eq!(verify(mixed, &[own]), Ok(0));
    }

    #[test]
    fn what_is_no_certificate_matches_nothing() {
        let none = CertificateDer::from(vec![0xff; 40]);
        let own = issued(&authority("root"), NAME);
        let records = vec![record([3, 1, 1], &own), record([2, 1, 1], &own)];
        assert!(verify(records.clone(), &[none.clone(), none]).is_err());
        assert_eq!(verify(records, &[]), Err(Rejection::Missing));
    }
}
