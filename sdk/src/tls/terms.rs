//! What is asked of a handshake beyond TLS itself.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::dane::Dane;
use super::handshake_signature::AnyCertificate;
use super::identity::Identity;
use super::pin::{Fingerprints, Pin};
use super::rejection::Rejection;
use super::trust::Trust;
use crate::fields::Fields;

/// The least version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Version {
    #[default]
    V1_2,
    V1_3,
}

/// What is asked of a handshake beyond TLS itself; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The host name to ask for (RFC 6066 section 3).
    pub name: Option<String>,
    /// The least version.
    pub version: Version,
    /// Whom the certificate has to come from, and for whom it has to be.
    pub trust: Option<Arc<Trust>>,
    /// Which TLSA records it has to match.
    pub dane: Option<Arc<Dane>>,
    /// It has to have one of these fingerprints, if there are any.
    pub pins: Vec<Pin>,
    /// What to show to a server that asks.
    pub identity: Option<Identity>,
}

/// Judges the server's certificate by the terms, in the middle of the handshake: nothing is said to a
/// server that is not the right one but the alert that tells it why.
#[derive(Debug)]
pub(super) struct Judge {
    signature: AnyCertificate,
    trust: Option<Arc<Trust>>,
    dane: Option<Arc<Dane>>,
    pins: Vec<Pin>,
    verdict: OnceLock<Result<Vec<CertificateDer<'static>>, Rejection>>,
}

impl Judge {
    pub(super) fn new(terms: &Terms, signature: AnyCertificate) -> Self {
        Self {
            signature,
            trust: terms.trust.clone(),
            dane: terms.dane.clone(),
            pins: terms.pins.clone(),
            verdict: OnceLock::new(),
        }
    }

    /// Why the certificate was not accepted, if it was looked at.
    pub(super) fn rejection(&self) -> Option<Rejection> {
        self.verdict.get()?.as_ref().err().cloned()
    }

    /// The chain that was verified; empty where none was asked for.
    pub(super) fn chain(&self) -> &[CertificateDer<'static>] {
        match self.verdict.get() {
            Some(Ok(chain)) => chain,
            _ => &[],
        }
    }

    fn judge(
        &self,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Vec<CertificateDer<'static>>, Rejection> {
        if !self.pins.is_empty() {
            self.pinned(sent)?;
        }
        let named = self.dane.as_ref().map(|dane| dane.verify(sent, now));
        let named = named.transpose()?.unwrap_or_default();
        let chain = self.trust.as_ref().map(|trust| trust.verify(sent, now));
        Ok(chain.transpose()?.unwrap_or(named))
    }

    fn pinned(&self, sent: &[CertificateDer<'_>]) -> Result<(), Rejection> {
        let own = sent.first().ok_or(Rejection::Missing)?;
        let fields = Fields::parse(own).ok_or_else(|| Rejection::Malformed {
            subject: "Unknown CN".to_owned(),
        })?;
        let prints = Fingerprints::new(own, fields.key);
        if self.pins.iter().any(|pin| pin.is_of(&prints)) {
            return Ok(());
        }
        Err(Rejection::Fingerprint {
            certificate: prints.certificate(),
            key: prints.key(),
        })
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let sent: Vec<_> = std::iter::once(own).chain(others).cloned().collect();
        match self.verdict.get_or_init(|| self.judge(&sent, now)) {
            Ok(_) => Ok(ServerCertVerified::assertion()),
            Err(rejection) => Err(rejection.alert().into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signature.supported_verify_schemes()
    }
}
