//! Private keys of the client, which this provider refuses.

use alloc::string::String;
use alloc::sync::Arc;

use rustls::Error;
use rustls::crypto::KeyProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

/// Refuses every private key: nothing here can sign.
#[derive(Debug)]
pub(crate) struct NoClientKeys;

impl KeyProvider for NoClientKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General(String::from(
            "client keys are not supported: this provider verifies signatures and makes none",
        )))
    }
}
