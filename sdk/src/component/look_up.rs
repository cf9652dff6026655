//! The contract's look-ups.

use std::time::Duration;

use super::bindings::monitoring::plugin::resolver;
use super::connection::{contract_family, nanoseconds};
use crate::host_name::Family;
use crate::resolver::{Association, Exchange, LookUpError, Records};

pub(crate) fn addresses(
    host: &str,
    family: Family,
    timeout: Duration,
) -> Result<Vec<String>, LookUpError> {
    resolver::lookup_addresses(host, contract_family(family), nanoseconds(timeout)).map_err(error)
}

pub(crate) fn exchanges(domain: &str, timeout: Duration) -> Result<Records<Exchange>, LookUpError> {
    let found = resolver::lookup_exchanges(domain, nanoseconds(timeout)).map_err(error)?;
    let records = found.hosts.into_iter().map(|exchange| Exchange {
        preference: exchange.preference,
        host: exchange.host,
    });
    Ok(Records {
        records: records.collect(),
        secure: found.secure,
    })
}

pub(crate) fn associations(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Records<Association>, LookUpError> {
    let found = resolver::lookup_associations(host, port, nanoseconds(timeout)).map_err(error)?;
    let records = found.records.into_iter().map(|record| Association {
        usage: record.usage,
        selector: record.selector,
        matching: record.matching,
        data: record.data,
    });
    Ok(Records {
        records: records.collect(),
        secure: found.secure,
    })
}

fn error(error: resolver::Error) -> LookUpError {
    use resolver::Error as E;
    match error {
        E::AccessDenied(reason) => LookUpError::AccessDenied(reason),
        E::NotSupported(reason) => LookUpError::NotSupported(reason),
        E::Bogus(reason) => LookUpError::Bogus(reason),
        E::TimedOut => LookUpError::TimedOut,
        E::Other(reason) => LookUpError::Other(reason),
    }
}
