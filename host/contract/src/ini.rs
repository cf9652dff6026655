//! `--extra-opts`: options from an ini file, put before those of the command line.
//!
//! The host reads the file; a plugin never sees it, only the options that result.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::reason;

const OPTION: &str = "--extra-opts";

/// The largest file that is read, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// Names that are looked for in each folder of `$NAGIOS_CONFIG_PATH`.
const NAMES: [&str; 3] = [
    "monitoring-plugins.ini",
    "plugins.ini",
    "nagios-plugins.ini",
];

/// Where a file is looked for when nothing else says where.
const STANDARD: [&str; 11] = [
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

/// Why the options of a file cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub enum IniError {
    /// No file was named, and none lies where one is looked for.
    NotFound,
    /// The file cannot be read.
    Unreadable {
        /// Its name.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// The file has no such section, or the section is empty.
    Section {
        /// The section.
        section: String,
        /// The name of the file.
        file: String,
    },
    /// A line makes no sense.
    Line {
        /// The name of the file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl IniError {
    /// Where to look, as a further line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound => Some(format!(
                "name a file as {OPTION}=SECTION@FILE, or in the environment as MP_CONFIG_FILE"
            )),
            Self::Unreadable { file, .. } => Some(format!("the file is {file}")),
            Self::Section { .. } => None,
            Self::Line { file, line, reason } => Some(format!("{file}, line {line}: {reason}")),
        }
    }
}

impl fmt::Display for IniError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("Cannot find config file in any standard location."),
            Self::Unreadable { reason, .. } => write!(f, "Can't read config file: {reason}"),
            Self::Section { section, file } => {
                write!(f, "Invalid section '{section}' in config file '{file}'")
            }
            Self::Line { .. } => f.write_str("Config file error"),
        }
    }
}

impl std::error::Error for IniError {}

/// Replaces every `--extra-opts` by the options of its section, which come before all others.
/// `section` is the one that is meant when none is named.
pub fn expand(words: Vec<String>, section: &str) -> Result<Vec<String>, IniError> {
    if !words.iter().any(|word| word.starts_with(OPTION)) {
        return Ok(words);
    }
    let mut options = Vec::new();
    let mut others = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            others.push(word);
            others.extend(words);
            break;
        }
        let source = if word == OPTION {
            words
                .next_if(|next| !next.starts_with('-'))
                .unwrap_or_default()
        } else if let Some(source) = word.strip_prefix("--extra-opts=") {
            source.to_owned()
        } else {
            others.push(word);
            continue;
        };
        options.extend(section_options(&source, section)?);
    }
    options.extend(others);
    Ok(options)
}

/// The options of `[SECTION][@FILE]`.
fn section_options(source: &str, default_section: &str) -> Result<Vec<String>, IniError> {
    let (section, file) = match source.split_once('@') {
        Some((_, "")) => return Err(IniError::NotFound),
        Some((section, file)) => (section, file.into()),
        None => (source, standard_file()?),
    };
    let section = if section.is_empty() {
        default_section
    } else {
        section
    };
    let name = file.display().to_string();
    let bytes = read(&file).map_err(|error| IniError::Unreadable {
        file: name.clone(),
        reason: reason(&error),
    })?;
    let options = parse(&bytes, section).map_err(|(line, reason)| IniError::Line {
        file: name.clone(),
        line,
        reason,
    })?;
    if options.is_empty() {
        return Err(IniError::Section {
            section: section.to_owned(),
            file: name,
        });
    }
    Ok(options)
}

/// The file that is meant when none is named.
fn standard_file() -> Result<PathBuf, IniError> {
    if let Some(file) = env::var_os("MP_CONFIG_FILE") {
        return if file.is_empty() {
            Err(IniError::NotFound)
        } else {
            Ok(file.into())
        };
    }
    let in_folders = folders(&env::var_os("NAGIOS_CONFIG_PATH").unwrap_or_default())
        .into_iter()
        .filter(|folder| !folder.as_os_str().is_empty())
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .collect::<Vec<_>>();
    let standard = STANDARD.iter().map(PathBuf::from);
    in_folders
        .into_iter()
        .chain(standard)
        .find(|file| file.exists())
        .ok_or(IniError::NotFound)
}

/// Those of a list with colons.
#[cfg(not(target_family = "wasm"))]
fn folders(list: &OsStr) -> Vec<PathBuf> {
    env::split_paths(list).collect()
}

/// The same, which the standard library for WASI does not support.
#[cfg(target_family = "wasm")]
fn folders(list: &OsStr) -> Vec<PathBuf> {
    let list = list.to_string_lossy();
    list.split(':').map(PathBuf::from).collect()
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(file)?)
    };
    match (&mut source).take(SIZE_LIMIT + 1).read_to_end(&mut bytes) {
        // A folder has no sections.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => return Ok(Vec::new()),
        result => result?,
    };
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(io::Error::other(format!("larger than {SIZE_LIMIT} bytes")));
    }
    Ok(bytes)
}

/// The options of a section as words, or the line that makes no sense, and why. What stands in the
/// file is not repeated: it may be a password, or a file that was not meant.
fn parse(bytes: &[u8], wanted: &str) -> Result<Vec<String>, (usize, &'static str)> {
    let mut words = Vec::new();
    let mut section = None;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let mut rest = line.trim_ascii();
        if let Some(header) = rest.strip_prefix(b"[") {
            let end = header.iter().position(|byte| *byte == b']');
            let (name, behind) = header.split_at(end.unwrap_or(header.len()));
            // A header without its end begins a section that nobody asks for.
            section = Some(end.map(|_| name.trim_ascii()));
            rest = behind.strip_prefix(b"]").unwrap_or_default().trim_ascii();
        }
        if matches!(rest.first(), None | Some(b'#' | b';')) {
            continue;
        }
        match section {
            None => return Err((at + 1, "it stands before the first [section]")),
            Some(Some(name)) if name == wanted.as_bytes() => {
                words.push(option(rest).map_err(|reason| (at + 1, reason))?);
            }
            Some(_) => {}
        }
    }
    Ok(words)
}

/// `key=value` as `--key=value`, `key=` as `--key`; a key of one letter is a short option.
fn option(line: &[u8]) -> Result<String, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let (key, value) = line
        .split_once('=')
        .ok_or("no '='; a flag is written as KEY=")?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() {
        return Err("nothing before '='");
    }
    let is_short = key.chars().count() == 1;
    Ok(match (is_short, value.is_empty()) {
        (true, _) => format!("-{key}{value}"),
        (false, true) => format!("--{key}"),
        (false, false) => format!("--{key}={value}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "# first\n\n[ check_smtp ] ; note\n  hostname = mx.example.org  \n\tport=25\n\
                        H=x\nL=\nstarttls =\nexpect=a # b = c\n[other]\nnonsense\n\
                        [check_smtp] fqdn=me\r\n";

    #[test]
    fn a_section_becomes_words() {
        let words = [
            "--hostname=mx.example.org",
            "--port=25",
            "-Hx",
            "-L",
            "--starttls",
            "--expect=a # b = c",
            "--fqdn=me",
        ];
        assert_eq!(parse(TEXT.as_bytes(), "check_smtp").unwrap(), words);
        let marked = format!("\u{feff}{TEXT}");
        assert_eq!(parse(marked.as_bytes(), "check_smtp").unwrap(), words);
        assert_eq!(parse(TEXT.as_bytes(), "CHECK_SMTP").unwrap().len(), 0);
    }

    #[test]
    fn only_what_is_used_has_to_be_right() {
        let text = b"# caf\xe9\n[open\nnonsense\n[other]\n\xff\n[a]\nport=25\n[end";
        assert_eq!(parse(text, "a").unwrap(), ["--port=25"]);
        assert_eq!(parse(b"[a]\nfqdn=\xff\n", "a").unwrap_err().0, 2);
    }

    #[test]
    fn nothing_of_the_file_is_repeated() {
        for text in [
            "root:secret:1\n",
            "[a]\nauthpass secret\n",
            "[a]\n=secret\n",
        ] {
            let (_, reason) = parse(text.as_bytes(), "a").unwrap_err();
            assert!(!reason.contains("secret"), "{reason}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_named() {
        for (text, line) in [
            ("port=1\n[a]\n", 1),
            ("[a]\nport=1\nstarttls\n", 3),
            ("[a]\n=5\n", 2),
        ] {
            assert_eq!(parse(text.as_bytes(), "a").unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn words_without_the_option_stay_as_they_are() {
        let words = vec![
            "-H".to_owned(),
            "x".to_owned(),
            "--".to_owned(),
            OPTION.to_owned(),
        ];
        assert_eq!(expand(words.clone(), "s"), Ok(words));
    }

    #[test]
    fn a_missing_file_is_named_in_the_hint() {
        let words = vec!["--extra-opts=a@/no/such.ini".to_owned()];
        let error = expand(words, "s").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Can't read config file: No such file or directory"
        );
        assert_eq!(error.hint().as_deref(), Some("the file is /no/such.ini"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec("[!-~é]{1,12}", 1..6)) {
            let lines: String = values.iter().map(|value| format!("  key = {value} \n")).collect();
            let words: Vec<_> = values.iter().map(|value| format!("--key={value}")).collect();
            let text = format!("[other]\n=\n[ s ]\n{lines}[other]\n");
            prop_assert_eq!(parse(text.as_bytes(), "s").unwrap(), words);
        }
    }
}
