//! The cases of x509-limbo: each with its trust anchors, intermediates, name and time of day.
//!
//! `limbo.json` was generated with the project's own generator (C2SP/x509-limbo, Apache-2.0), without
//! the keys. `exceptions.json` names the cases in which we differ, and why; it began as the list of
//! rustls' verifier, from which those are gone that we get right. One that no longer differs fails.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use sandcheck_plugin::tls::{CertificateDer, PeerName, Trust, UnixTime};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Cases of clients' certificates, and those about how deep a chain may be at the client's wish, which
/// no option tells.
const LEFT_OUT: usize = 15;

#[test]
fn every_case_gives_what_is_expected() {
    let limbo: Value = serde_json::from_str(include_str!("limbo.json")).unwrap();
    let mut exceptions: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("exceptions.json")).unwrap();
    let cases = limbo["testcases"].as_array().unwrap();
    let judged: Vec<_> = cases.iter().filter(|case| is_about_servers(case)).collect();
    assert_eq!((cases.len(), judged.len()), (208, 208 - LEFT_OUT));
    let mut wrong = Vec::new();
    for case in judged {
        let id = case["id"].as_str().unwrap();
        let verified = verify(case);
        let actual = if verified.is_ok() {
            "SUCCESS"
        } else {
            "FAILURE"
        };
        let exception = exceptions.remove(id);
        let expected = match &exception {
            Some(exception) => &exception["actual"],
            None => &case["expected_result"],
        };
        if expected != actual {
            let listed = exception.map_or("", |_| " (an exception)");
            wrong.push(format!("{id}{listed}: {actual}, {verified:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(exceptions.is_empty(), "no such case: {exceptions:?}");
}

fn is_about_servers(case: &Value) -> bool {
    let features = case["features"].as_array().unwrap();
    case["validation_kind"] == "SERVER" && !features.iter().any(|f| f == "max-chain-depth")
}

fn verify(case: &Value) -> Result<(), String> {
    // One case asks for none, and fails before names are compared.
    let name = case["expected_peer_name"]["value"].as_str();
    let name = name.unwrap_or("example.com");
    let name = PeerName::parse(name).map_err(|error| error.to_string())?;
    let mut trust = Trust::new(&texts(&case["trusted_certs"]), name).map_err(|e| e.to_string())?;
    if !texts(&case["crls"]).is_empty() {
        let lists = trust.with_revocation_lists(&texts(&case["crls"]));
        trust = lists.map_err(|error| error.to_string())?;
    }
    let leaf = case["peer_certificate"].as_str().unwrap();
    let sent = [leaf, &texts(&case["untrusted_intermediates"])].concat();
    let chain = trust.verify(&certificates(&sent), time_of(case));
    chain.map(drop).map_err(|rejection| rejection.to_string())
}

/// PEM texts, behind each other.
fn texts(list: &Value) -> String {
    let texts = list.as_array().unwrap().iter();
    texts.map(|text| text.as_str().unwrap()).collect()
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;

    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap()
}

/// Now, where a case names no time.
fn time_of(case: &Value) -> UnixTime {
    let named = case["validation_time"].as_str();
    let time = named.map_or_else(SystemTime::now, |time| {
        OffsetDateTime::parse(time, &Rfc3339).unwrap().into()
    });
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    UnixTime::since_unix_epoch(since.unwrap_or(Duration::ZERO))
}
