//! Private keys of the client, and the signatures that they make in handshakes.

mod ecdsa;
mod ed25519;
mod rsa;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use p256::pkcs8::der::Decode;
use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use rustls::crypto::KeyProvider;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// `id-ecPublicKey` (RFC 5480, section 2.1.1).
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `rsaEncryption` (RFC 8017, appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-Ed25519` (RFC 8410, section 3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Reads private keys: PKCS #8, PKCS #1 and SEC 1, in DER.
#[derive(Debug)]
pub(crate) struct ClientKeys;

impl KeyProvider for ClientKeys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        match &key {
            PrivateKeyDer::Pkcs1(key) => rsa::load(key.secret_pkcs1_der()),
            PrivateKeyDer::Sec1(key) => ecdsa::load(key.secret_sec1_der()),
            PrivateKeyDer::Pkcs8(key) => load_pkcs8(key.secret_pkcs8_der()),
            _ => Err(unusable("it is of no known form")),
        }
    }
}

fn load_pkcs8(der: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    let key = PrivateKeyInfoRef::from_der(der).map_err(|_| unusable("it is malformed"))?;
    match key.algorithm.oid {
        RSA => rsa::load(key.private_key.as_bytes()),
        ELLIPTIC => ecdsa::load_pkcs8(&key),
        ED25519 => ed25519::load(key.private_key.as_bytes()),
        _ => Err(unusable("it is neither RSA nor elliptic nor Ed25519")),
    }
}

/// What is wrong with a key: a sentence about it.
fn unusable(reason: &str) -> Error {
    Error::General(String::from(reason))
}

/// What makes signatures.
trait Secret: Send + Sync + 'static {
    /// The signature of a message; none when it cannot be made.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>>;
}

/// A key pair.
struct Pair<S> {
    secret: Arc<S>,
    public: SubjectPublicKeyInfoDer<'static>,
    algorithm: SignatureAlgorithm,
    /// What it signs with, the preferred one first.
    schemes: &'static [SignatureScheme],
}

impl<S> fmt::Debug for Pair<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {:?} key", self.algorithm)
    }
}

impl<S: Secret> SigningKey for Pair<S> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let mut usable = self.schemes.iter().filter(|&own| offered.contains(own));
        let scheme = *usable.next()?;
        let secret = Arc::clone(&self.secret);
        Some(Box::new(Scheme { secret, scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.public.as_ref().into())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// A key with the scheme that was agreed upon.
struct Scheme<S> {
    secret: Arc<S>,
    scheme: SignatureScheme,
}

impl<S> fmt::Debug for Scheme<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scheme.fmt(f)
    }
}

impl<S: Secret> Signer for Scheme<S> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.secret.sign(self.scheme, message);
        signature.ok_or_else(|| unusable("the client's private key does not make signatures"))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
