//! Keying material that both ends of a connection of TLS 1.3 can make (RFC 8446 section 7.5). rustls makes
//! it with its `std` feature only; without that, the secret behind it is to be had as an entry of a key log.

use std::fmt;
use std::sync::OnceLock;

use rustls::crypto::tls13::OkmBlock;
use rustls::{KeyLog, Tls13CipherSuite};

/// The exporter master secret, once there is one. Nothing that goes over the connection can be read with
/// it.
#[derive(Default)]
pub(super) struct Exporter(OnceLock<OkmBlock>);

impl Exporter {
    /// What both ends make of a label, with an empty context.
    pub(super) fn export(&self, suite: &Tls13CipherSuite, label: &[u8]) -> Option<[u8; 32]> {
        let mut material = [0; 32];
        let nothing = suite.common.hash_provider.hash(&[]);
        let master = suite.hkdf_provider.expander_for_okm(self.0.get()?);
        let info = hkdf_label(master.hash_len(), label, nothing.as_ref())?;
        let secret = master.expand_block(&[&info]);
        let info = hkdf_label(material.len(), b"exporter", nothing.as_ref())?;
        let expander = suite.hkdf_provider.expander_for_okm(&secret);
        expander.expand_slice(&[&info], &mut material).ok()?;
        Some(material)
    }
}

/// RFC 8446 section 7.1.
fn hkdf_label(length: usize, label: &[u8], context: &[u8]) -> Option<Vec<u8>> {
    let label = [b"tls13 ", label].concat();
    let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
    let label_length = u8::try_from(label.len()).ok()?;
    let context_length = u8::try_from(context.len()).ok()?;
    Some(
        [
            &[high, low, label_length],
            &label[..],
            &[context_length],
            context,
        ]
        .concat(),
    )
}

impl KeyLog for Exporter {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        if self.will_log(label) {
            self.0.get_or_init(|| OkmBlock::new(secret));
        }
    }

    fn will_log(&self, label: &str) -> bool {
        label == "EXPORTER_SECRET"
    }
}

/// Without the secret.
impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}
