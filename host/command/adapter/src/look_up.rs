//! The contract's look-ups, which WASI has none for: what it resolves is addresses for its own sockets.

use crate::Adapter;
use crate::bindings::exports::monitoring::plugin::resolver::{
    Associations, Error, Exchanges, Family, Guest,
};

impl Guest for Adapter {
    fn lookup_addresses(_: String, _: Family, _: u64) -> Result<Vec<String>, Error> {
        Err(unsupported())
    }

    fn lookup_exchanges(_: String, _: u64) -> Result<Exchanges, Error> {
        Err(unsupported())
    }

    fn lookup_associations(_: String, _: u16, _: u64) -> Result<Associations, Error> {
        Err(unsupported())
    }
}

fn unsupported() -> Error {
    Error::NotSupported("a runtime of WASI looks no records up; sandcheck does".to_owned())
}
