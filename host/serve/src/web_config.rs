//! TLS, users and headers, in the format that exporters of Prometheus share: the web configuration file
//! of `exporter-toolkit`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use hyper::header::{HeaderName, HeaderValue};
use rustls::ServerConfig;
use serde::Deserialize;

use crate::auth::Users;
use crate::cached::FromFiles;
use crate::certificates;
use crate::yaml;

/// Headers that may be set, in the format's own list.
const HEADERS: [&str; 5] = [
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
];

/// Without a file there is none of it.
#[derive(Default)]
pub(crate) struct WebConfig {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Nothing: whoever comes is let in.
    pub(crate) users: Option<Users>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    files: Vec<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    tls_server_config: Option<Tls>,
    http_server_config: Option<Http>,
    basic_auth_users: Option<BTreeMap<String, String>>,
}

/// Ciphers and curves are rustls' own, all of which are good.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) cert_file: PathBuf,
    pub(crate) key_file: PathBuf,
    pub(crate) client_auth_type: Option<String>,
    pub(crate) client_ca_file: Option<PathBuf>,
    pub(crate) min_version: Option<String>,
    pub(crate) max_version: Option<String>,
    /// It is the server's choice anyway.
    #[allow(dead_code, reason = "it is known and says nothing")]
    prefer_server_cipher_suites: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    /// There is none.
    #[allow(dead_code, reason = "it is known and says nothing")]
    http2: Option<bool>,
    headers: Option<BTreeMap<String, String>>,
}

impl FromFiles for WebConfig {
    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }
}

impl WebConfig {
    pub(crate) fn load(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let named = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(named)?;
        let file: File = yaml::parse(&text)
            .map_err(|(line, reason)| anyhow!("{}, line {line}: {reason}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut config = Self::of(file, folder).with_context(named)?;
        config.files.push(path.to_owned());
        Ok(config)
    }

    fn of(file: File, folder: &Path) -> Result<Self> {
        let mut config = Self::default();
        if let Some(tls) = file.tls_server_config {
            let tls = tls.below(folder);
            config.tls = Some(Arc::new(
                certificates::server(&tls).context("tls_server_config")?,
            ));
            config.files.extend([tls.cert_file, tls.key_file]);
            config.files.extend(tls.client_ca_file);
        }
        if let Some(users) = file.basic_auth_users.filter(|users| !users.is_empty()) {
            config.users = Some(Users::new(users).context("basic_auth_users")?);
        }
        let headers = file.http_server_config.and_then(|http| http.headers);
        for (name, value) in headers.unwrap_or_default() {
            config.headers.push(header(&name, &value)?);
        }
        Ok(config)
    }
}

impl Tls {
    /// Names of files are meant from the folder of the configuration.
    fn below(mut self, folder: &Path) -> Self {
        for path in [&mut self.cert_file, &mut self.key_file]
            .into_iter()
            .chain(&mut self.client_ca_file)
        {
            *path = folder.join(&*path);
        }
        self
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    if !HEADERS.contains(&name) {
        bail!(
            "http_server_config.headers: '{name}' cannot be set; {} can",
            HEADERS.join(", ")
        );
    }
    let pair = || Some((name.parse().ok()?, value.parse().ok()?));
    pair().with_context(|| {
        format!("http_server_config.headers: {name}: '{value}' is no value of a header")
    })
}

#[cfg(test)]
mod tests {
    use sandcheck::escape;

    use super::*;

    fn wrong(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yml");
        std::fs::write(&path, text).unwrap();
        // As it is printed and logged.
        let error = WebConfig::load(Some(&path)).err();
        error.map_or_else(String::new, |error| escape::line(&format!("{error:#}")))
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("basic_auth_user: {}", "web.yml, line 1: unknown field"),
            (
                "\nbasic_auth_users:\n  a: plain\n",
                "basic_auth_users: a: its password is no bcrypt hash",
            ),
            (
                "tls_server_config: {cert_file: a}",
                "tls_server_config: key_file is missing",
            ),
            (
                "tls_server_config: {cert_file: a, key_file: b}",
                "a: No such file",
            ),
            (
                "http_server_config: {headers: {X-Other: a}}",
                "'X-Other' cannot be set",
            ),
            (
                "http_server_config: {headers: {X-Frame-Options: \"a\\nb\"}}",
                "no value of a header",
            ),
            ("tls_server_config: {cipher_suites: [a]}", "unknown field"),
            ("a: [", "line "),
        ] {
            let error = wrong(text);
            assert!(error.contains(part), "{text}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn nothing_may_be_said() {
        for text in ["", "# nothing\n", "{}", "basic_auth_users:\n"] {
            assert_eq!(wrong(text), "", "{text}");
        }
    }
}
