//! The server's side of TLS.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::web_config::Tls;

/// What `client_auth_type` may be.
const AUTH_TYPES: &str = "NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert";

/// Reads certificates and key.
pub(crate) fn server(tls: &Tls) -> Result<ServerConfig> {
    for (name, path) in [("cert_file", &tls.cert_file), ("key_file", &tls.key_file)] {
        if path.file_name().is_none() || path.is_dir() {
            bail!("{name} is missing");
        }
    }
    let chain = certificates(&tls.cert_file)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key_file)
        .map_err(|error| pem_error(&tls.key_file, error))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&versions(tls)?)?;
    let builder = match client_verifier(tls)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .with_context(|| format!("{} and {}", tls.cert_file.display(), tls.key_file.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| pem_error(path, error))?;
    if found.is_empty() {
        bail!("{}: there is no certificate in it", path.display());
    }
    Ok(found)
}

fn pem_error(path: &Path, error: rustls::pki_types::pem::Error) -> anyhow::Error {
    use rustls::pki_types::pem::Error;
    let error = match error {
        Error::Io(error) => anyhow::Error::from(error),
        Error::NoItemsFound => anyhow::anyhow!("there is nothing of that kind in it"),
        error => anyhow::Error::from(error),
    };
    error.context(path.display().to_string())
}

/// Those that the file allows and rustls has.
fn versions(tls: &Tls) -> Result<Vec<&'static SupportedProtocolVersion>> {
    let number = |key: &str, name: &Option<String>, default| match name.as_deref() {
        None => Ok(default),
        Some("TLS12") => Ok(12),
        Some("TLS13") => Ok(13),
        Some(other) => bail!("{key}: '{other}' is not TLS12 or TLS13; there are no others here"),
    };
    let least = number("min_version", &tls.min_version, 12)?;
    let most = number("max_version", &tls.max_version, 13)?;
    if least > most {
        bail!("min_version is above max_version");
    }
    let all = [(12, &TLS12), (13, &TLS13)];
    let allowed = all
        .into_iter()
        .filter(|(number, _)| (least..=most).contains(number));
    Ok(allowed.map(|(_, version)| version).collect())
}

fn client_verifier(tls: &Tls) -> Result<Option<Arc<dyn ClientCertVerifier>>> {
    let is_needed = match tls.client_auth_type.as_deref() {
        None | Some("" | "NoClientCert") if tls.client_ca_file.is_none() => return Ok(None),
        None | Some("" | "NoClientCert") => {
            bail!(
                "client_ca_file says nothing without client_auth_type: RequireAndVerifyClientCert"
            )
        }
        Some("RequireAndVerifyClientCert") => true,
        Some("VerifyClientCertIfGiven") => false,
        Some(kind @ ("RequestClientCert" | "RequireAnyClientCert")) => {
            bail!("client_auth_type: {kind} would take any certificate; {AUTH_TYPES}")
        }
        Some(other) => bail!("client_auth_type: '{other}' is not {AUTH_TYPES}"),
    };
    let Some(path) = &tls.client_ca_file else {
        bail!("client_ca_file is missing, which client_auth_type needs");
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .with_context(|| path.display().to_string())?;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if is_needed {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    Ok(Some(builder.build()?))
}
