//! RSA (RFC 8017): the public-key operation and the two signature schemes, verification only.

pub(super) mod pkcs1;
pub(super) mod pss;
mod public_key;

use public_key::PublicKey;
