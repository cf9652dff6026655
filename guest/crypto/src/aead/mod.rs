//! AEAD ciphers and the protection of records with them.

mod tls12;
mod tls13;
#[cfg(test)]
mod vectors;

use core::marker::PhantomData;

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use rustls::crypto::cipher::{AeadKey, Iv, NONCE_LEN, PrefixedPayload};
use rustls::{ConnectionTrafficSecrets, Error};

/// AES-128 in Galois/counter mode.
pub(crate) static AES_128_GCM: Aead<Aes128Gcm> = Aead(PhantomData);
/// AES-256 in Galois/counter mode.
pub(crate) static AES_256_GCM: Aead<Aes256Gcm> = Aead(PhantomData);
/// `ChaCha20` with Poly1305 (RFC 8439).
pub(crate) static CHACHA20_POLY1305: Aead<ChaCha20Poly1305> = Aead(PhantomData);

/// The length of every cipher's authentication tag in bytes.
const TAG_LEN: usize = 16;

/// The longest plaintext of a record in bytes (RFC 5246, section 6.2.1; RFC 8446, section 5.1).
const MAX_PLAINTEXT_LEN: usize = 1 << 14;

/// The cipher `C`, without a key.
pub(crate) struct Aead<C>(PhantomData<fn() -> C>);

/// Where the nonce of a TLS 1.2 record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls12Nonce {
    /// Four secret bytes, then eight that travel in the record (RFC 5288, section 3).
    Explicit,
    /// Twelve secret bytes mixed with the sequence number (RFC 7905, section 2).
    Implicit,
}

/// A cipher that TLS has suites for.
trait Cipher: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static {
    /// Where its TLS 1.2 records have their nonces from.
    const TLS12_NONCE: Tls12Nonce;

    /// Key and nonce base as rustls exports them.
    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets;

    /// The cipher with its key.
    fn keyed(key: &AeadKey) -> Self {
        Self::new_from_slice(key.as_ref()).expect("rustls derives keys of the length we state")
    }
}

impl Cipher for Aes128Gcm {
    const TLS12_NONCE: Tls12Nonce = Tls12Nonce::Explicit;

    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
    }
}

impl Cipher for Aes256Gcm {
    const TLS12_NONCE: Tls12Nonce = Tls12Nonce::Explicit;

    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Aes256Gcm { key, iv }
    }
}

impl Cipher for ChaCha20Poly1305 {
    const TLS12_NONCE: Tls12Nonce = Tls12Nonce::Implicit;

    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }
    }
}

/// Encrypts what `payload` holds from `start` on and appends the tag.
fn seal<C: Cipher>(
    cipher: &C,
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    payload: &mut PrefixedPayload,
    start: usize,
) -> Result<(), Error> {
    let plaintext = payload
        .as_mut()
        .get_mut(start..)
        .ok_or(Error::EncryptError)?;
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), aad, plaintext.into())
        .map_err(|_| Error::EncryptError)?;
    payload.extend_from_slice(&tag);
    Ok(())
}

/// Decrypts `sealed`, ciphertext and tag, in place; returns the plaintext's length in bytes.
///
/// When the tag is wrong, nothing has been decrypted.
fn open<C: Cipher>(
    cipher: &C,
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    sealed: &mut [u8],
) -> Result<usize, Error> {
    let (ciphertext, tag) = sealed
        .split_last_chunk_mut::<TAG_LEN>()
        .ok_or(Error::DecryptError)?;
    let length = ciphertext.len();
    cipher
        .decrypt_inout_detached(&nonce.into(), aad, ciphertext.into(), &(*tag).into())
        .map_err(|_| Error::DecryptError)?;
    Ok(length)
}
