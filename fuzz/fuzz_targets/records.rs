//! What `sandcheck-resolve` answers. The input is its lines.
//!
//! Property: an answer has nothing in it but names that are none of an option or an address with a
//! colon, and data of bounded length; mail exchangers come by preference; whatever it allows to be
//! connected to beside what is named is one of those names, on a port that is named.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sandcheck::Grants;
use sandcheck::records::{self, Answer};

fuzz_target!(|input: &[u8]| {
    let lines = String::from_utf8_lossy(input);
    if let Ok(answer) = records::parse(&lines) {
        check(&answer);
    }
});

fn check(answer: &Answer) {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    for exchange in &answer.exchanges {
        let host = &exchange.host;
        assert!(host == "." || !host.ends_with('.'), "{host}");
        assert!(
            host.len() <= 253 && host.bytes().all(is_part) && !host.starts_with('-'),
            "{host}"
        );
    }
    assert!(
        answer
            .exchanges
            .is_sorted_by_key(|exchange| exchange.preference)
    );
    for association in &answer.associations {
        assert!(association.data.len() <= 65_535);
    }
    // Without a port nothing is granted, whatever was found.
    let mut grants = Grants::default();
    grants.add_exchanges(answer.exchanges.iter().map(|exchange| &*exchange.host));
    assert!(grants.named().is_empty());
}
