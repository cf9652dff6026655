//! The name of a version of a plugin in a registry: `oci://REGISTRY/NAME:VERSION@sha256:DIGEST`.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::digest::Digest;

/// What a word begins with that names a plugin in a registry and no file.
const SCHEME: &str = "oci://";

/// The longest name and version (OCI distribution specification, "Pulling manifests").
const NAME_LIMIT: usize = 255;
const VERSION_LIMIT: usize = 128;

/// At least one of version and digest is there; where there is a digest, it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) registry: String,
    /// The name in the registry, `checks/check_smtp`.
    pub(crate) repository: String,
    /// The tag.
    pub(crate) version: Option<String>,
    pub(crate) digest: Option<Digest>,
}

impl Reference {
    /// A word of a command that takes nothing else, with `oci://` or without.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::read(text.strip_prefix(SCHEME).unwrap_or(text)).with_context(|| {
            format!("'{text}' names no version of a plugin; accepted: [oci://]REGISTRY/NAME:VERSION, with or instead of :VERSION also @sha256:DIGEST")
        })
    }

    /// A word that may name a file too; nothing if it does.
    pub(crate) fn of_plugin(plugin: &Path) -> Result<Option<Self>> {
        let Some(text) = plugin.to_str().filter(|text| text.starts_with(SCHEME)) else {
            return Ok(None);
        };
        Self::parse(text).map(Some)
    }

    fn read(text: &str) -> Result<Self> {
        let (text, digest) = match text.split_once('@') {
            Some((text, digest)) => (text, Some(Digest::parse(digest)?)),
            None => (text, None),
        };
        let (registry, name) = text
            .split_once('/')
            .context("it has no slash behind a registry")?;
        let (repository, version) = match name.split_once(':') {
            Some((repository, version)) => (repository, Some(version.to_owned())),
            None => (name, None),
        };
        ensure!(
            is_registry(registry),
            "'{registry}' is no HOST.DOMAIN, HOST:PORT or localhost"
        );
        ensure!(
            repository.len() <= NAME_LIMIT && repository.split('/').all(is_component),
            "'{repository}' is no name: small letters and digits, separated by one of . _ __ - /"
        );
        if let Some(version) = &version {
            ensure!(
                is_version(version),
                "'{version}' is no version: at most {VERSION_LIMIT} letters, digits, . _ -"
            );
        }
        ensure!(version.is_some() || digest.is_some(), "it says no version");
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            version,
            digest,
        })
    }

    /// `REGISTRY/NAME`, by which policies know it.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// By what it is asked for: the digest where there is one.
    pub(crate) fn manifest(&self) -> String {
        match (&self.digest, &self.version) {
            (Some(digest), _) => digest.to_string(),
            (None, version) => version.clone().unwrap_or_default(),
        }
    }

    /// Where cosign keeps the signatures of a version.
    pub(crate) fn signature_tag(digest: &Digest) -> String {
        format!("sha256-{}.sig", digest.hex())
    }

    /// Whether the registry is this machine, which is talked to without TLS.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.registry,
        };
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse()
                .is_ok_and(|address: Ipv4Addr| address.is_loopback())
            || address
                .parse()
                .is_ok_and(|address: Ipv6Addr| address.is_loopback())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.name())?;
        if let Some(version) = &self.version {
            write!(f, ":{version}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// With a dot, a port, or the one name that is known to be a host.
fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_v6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
    let is_label = |label: &str| {
        let is_meant = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(is_meant) && !label.starts_with('-')
    };
    let is_host = is_v6 || host.split('.').all(is_label);
    is_host
        && port.is_none_or(is_port)
        && (port.is_some() || host == "localhost" || is_v6 || host.contains('.'))
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(is_plain).filter(|part| !part.is_empty());
    text.starts_with(is_plain)
        && text.ends_with(is_plain)
        && separators
            .into_iter()
            .all(|part| matches!(part, "." | "_" | "__") || part.bytes().all(|b| b == b'-'))
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_version(text: &str) -> bool {
    let is_meant = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty()
        && text.len() <= VERSION_LIMIT
        && !text.starts_with(['.', '-'])
        && text.chars().all(is_meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn what_names_a_version() {
        for text in [
            "r.example/check_smtp:1.0".to_owned(),
            "localhost/a:1".to_owned(),
            "127.0.0.1:5000/a/b--c/d__e:latest".to_owned(),
            "[::1]:5000/a:1".to_owned(),
            format!("r:5000/a@{DIGEST}"),
            format!("r.example/a:1_x-y.z@{DIGEST}"),
        ] {
            let reference = Reference::parse(&text).unwrap();
            assert_eq!(reference.to_string(), format!("oci://{text}"));
            assert_eq!(Reference::parse(&reference.to_string()).unwrap(), reference);
        }
    }

    #[test]
    fn what_names_none() {
        for (text, part) in [
            ("", "no slash"),
            ("check_smtp:1.0", "no slash"),
            ("library/check:1", "'library' is no HOST.DOMAIN"),
            ("r.example/check", "it says no version"),
            ("r.example/Check:1", "'Check' is no name"),
            ("r.example/../x:1", "'../x' is no name"),
            ("r.example/a//b:1", "is no name"),
            ("r.example/a___b:1", "is no name"),
            ("r.example:99999/a:1", "is no HOST.DOMAIN"),
            ("r.example/a:-1", "'-1' is no version"),
            ("r.example/a:1:2", "'1:2' is no version"),
            ("r.example/a@sha256:12", "'sha256:12' is no digest"),
            ("r.example/a@md5:12", "is no digest"),
            ("user@r.example/a:1", "is no digest"),
            ("oci://https://r.example/a:1", "'https:' is no HOST.DOMAIN"),
            ("r.example/a:1\nb", "is no version"),
        ] {
            let error = format!("{:#}", Reference::parse(text).unwrap_err());
            assert!(
                error.starts_with(&format!("'{text}' names no version")),
                "{error}"
            );
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn this_machine_is_known() {
        for (registry, is) in [
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.9.9.9", true),
            ("[::1]:5000", true),
            ("localhost.example.org", false),
            ("127.0.0.1.example.org", false),
            ("10.0.0.1:5000", false),
        ] {
            let reference = Reference::parse(&format!("{registry}/a:1")).unwrap();
            assert_eq!(reference.is_loopback(), is, "{registry}");
        }
    }
}
