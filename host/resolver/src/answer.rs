//! What came of it, in the lines that the caller reads.
//!
//! `secure` or `insecure`, and a line for each record behind it: `mx 10 mx.example.org`,
//! `tlsa 3 1 1 0A1B...`. Or one line alone: `bogus`, `timed-out`, `failed REASON`.

use std::fmt::Write;

use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, Record, RecordType};

use crate::question::Question;

/// The most records that are passed on: nobody has more mail exchangers, or keys.
const RECORDS: usize = 100;

/// The answer to a question, as lines.
pub(crate) fn lines(question: &Question, result: Result<Lookup, NetError>) -> String {
    match result {
        Ok(lookup) => records(question, lookup.answers()),
        Err(error) => failure(error),
    }
}

/// Whether there are no records that anybody may go by, and nothing failed.
pub(crate) fn is_nothing(question: &Question, result: &Result<Lookup, NetError>) -> bool {
    match result {
        Ok(lookup) => {
            let answers = lookup.answers();
            asked(question, answers).next().is_none() || !is_secure(question, answers)
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(_))) => true,
        Err(NetError::Dns(DnsError::Nsec { proof, .. })) => proof.is_insecure(),
        Err(_) => false,
    }
}

fn records(question: &Question, answers: &[Record]) -> String {
    let mut lines = security(is_secure(question, answers));
    for record in asked(question, answers).take(RECORDS) {
        let _ = writeln!(lines, "{}", line(&record.data));
    }
    lines
}

fn asked<'a>(question: &Question, answers: &'a [Record]) -> impl Iterator<Item = &'a Record> {
    let kind = question.kind;
    answers
        .iter()
        .filter(move |record| record.record_type() == kind)
}

/// An alias on the way counts as part of the answer: whoever forges it chooses the records.
fn is_secure(question: &Question, answers: &[Record]) -> bool {
    let counts = [question.kind, RecordType::CNAME];
    let mut all = answers
        .iter()
        .filter(|record| counts.contains(&record.record_type()))
        .peekable();
    all.peek().is_some() && all.all(|record| record.proof.is_secure())
}

fn security(is_secure: bool) -> String {
    let word = if is_secure { "secure" } else { "insecure" };
    format!("{word}\n")
}

fn line(data: &RData) -> String {
    match data {
        RData::MX(mx) => format!("mx {} {}", mx.preference, mx.exchange.to_ascii()),
        RData::TLSA(tlsa) => {
            let hex: String = tlsa.cert_data.iter().map(|b| format!("{b:02x}")).collect();
            let (usage, selector) = (u8::from(tlsa.cert_usage), u8::from(tlsa.selector));
            format!("tlsa {usage} {selector} {} {hex}", u8::from(tlsa.matching))
        }
        _ => String::new(),
    }
}

fn failure(error: NetError) -> String {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let authorities = none.authorities.as_deref().unwrap_or_default();
            security(is_denied_securely(authorities))
        }
        NetError::Dns(DnsError::Nsec { proof, .. }) if proof.is_insecure() => security(false),
        NetError::Dns(DnsError::DnssecBogus | DnsError::Nsec { .. }) => "bogus\n".to_owned(),
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => {
            "failed the name server answers SERVFAIL: it cannot find out, or it validates itself, and \
             DNSSEC validation fails\n"
                .to_owned()
        }
        NetError::Dns(DnsError::ResponseCode(code)) => {
            format!("failed the name server answers: {code}\n")
        }
        NetError::Timeout => "timed-out\n".to_owned(),
        NetError::NoConnections => "failed no name server can be reached\n".to_owned(),
        other => format!("failed {}\n", other.to_string().replace(['\r', '\n'], " ")),
    }
}

/// RFC 4035 section 5.4: that there is nothing is proven by NSEC or NSEC3 records, which are signed.
fn is_denied_securely(authorities: &[Record]) -> bool {
    let signed = |record: &&Record| record.record_type() != RecordType::RRSIG;
    let is_denial =
        |record: &Record| matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3);
    authorities.iter().any(is_denial)
        && authorities
            .iter()
            .filter(signed)
            .all(|record| record.proof.is_secure())
}
