//! Certificates made at run time, relative to now.

mod crafted;
mod der;
mod issued;
mod kinds;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64ct::{Base64, Encoding};
use rcgen::string::BmpString;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

pub use crafted::Crafted;
use issued::Authorities;
pub use issued::Issued;
pub use kinds::Kind;
use kinds::Subject;

/// The object identifier of a common name (RFC 5280 appendix A.1, `id-at-commonName`).
const COMMON_NAME: [u64; 4] = [2, 5, 4, 3];

/// What a server shows in a handshake.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub enum Credentials {
    /// A certificate of this kind.
    Kind(&'static Kind),
    /// A certificate of an authority.
    Issued(&'static Issued),
    /// A certificate that no authority would issue.
    Crafted(Arc<Crafted>),
    /// None: no handshake succeeds.
    None,
}

/// As a scenario writes it: a name, or a table.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "neither a certificate's name nor a table of its peculiarities"
)]
enum Written {
    Name(String),
    Table(Crafted),
}

impl TryFrom<Written> for Credentials {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Table(crafted) => Ok(Self::Crafted(Arc::new(crafted))),
            Written::Name(name) if name == "none" => Ok(Self::None),
            Written::Name(name) => Kind::named(&name)
                .map(Self::Kind)
                .or_else(|| Issued::named(&name).map(Self::Issued))
                .ok_or_else(|| {
                    format!(
                        "there is no certificate `{name}`; see certificates/kinds.rs, issued.rs"
                    )
                }),
        }
    }
}

/// What a server shows in a handshake, and signs it with.
pub struct Identity {
    /// Its certificates, its own one first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
    /// The end of its certificate, as [`Certificate::not_after`]; only of a self-signed one.
    pub not_after: Option<String>,
    /// Whom it trusts when a client has to show a certificate, beside itself.
    pub trusted: Vec<CertificateDer<'static>>,
}

/// A self-signed certificate and its key.
pub struct Certificate {
    /// The certificate.
    pub der: CertificateDer<'static>,
    /// Its end as the C locale writes it: `Thu Feb  3 04:05:06 2060 +0000`.
    pub not_after: String,
    key: Vec<u8>,
}

impl Certificate {
    /// The private key.
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

/// Makes certificates, all with one key; each kind once, unless it ages too quickly for that.
pub struct Certificates {
    key: KeyPair,
    made: Mutex<HashMap<&'static str, Arc<Certificate>>>,
    authorities: OnceLock<Result<Authorities, rcgen::Error>>,
    /// What stands for placeholders.
    texts: OnceLock<Result<Vec<(&'static str, String)>, rcgen::Error>>,
}

impl Certificates {
    /// With a new P-256 key.
    pub fn new() -> Result<Self, rcgen::Error> {
        KeyPair::generate().map(Self::with_key)
    }

    /// With this key.
    #[must_use]
    pub fn with_key(key: KeyPair) -> Self {
        Self {
            key,
            made: Mutex::default(),
            authorities: OnceLock::new(),
            texts: OnceLock::new(),
        }
    }

    /// A certificate of this kind.
    pub fn certificate(&self, kind: &'static Kind) -> Result<Arc<Certificate>, rcgen::Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match made.get(kind.name) {
            Some(certificate) if !kind.ages_quickly => Ok(certificate.clone()),
            _ => {
                let certificate = Arc::new(self.make(kind)?);
                made.insert(kind.name, certificate.clone());
                Ok(certificate)
            }
        }
    }

    /// What to show; nothing for [`Credentials::None`].
    pub fn identity(&self, credentials: &Credentials) -> Result<Option<Identity>, rcgen::Error> {
        Ok(match credentials {
            Credentials::None => None,
            Credentials::Kind(kind) => {
                let certificate = self.certificate(kind)?;
                Some(Identity {
                    chain: vec![certificate.der.clone()],
                    key: certificate.key(),
                    not_after: Some(certificate.not_after.clone()),
                    trusted: Vec::new(),
                })
            }
            Credentials::Issued(kind) => {
                let authorities = self.authorities()?;
                Some(Identity {
                    chain: authorities.chain(kind, &self.key)?,
                    key: PrivatePkcs8KeyDer::from(self.key.serialize_der()).into(),
                    not_after: None,
                    trusted: vec![authorities.root()],
                })
            }
            Credentials::Crafted(crafted) => Some(self.crafted(crafted)?),
        })
    }

    fn crafted(&self, crafted: &Crafted) -> Result<Identity, rcgen::Error> {
        let chain = crafted.chain(&self.key.subject_public_key_info());
        let key = if crafted.other_key {
            KeyPair::generate()?.serialize_der()
        } else {
            self.key.serialize_der()
        };
        Ok(Identity {
            chain: chain.into_iter().map(CertificateDer::from).collect(),
            key: PrivatePkcs8KeyDer::from(key).into(),
            not_after: None,
            trusted: Vec::new(),
        })
    }

    fn authorities(&self) -> Result<&Authorities, rcgen::Error> {
        let made = self.authorities.get_or_init(Authorities::new);
        made.as_ref().map_err(Clone::clone)
    }

    /// The texts that stand for `{root}`, `{client_cert}` and so on in scenarios.
    pub fn texts(&self) -> Result<&[(&'static str, String)], rcgen::Error> {
        let made = self.texts.get_or_init(|| self.make_texts());
        made.as_deref().map_err(Clone::clone)
    }

    fn make_texts(&self) -> Result<Vec<(&'static str, String)>, rcgen::Error> {
        let authorities = self.authorities()?;
        let own = self.certificate(&kinds::DAYS_1000)?;
        let stranger = KeyPair::generate()?;
        let hash = |bytes: &[u8]| -> Vec<u8> { Sha256::digest(bytes).to_vec() };
        let pairs: Vec<_> = hash(&own.der).iter().map(|b| format!("{b:02X}")).collect();
        Ok(vec![
            ("root", pem("CERTIFICATE", &authorities.root())),
            ("self_signed", pem("CERTIFICATE", &own.der)),
            ("crl", authorities.revocation_lists()?),
            ("client_cert", authorities.client(&self.key)?),
            ("client_key", self.key.serialize_pem()),
            (
                "stranger_cert",
                Authorities::strangers()?.client(&stranger)?,
            ),
            ("stranger_key", stranger.serialize_pem()),
            ("fingerprint", pairs.join(":")),
            (
                "key_pin",
                Base64::encode_string(&hash(&self.key.subject_public_key_info())),
            ),
        ])
    }

    fn make(&self, kind: &Kind) -> Result<Certificate, rcgen::Error> {
        let mut parameters = CertificateParams::new(["san.example.org".to_owned()])?;
        let now = OffsetDateTime::now_utc()
            .replace_nanosecond(0)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        parameters.distinguished_name = distinguished_name(&kind.subject)?;
        parameters.not_before = kind.begins.after(now);
        parameters.not_after = kind.ends.after(now);
        Ok(Certificate {
            der: parameters.self_signed(&self.key)?.der().clone(),
            not_after: in_the_c_locale(parameters.not_after),
            key: self.key.serialize_der(),
        })
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = Base64::encode_string(der);
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

fn distinguished_name(subject: &Subject) -> Result<DistinguishedName, rcgen::Error> {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Compat");
    match *subject {
        Subject::Nameless => {}
        Subject::Named(common_name) => name.push(DnType::CommonName, common_name),
        Subject::Bmp(common_name) => name.push(
            DnType::CommonName,
            DnValue::BmpString(BmpString::try_from(common_name)?),
        ),
        Subject::Two(first, second) => {
            // A second type with the same identifier, as a type may occur only once.
            name.push(DnType::CustomDnType(COMMON_NAME.to_vec()), first);
            name.push(DnType::CommonName, second);
        }
    }
    Ok(name)
}

/// As `strftime` writes `%a %b %e %H:%M:%S %Y +0000`.
fn in_the_c_locale(when: OffsetDateTime) -> String {
    when.format(format_description!(
        "[weekday repr:short] [month repr:short] [day padding:space] \
         [hour]:[minute]:[second] [year] +0000"
    ))
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str) -> Arc<Certificate> {
        let certificates = Certificates::new().unwrap();
        certificates
            .certificate(Kind::named(name).unwrap())
            .unwrap()
    }

    fn occurrences(certificate: &Certificate, bytes: &[u8]) -> usize {
        certificate
            .der
            .windows(bytes.len())
            .filter(|w| *w == bytes)
            .count()
    }

    #[test]
    fn the_end_is_written_as_the_c_locale_does() {
        assert_eq!(made("year2060").not_after, "Tue Feb  3 04:05:06 2060 +0000");
    }

    #[test]
    fn a_subject_may_have_two_common_names_or_none() {
        let common_name = [0x06, 0x03, 0x55, 0x04, 0x03];
        for (name, expected) in [("nocn", 0), ("days20", 2), ("twocn", 4)] {
            assert_eq!(occurrences(&made(name), &common_name), expected, "{name}");
        }
    }

    #[test]
    fn a_common_name_may_be_a_bmp_string() {
        assert_eq!(occurrences(&made("bmpcn"), b"\x1e\x1e\0b\0m\0p\0."), 2);
    }

    #[test]
    fn a_kind_is_made_once_unless_it_ages_quickly() {
        let certificates = Certificates::new().unwrap();
        for (name, once) in [("days20", true), ("seconds50", false)] {
            let kind = Kind::named(name).unwrap();
            let first = certificates.certificate(kind).unwrap();
            let second = certificates.certificate(kind).unwrap();
            assert_eq!(Arc::ptr_eq(&first, &second), once, "{name}");
        }
    }
}
