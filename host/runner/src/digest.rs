//! The name of some bytes: `sha256:` and 64 hexadecimal digits.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cache::{hex, sha256};

/// What is read at once, in bytes.
const BUFFER: usize = 16 << 10;

/// A digest that is written as one; OCI image specification, "Digests". Only SHA-256 is known here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Digest(String);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }

    /// Of what is left of a file.
    pub(crate) fn of_file(file: &mut File) -> io::Result<Self> {
        let (mut hash, mut buffer) = (Sha256::new(), [0; BUFFER]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(Self(hex(&hash.finalize()))),
                length => hash.update(buffer.get(..length).unwrap_or_default()),
            }
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        ensure!(
            hex.len() == 64 && hex.bytes().all(is_digit),
            "'{text}' is no digest; accepted: sha256: and 64 hexadecimal digits"
        );
        Ok(Self(hex.to_owned()))
    }

    /// The digits alone.
    pub(crate) fn hex(&self) -> &str {
        &self.0
    }

    /// As much as people need to tell versions apart.
    pub(crate) fn short(&self) -> &str {
        self.0.get(..12).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}
