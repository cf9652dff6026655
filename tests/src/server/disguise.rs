//! Records that rustls never sends, sealed by its own record layer: any content type, any
//! contents, none at all.
//!
//! The cipher suites are rustls' with one addition: while a [`Disguise`] is worn, what goes out as
//! application data is given another content type (and no contents, where it has none).

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::LazyLock;

use rustls::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundOpaqueMessage, OutboundPlainMessage, Tls12AeadAlgorithm, Tls13AeadAlgorithm,
    UnsupportedOperationError,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{
    CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, ServerConnection,
    SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

/// What the records that this thread seals are to look like.
#[derive(Clone, Copy)]
struct Disguise {
    content_type: ContentType,
    empty: bool,
}

thread_local! {
    static WORN: Cell<Option<Disguise>> = const { Cell::new(None) };
}

/// *ring*'s provider, whose records can be disguised.
pub(super) fn provider() -> CryptoProvider {
    static SUITES: LazyLock<Vec<SupportedCipherSuite>> =
        LazyLock::new(|| ring::ALL_CIPHER_SUITES.iter().map(disguisable).collect());
    CryptoProvider {
        cipher_suites: SUITES.clone(),
        ..ring::default_provider()
    }
}

/// What is still to be sent, and behind it these contents in a record of this type.
pub(super) fn seal(
    tls: &mut ServerConnection,
    content_type: u8,
    contents: &[u8],
) -> io::Result<Vec<u8>> {
    let empty = contents.is_empty();
    WORN.set(Some(Disguise {
        content_type: ContentType::from(content_type),
        empty,
    }));
    // rustls sends nothing when there is nothing to send.
    let sealed = tls.writer().write_all(if empty { &[0] } else { contents });
    WORN.set(None);
    sealed?;
    all_to_send(tls)
}

/// What is to be sent.
pub(super) fn all_to_send(tls: &mut ServerConnection) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut bytes)?;
    }
    Ok(bytes)
}

/// The suite with disguises.  There are a dozen of them, made once: nothing is lost by leaking.
fn disguisable(suite: &SupportedCipherSuite) -> SupportedCipherSuite {
    match *suite {
        SupportedCipherSuite::Tls12(suite) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&suite.common),
                prf_provider: suite.prf_provider,
                kx: suite.kx,
                sign: suite.sign,
                aead_alg: Box::leak(Box::new(Disguising(suite.aead_alg))),
            })))
        }
        SupportedCipherSuite::Tls13(suite) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&suite.common),
                hkdf_provider: suite.hkdf_provider,
                aead_alg: Box::leak(Box::new(Disguising(suite.aead_alg))),
                quic: None,
            })))
        }
    }
}

fn common(suite: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: suite.suite,
        hash_provider: suite.hash_provider,
        confidentiality_limit: suite.confidentiality_limit,
    }
}

/// An algorithm, or what seals with it, and the disguise on top.
struct Disguising<T>(T);

impl Tls13AeadAlgorithm for Disguising<&'static dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Disguising(self.0.encrypter(key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }
}

impl Tls12AeadAlgorithm for Disguising<&'static dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Disguising(self.0.encrypter(key, iv, extra)))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.0.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv, explicit)
    }
}

impl MessageEncrypter for Disguising<Box<dyn MessageEncrypter>> {
    fn encrypt(
        &mut self,
        mut message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        if let Some(disguise) = WORN.get() {
            message.typ = disguise.content_type;
            if disguise.empty {
                message.payload = OutboundChunks::new_empty();
            }
        }
        self.0.encrypt(message, sequence)
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        self.0.encrypted_payload_len(length)
    }
}
