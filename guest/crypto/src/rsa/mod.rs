//! RSA (RFC 8017): the two operations and the two signature schemes.

pub(crate) mod pkcs1;
mod private_key;
pub(crate) mod pss;
mod public_key;

pub(crate) use private_key::PrivateKey;
use public_key::PublicKey;
