//! What a machine must have to run a scenario.

use std::fmt;
use std::fs;
use std::net::{TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Where `--extra-opts` looks when it is given no file.
const STANDARD_INI: [&str; 11] = [
    "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
    "/usr/local/etc/monitoring-plugins.ini",
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/nagios/etc/plugins.ini",
    "/usr/local/etc/nagios/plugins.ini",
    "/etc/opt/nagios/plugins.ini",
    "/etc/nagios-plugins.ini",
    "/usr/local/etc/nagios-plugins.ini",
    "/etc/opt/nagios-plugins.ini",
];

/// An answer about an unknown name that takes longer than this is none.
const RESOLVER_PATIENCE: Duration = Duration::from_secs(5);

/// Something that a scenario needs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// `::1` can be listened on.
    Ipv6,
    /// `/proc` is mounted, so the client can be stopped.
    Proc,
    /// Unknown names are answered as such, and quickly.
    Resolver,
    /// None of the standard ini files is there.
    NoStandardIni,
    /// Certificates with unusual names; this crate makes all of them.
    Cryptography,
    /// A German locale can be made with localedef(1).
    #[serde(rename = "locale:de_DE")]
    GermanLocale,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv6 => "an IPv6 loopback address",
            Self::Proc => "/proc",
            Self::Resolver => "a name server that says which names do not exist",
            Self::NoStandardIni => "a machine without a standard ini file",
            Self::Cryptography => "unusual certificates",
            Self::GermanLocale => "localedef with the de_DE locale",
        })
    }
}

/// What this machine has; looked up once.
pub(crate) struct Machine {
    work: PathBuf,
    resolver: OnceLock<bool>,
    german: OnceLock<Option<PathBuf>>,
}

impl Machine {
    /// `work` is a folder for a locale.
    pub(crate) fn new(work: &Path) -> Self {
        Self {
            work: work.join("locale"),
            resolver: OnceLock::new(),
            german: OnceLock::new(),
        }
    }

    pub(crate) fn has(&self, need: Need) -> bool {
        match need {
            Need::Ipv6 => TcpListener::bind("[::1]:0").is_ok(),
            Need::Proc => Path::new("/proc/self/stat").exists(),
            Need::Resolver => *self.resolver.get_or_init(resolver_answers),
            Need::NoStandardIni => !STANDARD_INI.iter().any(|ini| Path::new(ini).exists()),
            Need::Cryptography => true,
            Need::GermanLocale => self.german_locale().is_some(),
        }
    }

    /// A folder for `LOCPATH` with a `de_DE.UTF-8` locale.
    pub(crate) fn german_locale(&self) -> Option<&Path> {
        self.german
            .get_or_init(|| make_german_locale(&self.work))
            .as_deref()
    }
}

/// Whether an unknown name is answered as such: not "try again later" (`EAI_AGAIN`, which the
/// standard library shows by its text only).
fn resolver_answers() -> bool {
    let began = Instant::now();
    match ("no-such-host.invalid", 0).to_socket_addrs() {
        Ok(_) => false,
        Err(e) => {
            let text = e.to_string();
            !["Temporary failure", "Try again"]
                .iter()
                .any(|t| text.contains(t))
                && began.elapsed() < RESOLVER_PATIENCE
        }
    }
}

fn make_german_locale(folder: &Path) -> Option<PathBuf> {
    let locale = folder.join("de_DE.UTF-8");
    fs::create_dir_all(folder).ok()?;
    // It warns about characters that it cannot convert and says so with exit code 1.
    Command::new("localedef")
        .args(["--no-archive", "-i", "de_DE", "-f", "UTF-8"])
        .arg(&locale)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    locale
        .join("LC_NUMERIC")
        .exists()
        .then(|| folder.to_owned())
}
