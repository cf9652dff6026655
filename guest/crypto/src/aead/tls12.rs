//! Record protection of TLS 1.2: RFC 5288 for AES-GCM, RFC 7905 for ChaCha20-Poly1305.

use alloc::boxed::Box;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, NONCE_LEN, Nonce, OutboundOpaqueMessage, OutboundPlainMessage,
    PrefixedPayload, Tls12AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
};
use rustls::{ConnectionTrafficSecrets, Error};

use super::{Aead, Cipher, MAX_PLAINTEXT_LEN, TAG_LEN, Tls12Nonce, open, seal};

/// The part of an explicit nonce that never travels, in bytes (RFC 5288, section 3).
const SALT_LEN: usize = 4;

impl Tls12Nonce {
    /// How many bytes of the nonce travel in front of each ciphertext.
    const fn explicit_len(self) -> usize {
        match self {
            Self::Explicit => NONCE_LEN - SALT_LEN,
            Self::Implicit => 0,
        }
    }
}

impl<C: Cipher> Tls12AeadAlgorithm for Aead<C> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Records {
            cipher: C::keyed(&key),
            iv: nonce_base(iv, extra),
        })
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Records {
            cipher: C::keyed(&key),
            iv: nonce_base(iv, &[]),
        })
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        let explicit_nonce_len = C::TLS12_NONCE.explicit_len();
        KeyBlockShape {
            enc_key_len: C::key_size(),
            fixed_iv_len: NONCE_LEN - explicit_nonce_len,
            explicit_nonce_len,
        }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(C::secrets(key, nonce_base(iv, explicit)))
    }
}

/// The nonce's fixed part, then what the key block adds to it; zeros where it adds nothing.
fn nonce_base(fixed: &[u8], extra: &[u8]) -> Iv {
    let mut base = [0; NONCE_LEN];
    for (to, from) in base.iter_mut().zip(fixed.iter().chain(extra)) {
        *to = *from;
    }
    Iv::new(base)
}

/// One direction of a connection.
struct Records<C> {
    cipher: C,
    iv: Iv,
}

impl<C: Cipher> MessageEncrypter for Records<C> {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let length = message.payload.len();
        let aad = make_tls12_aad(sequence, message.typ, message.version, length);
        let nonce = Nonce::new(&self.iv, sequence).0;
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(length));
        if C::TLS12_NONCE == Tls12Nonce::Explicit {
            let (_, explicit) = nonce.split_at(SALT_LEN);
            payload.extend_from_slice(explicit);
        }
        payload.extend_from_chunks(&message.payload);
        seal(
            &self.cipher,
            nonce,
            &aad,
            &mut payload,
            C::TLS12_NONCE.explicit_len(),
        )?;
        Ok(OutboundOpaqueMessage::new(
            message.typ,
            message.version,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        C::TLS12_NONCE.explicit_len() + payload_len + TAG_LEN
    }
}

impl<C: Cipher> Records<C> {
    /// The nonce of a received record that starts with `explicit`.
    fn received_nonce(&self, explicit: &[u8], sequence: u64) -> [u8; NONCE_LEN] {
        match C::TLS12_NONCE {
            Tls12Nonce::Implicit => Nonce::new(&self.iv, sequence).0,
            Tls12Nonce::Explicit => {
                let mut nonce = [0; NONCE_LEN];
                let salt = self.iv.as_ref().iter().take(SALT_LEN);
                for (to, from) in nonce.iter_mut().zip(salt.chain(explicit)) {
                    *to = *from;
                }
                nonce
            }
        }
    }
}

impl<C: Cipher> MessageDecrypter for Records<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let start = C::TLS12_NONCE.explicit_len();
        let (explicit, sealed) = message
            .payload
            .split_at_mut_checked(start)
            .ok_or(Error::DecryptError)?;
        let length = sealed
            .len()
            .checked_sub(TAG_LEN)
            .ok_or(Error::DecryptError)?;
        // RFC 5246, section 6.2.3.3: the length that is authenticated is the plaintext's.
        let aad = make_tls12_aad(sequence, message.typ, message.version, length);
        open(
            &self.cipher,
            self.received_nonce(explicit, sequence),
            &aad,
            sealed,
        )?;
        // RFC 5246, section 6.2.1: no plaintext is longer than 2^14 bytes.
        if length > MAX_PLAINTEXT_LEN {
            return Err(Error::PeerSentOversizedRecord);
        }
        Ok(message.into_plain_message_range(start..start + length))
    }
}

#[cfg(test)]
mod tests {
    use aes_gcm::{Aes256Gcm, KeyInit};
    use chacha20poly1305::ChaCha20Poly1305;
    use hex_literal::hex;
    use rustls::crypto::cipher::OutboundChunks;
    use rustls::{ContentType, ProtocolVersion};
    use std::vec;
    use std::vec::Vec;

    use super::super::{AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305};
    use super::*;

    const KEY: [u8; 32] = [0x42; 32];
    const SEQUENCE: u64 = 0x0102_0304_0506_0708;

    /// What TLS 1.2 authenticates of a record with five bytes of content (RFC 5246, section
    /// 6.2.3.3): sequence number, type, version and length.
    const AAD: [u8; 13] = hex!("0102030405060708 17 0303 0005");

    fn encrypter(cipher: &dyn Tls12AeadAlgorithm, iv: [u8; 12]) -> Box<dyn MessageEncrypter> {
        let (fixed, extra) = iv.split_at(cipher.key_block_shape().fixed_iv_len);
        cipher.encrypter(KEY.into(), fixed, extra)
    }

    fn decrypter(cipher: &dyn Tls12AeadAlgorithm, iv: [u8; 12]) -> Box<dyn MessageDecrypter> {
        let (fixed, _) = iv.split_at(cipher.key_block_shape().fixed_iv_len);
        cipher.decrypter(KEY.into(), fixed)
    }

    fn encrypted(records: &mut dyn MessageEncrypter, content: &[u8], sequence: u64) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::from(content),
        };
        let record = records.encrypt(message, sequence).unwrap().encode();
        assert_eq!(record[..3], hex!("170303"));
        record[5..].to_vec()
    }

    fn decrypted(
        records: &mut dyn MessageDecrypter,
        payload: &[u8],
        sequence: u64,
    ) -> Result<Vec<u8>, Error> {
        decrypted_as(records, ContentType::ApplicationData, payload, sequence)
    }

    fn decrypted_as(
        records: &mut dyn MessageDecrypter,
        content_type: ContentType,
        payload: &[u8],
        sequence: u64,
    ) -> Result<Vec<u8>, Error> {
        let mut payload = payload.to_vec();
        let version = ProtocolVersion::TLSv1_2;
        let message = InboundOpaqueMessage::new(content_type, version, &mut payload);
        let plain = records.decrypt(message, sequence)?;
        assert_eq!((plain.typ, plain.version), (content_type, version));
        Ok(plain.payload.to_vec())
    }

    /// What `cipher` makes of "hello" under `nonce` and [`AAD`].
    fn sealed(cipher: &impl Cipher, nonce: [u8; 12]) -> Vec<u8> {
        let mut content = *b"hello";
        let buffer = content.as_mut_slice().into();
        let tag = cipher
            .encrypt_inout_detached(&nonce.into(), &AAD, buffer)
            .unwrap();
        [&content[..], &tag].concat()
    }

    #[test]
    fn aes_gcm_records_are_those_of_rfc_5288() {
        let mut writer = encrypter(&AES_256_GCM, hex!("a0a1a2a3 1011121314151617"));
        let record = encrypted(&mut *writer, b"hello", SEQUENCE);
        // The salt stays at home; the rest, mixed with the sequence number, travels.
        let nonce = hex!("a0a1a2a3 111311171113111f");
        let expected = sealed(&Aes256Gcm::new(&KEY.into()), nonce);
        assert_eq!(record, [&nonce[4..], &expected[..]].concat());
        // Whatever the peer's explicit nonce is, it is the one that counts.
        let mut reader = decrypter(&AES_256_GCM, hex!("a0a1a2a3 ffffffffffffffff"));
        assert_eq!(
            decrypted(&mut *reader, &record, SEQUENCE).unwrap(),
            b"hello"
        );
    }

    #[test]
    fn chacha20_records_are_those_of_rfc_7905() {
        let iv = hex!("a0a1a2a3a4a5a6a7a8a9aaab");
        let record = encrypted(&mut *encrypter(&CHACHA20_POLY1305, iv), b"hello", SEQUENCE);
        let nonce = hex!("a0a1a2a3 a5a7a5a3adafada3");
        assert_eq!(record, sealed(&ChaCha20Poly1305::new(&KEY.into()), nonce));
        let mut reader = decrypter(&CHACHA20_POLY1305, iv);
        assert_eq!(
            decrypted(&mut *reader, &record, SEQUENCE).unwrap(),
            b"hello"
        );
    }

    #[test]
    fn shapes_are_those_of_the_suites() {
        let ciphers: [(&dyn Tls12AeadAlgorithm, [usize; 3]); 3] = [
            (&AES_128_GCM, [16, 4, 8]),
            (&AES_256_GCM, [32, 4, 8]),
            (&CHACHA20_POLY1305, [32, 12, 0]),
        ];
        for (cipher, expected) in ciphers {
            let shape = cipher.key_block_shape();
            let shape = [
                shape.enc_key_len,
                shape.fixed_iv_len,
                shape.explicit_nonce_len,
            ];
            assert_eq!(shape, expected);
        }
    }

    /// Runs `check` with a name, a record of "hello" and a reader for it, for both kinds of nonce.
    fn for_each_cipher(check: impl Fn(&str, &[u8], &mut dyn MessageDecrypter)) {
        let ciphers: [(&str, &dyn Tls12AeadAlgorithm); 2] =
            [("AES-GCM", &AES_256_GCM), ("ChaCha20", &CHACHA20_POLY1305)];
        for (name, cipher) in ciphers {
            let record = encrypted(&mut *encrypter(cipher, [9; 12]), b"hello", SEQUENCE);
            check(name, &record, &mut *decrypter(cipher, [9; 12]));
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        for_each_cipher(|name, record, reader| {
            for position in 0..record.len() {
                let mut record = record.to_vec();
                record[position] ^= 0x01;
                let result = decrypted(reader, &record, SEQUENCE);
                assert_eq!(result, Err(Error::DecryptError), "{name} {position}");
            }
        });
    }

    #[test]
    fn another_sequence_number_type_or_length_is_noticed() {
        for_each_cipher(|name, record, reader| {
            let refused = Err(Error::DecryptError);
            assert_eq!(decrypted(reader, record, SEQUENCE + 1), refused, "{name}");
            let retyped = decrypted_as(reader, ContentType::Handshake, record, SEQUENCE);
            assert_eq!(retyped, refused, "{name}");
            for length in 0..record.len() {
                assert_eq!(
                    decrypted(reader, &record[..length], SEQUENCE),
                    refused,
                    "{name}"
                );
            }
            let longer = [record, &[0]].concat();
            assert_eq!(decrypted(reader, &longer, SEQUENCE), refused, "{name}");
        });
    }

    #[test]
    fn records_may_be_empty_or_full_but_not_fuller() {
        let ciphers: [&dyn Tls12AeadAlgorithm; 2] = [&AES_256_GCM, &CHACHA20_POLY1305];
        for cipher in ciphers {
            let mut writer = encrypter(cipher, [9; 12]);
            let mut reader = decrypter(cipher, [9; 12]);
            for (length, allowed) in [(0, true), (16384, true), (16385, false)] {
                let content = vec![7; length];
                let record = encrypted(&mut *writer, &content, SEQUENCE);
                assert_eq!(record.len(), writer.encrypted_payload_len(length));
                let expected = if allowed {
                    Ok(content)
                } else {
                    Err(Error::PeerSentOversizedRecord)
                };
                assert_eq!(decrypted(&mut *reader, &record, SEQUENCE), expected);
            }
        }
    }
}
