//! Chains of certificates: the input is certificates in DER, each behind its length in two bytes. The last is
//! the trust anchor, the others are what a server sends.
//!
//! Property: a chain that is verified begins with the server's certificate and ends with the anchor; one
//! that is not has a reason that is no longer than the certificates give reason for.

#![no_main]

use std::time::Duration;

use base64ct::{Base64, Encoding};
use libfuzzer_sys::fuzz_target;
use sandcheck_plugin::tls::{CertificateDer, PeerName, Trust, UnixTime};

/// Some time in 2026, in seconds since 1970.
const NOW: Duration = Duration::from_secs(1_790_000_000);

fuzz_target!(|input: &[u8]| {
    let mut sent = certificates(input);
    let Some(anchor) = sent.pop() else {
        return;
    };
    let name = PeerName::parse("example.com").expect("a name");
    let Ok(trust) = Trust::new(&pem(&anchor), name) else {
        return;
    };
    match trust.verify(&sent, UnixTime::since_unix_epoch(NOW)) {
        Ok(chain) => {
            assert_eq!(chain.first(), sent.first());
            assert_eq!(chain.last(), Some(&anchor));
        }
        Err(rejection) => assert!(rejection.to_string().len() <= 512 + 4 * input.len()),
    }
});

fn certificates(mut input: &[u8]) -> Vec<CertificateDer<'_>> {
    let mut found = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (certificate, rest) = rest.split_at(length);
        found.push(CertificateDer::from(certificate));
        input = rest;
    }
    found
}

fn pem(der: &[u8]) -> String {
    let base64 = Base64::encode_string(der);
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}
