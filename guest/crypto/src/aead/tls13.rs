//! Record protection of TLS 1.3 (RFC 8446, section 5.2).

use alloc::boxed::Box;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter,
    Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm,
    UnsupportedOperationError, make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

use super::{Aead, Cipher, TAG_LEN, open, seal};

impl<C: Cipher> Tls13AeadAlgorithm for Aead<C> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Records {
            cipher: C::keyed(&key),
            iv,
        })
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Records {
            cipher: C::keyed(&key),
            iv,
        })
    }

    fn key_len(&self) -> usize {
        C::key_size()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(C::secrets(key, iv))
    }
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
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        // RFC 8446, section 5.2: TLSInnerPlaintext is the content, then its type; no padding.
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&message.typ.to_array());
        // RFC 8446, section 5.3: the nonce is the sequence number mixed into the write IV.
        let nonce = Nonce::new(&self.iv, sequence).0;
        seal(
            &self.cipher,
            nonce,
            &make_tls13_aad(length),
            &mut payload,
            0,
        )?;
        Ok(OutboundOpaqueMessage::new(
            ContentType::ApplicationData,
            // RFC 8446, section 5.2: legacy_record_version.
            ProtocolVersion::TLSv1_2,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 1 + TAG_LEN
    }
}

impl<C: Cipher> MessageDecrypter for Records<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let aad = make_tls13_aad(message.payload.len());
        let nonce = Nonce::new(&self.iv, sequence).0;
        let length = open(&self.cipher, nonce, &aad, &mut message.payload)?;
        message.payload.truncate(length);
        // Strips padding and type, and refuses what is too long (RFC 8446, section 5.4).
        message.into_tls13_unpadded_message()
    }
}

#[cfg(test)]
mod tests {
    use aes_gcm::{Aes128Gcm, KeyInit};
    use hex_literal::hex;
    use rustls::PeerMisbehaved;
    use rustls::crypto::cipher::OutboundChunks;
    use std::vec;
    use std::vec::Vec;

    use super::super::{AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305};
    use super::*;

    /// The type, version and content of a received record.
    type Plain = (ContentType, ProtocolVersion, Vec<u8>);

    // RFC 8448, section 3: the client's application traffic and what it sent.
    const KEY: [u8; 16] = hex!("17422dda596ed5d9acd890e3c63f5051");
    const IV: [u8; 12] = hex!("5b78923dee08579033e523d9");
    const CONTENT: [u8; 50] = hex!(
        "000102030405060708090a0b0c0d0e0f101112131415161718"
        "191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031"
    );
    const RECORD: [u8; 72] = hex!(
        "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f"
        "2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae6"
        "3aeebb21694915e4"
    );

    fn records() -> Records<Aes128Gcm> {
        Records {
            cipher: Aes128Gcm::new(&KEY.into()),
            iv: Iv::new(IV),
        }
    }

    fn encrypted(records: &mut dyn MessageEncrypter, content: &[u8], sequence: u64) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::from(content),
        };
        records.encrypt(message, sequence).unwrap().encode()
    }

    fn decrypted(
        records: &mut dyn MessageDecrypter,
        payload: &[u8],
        sequence: u64,
    ) -> Result<Plain, Error> {
        let mut payload = payload.to_vec();
        let message = InboundOpaqueMessage::new(
            ContentType::ApplicationData,
            ProtocolVersion::TLSv1_2,
            &mut payload,
        );
        let plain = records.decrypt(message, sequence)?;
        Ok((plain.typ, plain.version, plain.payload.to_vec()))
    }

    #[test]
    fn records_of_rfc_8448_come_out() {
        assert_eq!(encrypted(&mut records(), &CONTENT, 0), RECORD);
        let plain = decrypted(&mut records(), &RECORD[5..], 0).unwrap();
        let expected = (
            ContentType::ApplicationData,
            ProtocolVersion::TLSv1_3,
            CONTENT.to_vec(),
        );
        assert_eq!(plain, expected);
    }

    #[test]
    fn every_cipher_reads_what_it_writes() {
        let ciphers: [&dyn Tls13AeadAlgorithm; 2] = [&AES_256_GCM, &CHACHA20_POLY1305];
        for cipher in ciphers {
            let mut writer = cipher.encrypter([5; 32].into(), Iv::new(IV));
            let mut reader = cipher.decrypter([5; 32].into(), Iv::new(IV));
            for (sequence, length) in [(0, 0), (1, 1), (u64::MAX, 16384)] {
                let content = vec![7; length];
                let record = encrypted(&mut *writer, &content, sequence);
                assert_eq!(record.len(), 5 + writer.encrypted_payload_len(length));
                let plain = decrypted(&mut *reader, &record[5..], sequence).unwrap();
                assert_eq!(plain.2, content);
            }
        }
    }

    #[test]
    fn key_lengths_are_those_of_the_ciphers() {
        let ciphers: [(&dyn Tls13AeadAlgorithm, usize); 3] = [
            (&AES_128_GCM, 16),
            (&AES_256_GCM, 32),
            (&CHACHA20_POLY1305, 32),
        ];
        for (cipher, length) in ciphers {
            assert_eq!(cipher.key_len(), length);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        for position in 5..RECORD.len() {
            for change in [0x01, 0x80] {
                let mut record = RECORD;
                record[position] ^= change;
                let result = decrypted(&mut records(), &record[5..], 0);
                assert_eq!(result, Err(Error::DecryptError), "{position}");
            }
        }
    }

    #[test]
    fn another_sequence_number_or_length_is_noticed() {
        let payload = &RECORD[5..];
        assert_eq!(
            decrypted(&mut records(), payload, 1),
            Err(Error::DecryptError)
        );
        for length in 0..payload.len() {
            let result = decrypted(&mut records(), &payload[..length], 0);
            assert_eq!(result, Err(Error::DecryptError), "{length}");
        }
        let longer = [payload, &[0]].concat();
        assert_eq!(
            decrypted(&mut records(), &longer, 0),
            Err(Error::DecryptError)
        );
    }

    /// An authentic record with this `TLSInnerPlaintext`.
    fn record_of(inner: &[u8]) -> Vec<u8> {
        let mut payload = PrefixedPayload::from(inner);
        let aad = make_tls13_aad(inner.len() + TAG_LEN);
        seal(&records().cipher, IV, &aad, &mut payload, 0).unwrap();
        payload.as_ref().to_vec()
    }

    #[test]
    fn padding_is_taken_off() {
        let record = record_of(&[b'x', 22, 0, 0, 0]);
        let expected = (
            ContentType::Handshake,
            ProtocolVersion::TLSv1_3,
            [b'x'].to_vec(),
        );
        assert_eq!(decrypted(&mut records(), &record, 0), Ok(expected));
    }

    #[test]
    fn records_of_padding_alone_are_refused() {
        let expected = Err(PeerMisbehaved::IllegalTlsInnerPlaintext.into());
        for inner in [&[][..], &[0, 0, 0]] {
            assert_eq!(decrypted(&mut records(), &record_of(inner), 0), expected);
        }
    }

    #[test]
    fn oversized_records_are_refused() {
        let mut inner = vec![b'x'; 16384 + 2];
        inner[16384 + 1] = 23;
        let result = decrypted(&mut records(), &record_of(&inner), 0);
        assert_eq!(result, Err(Error::PeerSentOversizedRecord));
    }
}
