//! How TLS is spoken: version 1.2 and 1.3, no resumption.

use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, SupportedProtocolVersion};

use super::exporter::Exporter;
use super::handshake_signature::AnyCertificate;
use super::terms::{Judge, Terms, Version};

/// The one provider of this process.
pub(super) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(sandcheck_crypto::provider()));
    &PROVIDER
}

/// Any certificate will do: what it says is judged by the options given.
pub(super) fn plain(exporter: &Arc<Exporter>) -> Result<Arc<ClientConfig>, Error> {
    let verifier = Arc::new(any_certificate());
    config(&[&TLS13, &TLS12], verifier, None, exporter)
}

/// A certificate that keeps to the terms, and who judges it.
pub(super) fn on_terms(
    terms: &Terms,
    exporter: &Arc<Exporter>,
) -> Result<(Arc<ClientConfig>, Arc<Judge>), Error> {
    let versions: &[_] = match terms.version {
        Version::V1_2 => &[&TLS13, &TLS12],
        Version::V1_3 => &[&TLS13],
    };
    let judge = Arc::new(Judge::new(terms, any_certificate()));
    let verifier = Arc::<Judge>::clone(&judge);
    let config = config(versions, verifier, Some(terms), exporter)?;
    Ok((config, judge))
}

fn any_certificate() -> AnyCertificate {
    AnyCertificate::new(provider().signature_verification_algorithms)
}

fn config(
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ServerCertVerifier>,
    terms: Option<&Terms>,
    exporter: &Arc<Exporter>,
) -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_details(Arc::clone(provider()), Arc::new(WallClock))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match terms.and_then(|terms| terms.identity.as_ref()) {
        Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    config.key_log = Arc::<Exporter>::clone(exporter);
    Ok(Arc::new(config))
}

/// The name to send, or an address, which is never sent.
pub(super) fn server_name(name: Option<&str>) -> ServerName<'static> {
    let unnamed = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([127, 0, 0, 1])));
    let name = name.map(|name| name.strip_suffix('.').unwrap_or(name).to_owned());
    name.and_then(|name| ServerName::try_from(name).ok())
        .unwrap_or(unnamed)
}

#[derive(Debug)]
struct WallClock;

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .map(UnixTime::since_unix_epoch)
    }
}
