//! Certificates that an authority has issued: a root, an intermediate authority, servers, clients.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    Error, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

/// A kind of certificate that a scenario can name, and what is sent with it.
#[derive(Debug)]
pub struct Issued {
    name: &'static str,
    /// Host names and addresses.
    names: &'static [&'static str],
    /// Days from now.
    begins: i64,
    ends: i64,
    /// The intermediate authority's days, from now.
    authority_ends: i64,
    /// Whether the intermediate authority's certificate is left out.
    alone: bool,
}

const USUAL: Issued = Issued {
    name: "issued",
    names: &["mx.example.org", "localhost", "127.0.0.1", "::1"],
    begins: -30,
    ends: 1000,
    authority_ends: 1000,
    alone: false,
};

static KINDS: [Issued; 9] = [
    USUAL,
    Issued {
        name: "issued-alone",
        alone: true,
        ..USUAL
    },
    Issued {
        name: "issued-elsewhere",
        names: &["a.example.net", "*.b.example.net"],
        ..USUAL
    },
    Issued {
        name: "issued-expired",
        ends: -3,
        ..USUAL
    },
    Issued {
        name: "issued-future",
        begins: 35,
        ..USUAL
    },
    Issued {
        name: "issued-soon",
        ends: 20,
        ..USUAL
    },
    Issued {
        name: "issued-by-expired",
        authority_ends: -3,
        ..USUAL
    },
    Issued {
        name: "issued-by-soon",
        authority_ends: 5,
        ..USUAL
    },
    Issued {
        name: "issued-revoked",
        ..USUAL
    },
];

impl Issued {
    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Its place in the list, which is its serial number, too.
    fn serial(&self) -> u64 {
        let at = KINDS.iter().position(|kind| kind.name == self.name);
        at.map_or(0, |at| at as u64 + 1)
    }
}

/// The authorities, and what they have issued.
pub(super) struct Authorities {
    names: [&'static str; 2],
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate_key: Vec<u8>,
    now: OffsetDateTime,
}

impl Authorities {
    pub(super) fn new() -> Result<Self, Error> {
        Self::named(["Root", "Intermediate"])
    }

    /// Authorities that nobody trusts.
    pub(super) fn strangers() -> Result<Self, Error> {
        Self::named(["Strange Root", "Strange Intermediate"])
    }

    fn named(names: [&'static str; 2]) -> Result<Self, Error> {
        let now = OffsetDateTime::now_utc();
        let root = authority(names[0], now, 5000);
        Ok(Self {
            names,
            root: CertifiedIssuer::self_signed(root, KeyPair::generate()?)?,
            intermediate_key: KeyPair::generate()?.serialize_der(),
            now,
        })
    }

    /// The root's certificate.
    pub(super) fn root(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The certificates to show, the server's own first.
    pub(super) fn chain(
        &self,
        kind: &Issued,
        key: &KeyPair,
    ) -> Result<Vec<CertificateDer<'static>>, Error> {
        let intermediate = self.intermediate(kind.authority_ends)?;
        let names: Vec<_> = kind.names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names)?;
        named(&mut parameters, "mx.example.org");
        parameters.serial_number = Some(SerialNumber::from(kind.serial()));
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.not_before = days(self.now, kind.begins);
        parameters.not_after = days(self.now, kind.ends);
        let own = parameters.signed_by(key, &intermediate)?.der().clone();
        Ok(if kind.alone {
            vec![own]
        } else {
            vec![own, intermediate.der().clone()]
        })
    }

    /// A client's certificate with its chain, in PEM.
    pub(super) fn client(&self, key: &KeyPair) -> Result<String, Error> {
        let intermediate = self.intermediate(USUAL.authority_ends)?;
        let mut parameters = CertificateParams::default();
        named(&mut parameters, "probe.example.org");
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let own = parameters.signed_by(key, &intermediate)?.pem();
        Ok(own + &intermediate.pem())
    }

    /// The revocation lists of both authorities, in PEM; only `issued-revoked` is on one of them.
    pub(super) fn revocation_lists(&self) -> Result<String, Error> {
        let intermediate = self.intermediate(USUAL.authority_ends)?;
        let revoked = RevokedCertParams {
            serial_number: Issued::named("issued-revoked")
                .map_or(0, Issued::serial)
                .into(),
            revocation_time: days(self.now, -1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = |revoked_certs| CertificateRevocationListParams {
            this_update: days(self.now, -1),
            next_update: days(self.now, 30),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let of_root = list(Vec::new()).signed_by(&self.root)?.pem()?;
        Ok(of_root + &list(vec![revoked]).signed_by(&intermediate)?.pem()?)
    }

    /// The intermediate authority, always with the same key and name.
    fn intermediate(&self, ends: i64) -> Result<CertifiedIssuer<'static, KeyPair>, Error> {
        let key = KeyPair::try_from(self.intermediate_key.as_slice())?;
        let parameters = authority(self.names[1], self.now, ends);
        CertifiedIssuer::signed_by(parameters, key, &self.root)
    }
}

fn authority(name: &str, now: OffsetDateTime, ends: i64) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    named(&mut parameters, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.not_before = days(now, -40);
    parameters.not_after = days(now, ends);
    parameters
}

fn named(parameters: &mut CertificateParams, name: &str) {
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
}

/// Half a day after whole days, so that their count stays the same for twelve hours.
fn days(now: OffsetDateTime, count: i64) -> OffsetDateTime {
    let half = if count < 0 { -12 } else { 12 };
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now + Duration::days(count) + Duration::hours(half)
}
