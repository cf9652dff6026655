//! Bytes that the scenarios write as text, each as one character.

use serde::Deserialize;

use crate::latin1;

/// Bytes, each written as one character.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Bytes(pub Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        latin1::bytes(&text)
            .map(Self)
            .map_err(|c| format!("{c:?} is not one byte; write the bytes as \\u0000 to \\u00ff"))
    }
}
