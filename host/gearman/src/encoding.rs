//! How `mod_gearman`'s texts travel: in base64, and in that encrypted with AES-256 in the mode ECB
//! when there is a key.

use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64ct::{Base64, Encoding as _};

/// Bytes of a key that count.
const KEY: usize = 32;
/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// Whether there is a key, and which.
pub enum Encoding {
    /// There is none: base64 or, from other clients, the text as it is.
    Clear,
    /// There is one. What is not encrypted with it is refused.
    Encrypted(Box<Aes256>),
}

/// How a job came, so how its result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The text as it is.
    Plain,
    /// In base64.
    Base64,
}

/// Why there is no text in what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no base64.
    Base64,
    /// It is no text, and there is no key.
    NoKey,
    /// It is no text with this key.
    WrongKey,
    /// It is a text, and there is a key.
    NotEncrypted,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "it is not in base64",
            Self::NoKey => "it is encrypted or damaged: name the key with --key-file",
            Self::WrongKey => "it cannot be decrypted: this key is not the one of the monitoring system",
            Self::NotEncrypted => "it is not encrypted, and only what is encrypted with the key is run: \
                 set encryption=yes and the same key in the monitoring system, or leave --key-file out",
        })
    }
}

impl std::error::Error for Unreadable {}

impl Encoding {
    /// Encryption with this key: 32 bytes count, and what a shorter one lacks is zero, as in
    /// `mod_gearman`.
    #[must_use]
    pub fn with_key(key: &[u8]) -> Self {
        let mut padded = [0; KEY];
        padded
            .iter_mut()
            .zip(key)
            .for_each(|(to, from)| *to = *from);
        Self::Encrypted(Box::new(Aes256::new(&padded.into())))
    }

    /// The text of a job.
    pub fn open(&self, data: &[u8]) -> Result<(Vec<u8>, Form), Unreadable> {
        if is_text(data) {
            return match self {
                Self::Clear => Ok((without_padding(data.to_vec()), Form::Plain)),
                Self::Encrypted(_) => Err(Unreadable::NotEncrypted),
            };
        }
        let bytes = decode(data)?;
        match self {
            Self::Clear if is_text(&bytes) => Ok((without_padding(bytes), Form::Base64)),
            Self::Clear => Err(Unreadable::NoKey),
            Self::Encrypted(_) if is_text(&bytes) => Err(Unreadable::NotEncrypted),
            Self::Encrypted(cipher) => Ok((decrypt(cipher, bytes)?, Form::Base64)),
        }
    }

    /// What is sent of a text.
    #[must_use]
    pub fn seal(&self, mut text: Vec<u8>, form: Form) -> Vec<u8> {
        if let Self::Encrypted(cipher) = self {
            encrypt(cipher, &mut text);
        } else if form == Form::Plain {
            return text;
        }
        Base64::encode_string(&text).into_bytes()
    }
}

/// All jobs begin with their type.
fn is_text(bytes: &[u8]) -> bool {
    bytes.starts_with(b"type=")
}

/// Base64 may be broken into lines.
fn decode(data: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let data: Vec<u8> = data
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != 0)
        .collect();
    let text = str::from_utf8(&data).map_err(|_| Unreadable::Base64)?;
    Base64::decode_vec(text).map_err(|_| Unreadable::Base64)
}

fn decrypt(cipher: &Aes256, mut bytes: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
    let (blocks, rest) = bytes.as_chunks_mut::<BLOCK>();
    if !rest.is_empty() {
        return Err(Unreadable::WrongKey);
    }
    for block in blocks {
        let mut array = (*block).into();
        cipher.decrypt_block(&mut array);
        *block = array.into();
    }
    if !is_text(&bytes) {
        return Err(Unreadable::WrongKey);
    }
    Ok(without_padding(bytes))
}

/// With zeros up to the next block, and a block of them when it is full, as `mod_gearman` does it.
fn encrypt(cipher: &Aes256, text: &mut Vec<u8>) {
    text.resize((text.len() / BLOCK + 1) * BLOCK, 0);
    let (blocks, _) = text.as_chunks_mut::<BLOCK>();
    for block in blocks {
        let mut array = (*block).into();
        cipher.encrypt_block(&mut array);
        *block = array.into();
    }
}

fn without_padding(mut text: Vec<u8>) -> Vec<u8> {
    let end = text.iter().rposition(|byte| *byte != 0);
    text.truncate(end.map_or(0, |last| last + 1));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by vectors/make with openssl and base64, not by this code.
    const KEY: &[u8] = b"should_be_changed";
    const JOB: &[u8] = include_bytes!("../vectors/job.txt");
    const JOB_CLEAR: &[u8] = include_bytes!("../vectors/job.base64");
    const JOB_ENCRYPTED: &[u8] = include_bytes!("../vectors/job.aes");
    const RESULT: &[u8] = include_bytes!("../vectors/result.txt");
    const RESULT_CLEAR: &[u8] = include_bytes!("../vectors/result.base64");
    const RESULT_ENCRYPTED: &[u8] = include_bytes!("../vectors/result.aes");

    #[test]
    fn jobs_are_read_in_both_settings() {
        let clear = Encoding::Clear.open(JOB_CLEAR);
        assert_eq!(clear, Ok((JOB.to_vec(), Form::Base64)));
        let encrypted = Encoding::with_key(KEY).open(JOB_ENCRYPTED);
        assert_eq!(encrypted, Ok((JOB.to_vec(), Form::Base64)));
        assert_eq!(Encoding::Clear.open(JOB), Ok((JOB.to_vec(), Form::Plain)));
    }

    #[test]
    fn results_are_written_in_both_settings() {
        let clear = Encoding::Clear.seal(RESULT.to_vec(), Form::Base64);
        assert_eq!(clear, RESULT_CLEAR);
        let encrypted = Encoding::with_key(KEY).seal(RESULT.to_vec(), Form::Base64);
        assert_eq!(encrypted, RESULT_ENCRYPTED);
        assert_eq!(Encoding::Clear.seal(RESULT.to_vec(), Form::Plain), RESULT);
    }

    #[test]
    fn of_a_long_key_the_first_bytes_count() {
        let long = [KEY, &[0; 15], b"and more"].concat();
        assert!(Encoding::with_key(&long).open(JOB_ENCRYPTED).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        let key = Encoding::with_key(KEY);
        let other = Encoding::with_key(b"another");
        for (encoding, data, expected) in [
            (&Encoding::Clear, b"type-".as_slice(), Unreadable::Base64),
            (&Encoding::Clear, b"", Unreadable::NoKey),
            (&Encoding::Clear, JOB_ENCRYPTED, Unreadable::NoKey),
            (&other, JOB_ENCRYPTED, Unreadable::WrongKey),
            (&key, b"AAAA", Unreadable::WrongKey),
            (&key, JOB_CLEAR, Unreadable::NotEncrypted),
            (&key, JOB, Unreadable::NotEncrypted),
        ] {
            assert_eq!(
                encoding.open(data),
                Err(expected),
                "{}",
                data.escape_ascii()
            );
        }
    }
}
