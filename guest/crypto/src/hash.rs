//! SHA-2 as rustls wants it.

use alloc::boxed::Box;
use core::marker::PhantomData;

use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// SHA-256 (FIPS 180-4).
pub(crate) static SHA256: Sha<Sha256> = Sha(PhantomData);
/// SHA-384 (FIPS 180-4).
pub(crate) static SHA384: Sha<Sha384> = Sha(PhantomData);
/// SHA-512 (FIPS 180-4). Signatures use it; no cipher suite does.
pub(crate) static SHA512: Sha<Sha512> = Sha(PhantomData);

/// The hash function `D`, without state.
pub(crate) struct Sha<D>(PhantomData<fn() -> D>);

/// A hash function that TLS has a number for.
pub(crate) trait TlsHash: Digest + Clone + Send + Sync + 'static {
    /// The number (RFC 5246, section 7.4.1.4.1).
    const ALGORITHM: HashAlgorithm;
}

impl TlsHash for Sha256 {
    const ALGORITHM: HashAlgorithm = HashAlgorithm::SHA256;
}

impl TlsHash for Sha384 {
    const ALGORITHM: HashAlgorithm = HashAlgorithm::SHA384;
}

impl TlsHash for Sha512 {
    const ALGORITHM: HashAlgorithm = HashAlgorithm::SHA512;
}

impl<D: TlsHash> Hash for Sha<D> {
    fn start(&self) -> Box<dyn Context> {
        Box::new(Running(D::new()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn algorithm(&self) -> HashAlgorithm {
        D::ALGORITHM
    }
}

/// A hash computation under way.
struct Running<D>(D);

impl<D: TlsHash> Context for Running<D> {
    fn fork_finish(&self) -> Output {
        Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use rustls::crypto::hash::{Hash, HashAlgorithm};

    use super::{SHA256, SHA384, SHA512};

    /// Hash functions with their numbers and the hashes of "abc" (FIPS 180-4's examples).
    fn hashes_of_abc() -> [(&'static dyn Hash, HashAlgorithm, &'static [u8]); 3] {
        [
            (
                &SHA256,
                HashAlgorithm::SHA256,
                &hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ),
            (
                &SHA384,
                HashAlgorithm::SHA384,
                &hex!(
                    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                    "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
                ),
            ),
            (
                &SHA512,
                HashAlgorithm::SHA512,
                &hex!(
                    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
                ),
            ),
        ]
    }

    #[test]
    fn published_hashes_come_out() {
        for (hash, algorithm, expected) in hashes_of_abc() {
            assert_eq!(hash.hash(b"abc").as_ref(), expected);
            assert_eq!(hash.output_len(), expected.len());
            assert_eq!(hash.algorithm(), algorithm);
        }
    }

    #[test]
    fn hashing_in_parts_gives_the_same_and_forks_are_independent() {
        for (hash, _, expected) in hashes_of_abc() {
            let mut context = hash.start();
            context.update(b"a");
            let mut fork = context.fork();
            fork.update(b"bc");
            assert_eq!(context.fork_finish().as_ref(), hash.hash(b"a").as_ref());
            context.update(b"");
            context.update(b"bcd");
            assert_eq!(fork.finish().as_ref(), expected);
            assert_eq!(context.finish().as_ref(), hash.hash(b"abcd").as_ref());
        }
    }
}
