//! Who asks: options, the environment, or what `docker login` left, in this order.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64ct::{Base64, Encoding};
use serde::Deserialize;

use crate::job::Access;

const USERNAME: &str = "SANDCHECK_REGISTRY_USERNAME";
const PASSWORD: &str = "SANDCHECK_REGISTRY_PASSWORD";
const TOKEN: &str = "SANDCHECK_REGISTRY_TOKEN";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Login {
    Nobody,
    Password {
        username: String,
        password: String,
    },
    /// Sent as it is.
    Token(String),
}

impl Login {
    /// For this registry.
    pub(crate) fn find(access: &Access, registry: &str) -> Result<Self> {
        if let Some(login) = from_options(access)? {
            return Ok(login);
        }
        if let Some(login) = from_environment()? {
            return Ok(login);
        }
        match docker_config() {
            Some(path) => from_file(&path, registry),
            None => Ok(Self::Nobody),
        }
    }

    /// The value of an `Authorization` header (RFC 7617).
    pub(crate) fn basic(&self) -> Option<String> {
        match self {
            Self::Password { username, password } => {
                let pair = format!("{username}:{password}");
                Some(format!("Basic {}", Base64::encode_string(pair.as_bytes())))
            }
            Self::Nobody | Self::Token(_) => None,
        }
    }
}

fn from_options(access: &Access) -> Result<Option<Login>> {
    let (username, file) = match (&access.username, &access.password_file) {
        (None, None) => return Ok(None),
        (Some(username), Some(file)) => (username.clone(), file),
        (Some(_), None) => bail!("--username needs --password-file"),
        (None, Some(_)) => bail!("--password-file needs --username"),
    };
    let password =
        fs::read_to_string(file).with_context(|| format!("--password-file {}", file.display()))?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    Ok(Some(Login::Password { username, password }))
}

fn from_environment() -> Result<Option<Login>> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(token) = variable(TOKEN) {
        return Ok(Some(Login::Token(token)));
    }
    match (variable(USERNAME), variable(PASSWORD)) {
        (None, None) => Ok(None),
        (Some(username), Some(password)) => Ok(Some(Login::Password { username, password })),
        (Some(_), None) => bail!("{USERNAME} is set, and {PASSWORD} is not"),
        (None, Some(_)) => bail!("{PASSWORD} is set, and {USERNAME} is not"),
    }
}

fn docker_config() -> Option<PathBuf> {
    let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".docker")))?;
    Some(folder.join("config.json")).filter(|path| path.is_file())
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    /// `username:password` in base64.
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    registrytoken: Option<String>,
}

fn from_file(path: &Path, registry: &str) -> Result<Login> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let config: Config = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let is_for = |key: &str| {
        let key = key
            .strip_prefix("https://")
            .or(key.strip_prefix("http://"))
            .unwrap_or(key);
        key.split('/').next() == Some(registry)
    };
    let Some(entry) = config
        .auths
        .into_iter()
        .find_map(|(key, entry)| is_for(&key).then_some(entry))
    else {
        return Ok(Login::Nobody);
    };
    read(entry).with_context(|| {
        format!(
            "{}: the login for {registry} cannot be read",
            path.display()
        )
    })
}

fn read(entry: Entry) -> Result<Login> {
    if let Some(token) = entry.registrytoken {
        return Ok(Login::Token(token));
    }
    if let (Some(username), Some(password)) = (entry.username, entry.password) {
        return Ok(Login::Password { username, password });
    }
    let Some(auth) = entry.auth.filter(|auth| !auth.is_empty()) else {
        return Ok(Login::Nobody);
    };
    let pair = Base64::decode_vec(&auth)
        .ok()
        .and_then(|pair| String::from_utf8(pair).ok());
    let pair = pair.context("auth is not username:password in base64")?;
    let (username, password) = pair.split_once(':').context("auth has no colon")?;
    Ok(Login::Password {
        username: username.to_owned(),
        password: password.trim_end_matches('\0').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_of_docker() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        for (entry, expected) in [
            (r#"{"auth": "bWU6YTpi"}"#, "Basic bWU6YTpi"),
            (r#"{"username": "me", "password": "a:b"}"#, "Basic bWU6YTpi"),
        ] {
            for key in ["r.example:5000", "https://r.example:5000/v1/"] {
                fs::write(
                    &path,
                    format!(r#"{{"auths": {{"other": {{}}, "{key}": {entry}}}}}"#),
                )
                .unwrap();
                let login = from_file(&path, "r.example:5000").unwrap();
                assert_eq!(login.basic().as_deref(), Some(expected));
                assert_eq!(from_file(&path, "r.example").unwrap(), Login::Nobody);
            }
        }
        fs::write(&path, r#"{"auths": {"r": {"registrytoken": "t"}}}"#).unwrap();
        assert_eq!(from_file(&path, "r").unwrap(), Login::Token("t".to_owned()));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        for (text, part) in [
            ("{", "config.json: "),
            (
                r#"{"auths": {"r": {"auth": "!"}}}"#,
                "the login for r cannot be read",
            ),
            (r#"{"auths": {"r": {"auth": "YWJj"}}}"#, "auth has no colon"),
        ] {
            fs::write(&path, text).unwrap();
            let error = format!("{:#}", from_file(&path, "r").unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
