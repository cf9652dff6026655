//! `sandcheck serve`: a server for Prometheus and for Icinga's `ifw-api`. It has HTTP and TLS in it, so
//! it is a program of its own, `sandcheck-serve`; what it is asked for on the command line is read here.

use std::ffi::OsString;
use std::net::{Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use lexopt::{Parser, ValueExt};

use crate::companion;

/// Where the configuration is when none is named.
const CONFIG: &str = "/etc/sandcheck/serve.yml";

/// Where is listened when nothing else is said. Whoever reaches it can have checks run.
const ADDRESS: &str = "127.0.0.1:9199";

/// How many results may be kept.
const HISTORY: RangeInclusive<usize> = 0..=10_000;

/// The longest that a check ends before the scrape does, in seconds.
const LONGEST_OFFSET: f64 = 60.0;

/// The options. They are called as those of exporters are.
const OPTIONS: [&str; 8] = [
    "config.file",
    "config.check",
    "web.config.file",
    "web.listen-address",
    "timeout-offset",
    "history.limit",
    "log.level",
    "log.format",
];

/// As the command line says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Modules and commands.
    pub config_file: PathBuf,
    /// Whether the configuration is only to be checked.
    pub is_check: bool,
    /// TLS and users; nothing: neither.
    pub web_config_file: Option<PathBuf>,
    /// Where to listen; nothing: the default.
    listen: Vec<SocketAddr>,
    /// A check ends so long before the scrape that it is for.
    pub timeout_offset: Duration,
    /// So many results are kept for the page.
    pub history: usize,
    /// What is worth a line.
    pub log_level: Level,
    /// How it is written.
    pub log_format: Format,
}

/// From here on a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Each check too.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What somebody should look at.
    Warn,
    /// What went wrong.
    Error,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `key=value`.
    #[default]
    Logfmt,
    /// An object of JSON.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config_file: CONFIG.into(),
            is_check: false,
            web_config_file: None,
            listen: Vec::new(),
            timeout_offset: Duration::from_millis(500),
            history: 100,
            log_level: Level::default(),
            log_format: Format::default(),
        }
    }
}

impl Settings {
    /// Whether this is the name of one of the options.
    pub(crate) fn knows(name: &str) -> bool {
        OPTIONS.contains(&name)
    }

    /// Takes an option and its value.
    pub(crate) fn set(&mut self, name: &str, parser: &mut Parser) -> Result<()> {
        if name == "config.check" {
            self.is_check = true;
            return Ok(());
        }
        let value = parser.value()?;
        match name {
            "config.file" => self.config_file = value.into(),
            "web.config.file" => self.web_config_file = Some(value.into()),
            "web.listen-address" => self.listen.push(address(&value.string()?)?),
            "timeout-offset" => self.timeout_offset = offset(&value.string()?)?,
            "history.limit" => self.history = history(&value.string()?)?,
            "log.level" => self.log_level = level(&value.string()?)?,
            _ => self.log_format = format(&value.string()?)?,
        }
        Ok(())
    }

    /// Where to listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        if self.listen.is_empty() {
            return ADDRESS.parse().into_iter().collect();
        }
        self.listen.clone()
    }
}

/// Exporters take `:9199` for all addresses of the machine.
fn address(text: &str) -> Result<SocketAddr> {
    let all = || {
        let port = text.strip_prefix(':')?.parse().ok()?;
        Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))
    };
    text.parse().ok().or_else(all).with_context(|| {
        format!(
            "--web.listen-address '{text}': ADDRESS:PORT, [IPV6]:PORT, or :PORT for all addresses"
        )
    })
}

fn offset(text: &str) -> Result<Duration> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (0.0..=LONGEST_OFFSET).contains(seconds));
    let offset = seconds.map(Duration::from_secs_f64);
    offset.with_context(|| {
        format!("--timeout-offset '{text}': seconds from 0 to {LONGEST_OFFSET}, such as 0.5")
    })
}

fn history(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| HISTORY.contains(number));
    number.with_context(|| {
        let (least, most) = (HISTORY.start(), HISTORY.end());
        format!("--history.limit '{text}': a number from {least} to {most}")
    })
}

fn level(text: &str) -> Result<Level> {
    Ok(match text {
        "debug" => Level::Debug,
        "info" => Level::Info,
        "warn" => Level::Warn,
        "error" => Level::Error,
        _ => bail!("--log.level '{text}': debug, info, warn or error"),
    })
}

fn format(text: &str) -> Result<Format> {
    Ok(match text {
        "logfmt" => Format::Logfmt,
        "json" => Format::Json,
        _ => bail!("--log.format '{text}': logfmt or json"),
    })
}

/// Becomes the other program, with the same words.
pub(crate) fn hand_over(words: Vec<OsString>) -> Result<u8> {
    let program = companion::find("sandcheck-serve", "the server")?;
    let error = Command::new(&program)
        .args(words.into_iter().skip(1))
        .exec();
    Err(error).with_context(|| format!("cannot be started: {}", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_in_several_ways() {
        for (text, expected) in [
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:1", "[::1]:1"),
            (":9199", "[::]:9199"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), expected);
        }
        for text in ["", "9199", "localhost:1", "::1:1x", ":", ":65536"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn mistakes_name_the_value_and_the_way_out() {
        for (name, value, part) in [
            (
                "timeout-offset",
                "-1",
                "--timeout-offset '-1': seconds from 0",
            ),
            ("timeout-offset", "NaN", "seconds from 0 to 60"),
            ("history.limit", "many", "a number from 0 to 10000"),
            ("log.level", "loud", "debug, info, warn or error"),
            ("log.format", "xml", "logfmt or json"),
        ] {
            // A value that looks like an option has to be attached.
            let mut parser = Parser::from_args([format!("--{name}={value}")]);
            parser.next().unwrap();
            let error = Settings::default().set(name, &mut parser).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(Settings::knows("config.check") && !Settings::knows("config"));
    }
}
