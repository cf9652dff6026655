//! Arguments that make no sense.

use std::fmt;

/// Arguments that make no sense; the contract's `misuse`. A host shows it and calls the state
/// UNKNOWN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// One line.
    pub message: String,
    /// The value that was given and the accepted form.
    pub hint: Option<String>,
}

impl Misuse {
    /// A message that says it all.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// A message, and the way out.
    pub fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// The server's name or address does not exist or cannot be one.
    #[must_use]
    pub fn invalid_host(value: &str) -> Self {
        Self::new(format!("Invalid hostname/address - {value}"))
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misuse {}
