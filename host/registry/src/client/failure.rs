//! What went wrong, and the way out.

use std::io;
use std::time::Duration;

use anyhow::anyhow;
use serde::Deserialize;
use ureq::Error;
use ureq::http::StatusCode;

use crate::job::Access;

/// The most that is shown of a complaint, in characters.
const COMPLAINT: usize = 300;

/// Nothing came back.
pub(super) fn transport(registry: &str, access: &Access, error: Error) -> anyhow::Error {
    match error {
        Error::Timeout(_) => {
            let time = Duration::from_millis(access.timeout);
            anyhow!(
                "the registry {registry} was not done within {time:?}; to wait longer: --timeout"
            )
        }
        Error::HostNotFound => {
            anyhow!("the registry {registry} is not known: its name leads nowhere")
        }
        Error::RequireHttpsOnly(url) => {
            anyhow!("the registry {registry} leads to {url}, which has no TLS")
        }
        Error::Rustls(error) => distrust(registry, &error),
        Error::Io(error) => match tls_error(&error) {
            Some(error) => distrust(registry, error),
            None => anyhow!("the registry {registry} cannot be reached: {error}"),
        },
        Error::Protocol(error) => {
            anyhow!("the registry {registry} does not answer as HTTP servers do: {error}")
        }
        error => anyhow!("the registry {registry} cannot be used: {error}"),
    }
}

/// What is wrong with TLS, where that is inside.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn distrust(registry: &str, error: &rustls::Error) -> anyhow::Error {
    match error {
        rustls::Error::InvalidMessage(_) => anyhow!(
            "the registry {registry} does not speak TLS; if that is meant to be so: --plain-http"
        ),
        error => anyhow!("the registry {registry} cannot be trusted: {error}"),
    }
}

/// Something came back, which is a refusal.
pub(super) fn refusal(
    repository: &str,
    status: StatusCode,
    is_logged_in: bool,
    complaint: &[u8],
) -> anyhow::Error {
    let details = details(complaint);
    match status {
        StatusCode::UNAUTHORIZED if is_logged_in => {
            anyhow!("{repository}: the registry does not accept the login (401){details}")
        }
        StatusCode::UNAUTHORIZED => anyhow!(
            "{repository}: the registry demands a login (401){details}; \
             give --username and --password-file, or log in with docker login"
        ),
        StatusCode::FORBIDDEN => {
            anyhow!("{repository}: the registry forbids that to this login (403){details}")
        }
        StatusCode::NOT_FOUND => anyhow!("{repository}: is not there (404){details}"),
        status => anyhow!("{repository}: the registry failed ({status}){details}"),
    }
}

#[derive(Deserialize)]
struct Complaint {
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    code: Option<String>,
    message: Option<String>,
}

/// The registry's own words, which others escape (OCI distribution specification, "Error Codes").
fn details(complaint: &[u8]) -> String {
    let Ok(Complaint { errors }) = serde_json::from_slice(complaint) else {
        return String::new();
    };
    let text = errors
        .into_iter()
        .find_map(|entry| entry.message.or(entry.code));
    let text: String = text.unwrap_or_default().chars().take(COMPLAINT).collect();
    if text.is_empty() {
        text
    } else {
        format!(": {text}")
    }
}
