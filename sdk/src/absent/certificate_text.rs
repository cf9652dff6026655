//! No TLS: no certificate is ever shown.

/// What a certificate says: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the build that has TLS")]
pub struct Text {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<String>,
    pub serial: String,
    pub begins: String,
    pub ends: String,
    pub fingerprint: String,
    pub key_fingerprint: String,
}

impl Text {
    /// Nothing.
    #[must_use]
    pub fn of(_: &[u8]) -> Self {
        Self::default()
    }
}
