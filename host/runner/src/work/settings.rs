//! Where jobs come from, and what they may run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use sandcheck_gearman::encoding::Encoding;

/// Where gearmand listens when nobody says otherwise.
const PORT: u16 = 4730;

/// The queues of `mod_gearman` that hold no checks.
const NO_CHECKS: [&str; 3] = ["eventhandler", "notification", "perfdata"];

/// The longest key file. A key has 32 bytes.
const KEY_FILE: usize = 4096;

/// As the command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) servers: Vec<Server>,
    queues: Vec<String>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) plugins: Option<PathBuf>,
}

/// A gearmand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl Server {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (
                    host,
                    if port.is_empty() {
                        None
                    } else {
                        Some(port.strip_prefix(':')?)
                    },
                )
            }
            None => text
                .split_once(':')
                .map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        let port = port.map_or(Some(PORT), |port| port.parse().ok())?;
        (!host.is_empty() && host.chars().all(is_host) && port != 0).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl Settings {
    pub(crate) fn add_server(&mut self, text: &str) -> Result<()> {
        let server = Server::parse(text);
        let server = server
            .with_context(|| format!("--gearman '{text}': HOST, HOST:PORT or [IPV6]:PORT"))?;
        if self.servers.contains(&server) {
            bail!("--gearman '{text}': it is named twice");
        }
        self.servers.push(server);
        Ok(())
    }

    pub(crate) fn add_queue(&mut self, name: String) -> Result<()> {
        if NO_CHECKS.contains(&name.as_str()) {
            bail!(
                "--queue '{name}': there are no checks in it; host, service, hostgroup_NAME or servicegroup_NAME"
            );
        }
        if name.is_empty() || name.len() > 255 || name.contains(char::is_control) {
            bail!("--queue '{name}': a name of 1 to 255 characters");
        }
        if !self.queues.contains(&name) {
            self.queues.push(name);
        }
        Ok(())
    }

    pub(super) fn queues(&self) -> Vec<&str> {
        if self.queues.is_empty() {
            vec!["host", "service"]
        } else {
            self.queues.iter().map(String::as_str).collect()
        }
    }

    /// The folder of plugins, once it is clear that something is named to work for.
    pub(super) fn folder(&self) -> Result<&Path> {
        if self.servers.is_empty() {
            bail!("no server is named: --gearman HOST:PORT");
        }
        let folder = self.plugins.as_deref();
        folder.context("no plugins are named that jobs may run: --plugins FOLDER")
    }

    pub(super) fn encoding(&self) -> Result<Encoding> {
        let Some(path) = &self.key_file else {
            return Ok(Encoding::Clear);
        };
        let key = read_key(path).with_context(|| format!("--key-file {}", path.display()))?;
        Ok(Encoding::with_key(&key))
    }
}

/// Without the line end.
fn read_key(path: &Path) -> Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        bail!("it is no file");
    }
    let mut key = Vec::new();
    io::Read::read_to_end(
        &mut io::Read::take(fs::File::open(path)?, KEY_FILE as u64 + 1),
        &mut key,
    )?;
    if key.len() > KEY_FILE {
        bail!("it has more than {KEY_FILE} bytes, and a key has 32");
    }
    let end = key.iter().rposition(|byte| !b"\r\n".contains(byte));
    key.truncate(end.map_or(0, |last| last + 1));
    if key.is_empty() {
        bail!("it is empty");
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_written_in_several_ways() {
        for (text, expected) in [
            ("mon", "mon:4730"),
            ("mon:4731", "mon:4731"),
            ("192.0.2.1", "192.0.2.1:4730"),
            ("[2001:db8::1]", "[2001:db8::1]:4730"),
            ("[2001:db8::1]:1", "[2001:db8::1]:1"),
        ] {
            assert_eq!(Server::parse(text).unwrap().to_string(), expected);
        }
        for text in [
            "",
            ":4730",
            "a:",
            "a:0",
            "a:65536",
            "a b",
            "2001:db8::1",
            "[::1",
            "[x]:1",
            "[::1]1",
            "gearman://a",
        ] {
            assert_eq!(Server::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_is_the_file_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (content, expected) in [
            ("secret\n", Some("secret")),
            (" s s \r\n", Some(" s s ")),
            ("\n", None),
        ] {
            fs::write(&path, content).unwrap();
            assert_eq!(
                read_key(&path).ok(),
                expected.map(|key| key.as_bytes().to_vec())
            );
        }
        fs::write(&path, [b'x'; KEY_FILE + 1]).unwrap();
        assert!(
            read_key(&path)
                .unwrap_err()
                .to_string()
                .contains("a key has 32")
        );
        assert!(read_key(folder.path()).is_err());
    }

    #[test]
    fn queues_hold_checks() {
        let mut settings = Settings::default();
        assert_eq!(settings.queues(), ["host", "service"]);
        settings.add_queue("hostgroup_mail".to_owned()).unwrap();
        assert_eq!(settings.queues(), ["hostgroup_mail"]);
        for name in ["eventhandler", "", "a\nb"] {
            assert!(settings.add_queue(name.to_owned()).is_err());
        }
    }
}
