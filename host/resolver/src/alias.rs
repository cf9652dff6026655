//! The host that a name is an alias of.

use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// How many aliases may follow one another: more than anybody has.
const ALIASES: usize = 8;

/// The host at the end of the aliases that begin with this one, if there are any and DNSSEC vouches for
/// each; this one itself otherwise (RFC 7671 section 7).
pub(crate) async fn end(resolver: &TokioResolver, host: &Name) -> Result<Name, NetError> {
    let mut name = host.clone();
    for _ in 0..ALIASES {
        match next(resolver, &name).await? {
            None => return Ok(name),
            Some(Alias {
                is_secure: false, ..
            }) => return Ok(host.clone()),
            Some(Alias { target, .. }) => name = target,
        }
    }
    let reason = format!("{host} leads over more than {ALIASES} aliases");
    Err(NetError::Msg(reason))
}

struct Alias {
    target: Name,
    is_secure: bool,
}

/// What a name is an alias of, if it is one.
async fn next(resolver: &TokioResolver, name: &Name) -> Result<Option<Alias>, NetError> {
    match resolver.lookup(name.clone(), RecordType::CNAME).await {
        Ok(lookup) => Ok(lookup.answers().iter().find_map(alias)),
        Err(NetError::Dns(DnsError::NoRecordsFound(_))) => Ok(None),
        Err(NetError::Dns(DnsError::Nsec { proof, .. })) if proof.is_insecure() => Ok(None),
        Err(error) => Err(error),
    }
}

fn alias(record: &Record) -> Option<Alias> {
    match &record.data {
        RData::CNAME(alias) => Some(Alias {
            target: alias.0.clone(),
            is_secure: record.proof.is_secure(),
        }),
        _ => None,
    }
}
