//! The hosts that a certificate is for, as far as people are told of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::fields::{Fields, contents, sequence, split};

/// `id-ce-subjectAltName` (2.5.29.17).
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// The extensions of a certificate, in their explicit tag.
const EXTENSIONS: u8 = 0xa3;
/// `dNSName` and `iPAddress` of a `GeneralName` (RFC 5280 section 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// The host names and addresses of a certificate. What cannot be read is left out.
pub(super) fn of(certificate: &Fields<'_>) -> Vec<String> {
    let names = extensions(certificate.rest)
        .and_then(|extensions| value_of(extensions, SUBJECT_ALTERNATIVE_NAME))
        .and_then(sequence);
    let names = names.map_or(&[][..], |(_, names)| names);
    values(names).filter_map(host).collect()
}

fn extensions(rest: &[u8]) -> Option<&[u8]> {
    let extensions = values(rest).find(|value| value.first() == Some(&EXTENSIONS))?;
    let (_, extensions) = sequence(contents(extensions)?)?;
    Some(extensions)
}

/// The value of the extension with this identifier.
fn value_of<'a>(extensions: &'a [u8], identifier: &[u8]) -> Option<&'a [u8]> {
    let mut all = values(extensions).filter_map(|extension| {
        let (_, parts) = sequence(extension)?;
        let found = contents(split(parts)?.0)?;
        // Whether it is critical may stand between.
        (found == identifier)
            .then(|| values(parts).last())
            .flatten()
    });
    contents(all.next()?)
}

/// The values that stand behind each other.
fn values(mut der: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (value, rest) = split(der)?;
        der = rest;
        Some(value)
    })
}

fn host(name: &[u8]) -> Option<String> {
    let text = contents(name)?;
    match *name.first()? {
        DNS_NAME => Some(String::from_utf8_lossy(text).into_owned()),
        IP_ADDRESS => address(text),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string());
    v4.or_else(|_| v6()).ok()
}
