//! The machine's own trust anchors, for plugins that are asked to verify certificates. Nothing of it is
//! done, and no file looked for, before that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pem_rfc7468::LineEnding;
use sandcheck_contract::anchors;

/// How long a process that runs many checks goes on with what it has read.
const FRESH: Duration = Duration::from_mins(1);

/// What was read last.
static KNOWN: Mutex<Option<(Instant, Arc<str>)>> = Mutex::new(None);

/// As PEM. `SSL_CERT_FILE` and `SSL_CERT_DIR` say where they are; without them they are where this
/// system has them.
pub(crate) fn system_anchors(deadline: Instant) -> Result<String, String> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((read, anchors)) = known.as_ref()
        && read.elapsed() < FRESH
    {
        return Ok(anchors.as_ref().to_owned());
    }
    let anchors = match anchors::of_environment(deadline) {
        Some(anchors) => anchors?,
        None => of_the_system()?,
    };
    *known = Some((Instant::now(), anchors.as_str().into()));
    Ok(anchors)
}

fn of_the_system() -> Result<String, String> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let reason = found.errors.first().map(ToString::to_string);
        return Err(reason.unwrap_or_else(|| "there is none where systems keep them".to_owned()));
    }
    let encode =
        |certificate: &[u8]| pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, certificate);
    let encoded = found.certs.iter().map(|certificate| encode(certificate));
    encoded
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_certificates_in_pem() {
        // A machine without any says so.
        match of_the_system() {
            Ok(anchors) => {
                assert!(anchors.starts_with("-----BEGIN CERTIFICATE-----\n"));
                assert!(anchors.ends_with("-----END CERTIFICATE-----\n"));
            }
            Err(reason) => assert!(!reason.is_empty()),
        }
    }
}
