//! The operator's policy. The input is a policy file, a NUL and a host that a plugin asks for.
//!
//! Property: a policy is read, or a line of it is named in a message that is not much longer than
//! it. What it denies, nothing allows; a rule reads as what it was written as. Whoever follows the
//! advice in a refusal is not refused for the same reason again, and has allowed nothing else.

#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sandcheck::endpoint::Pattern;
use sandcheck::grants::Refusal;
use sandcheck::policy::Policy;
use sandcheck::types::{Argument, Manifest};
use sandcheck::{Grants, Rules};
use sandcheck_fuzz::{manifest, shown};

/// Hosts that a rule can be written for.
const HOSTS: [&str; 5] = [
    "mx.example.org",
    "10.0.0.25",
    "::1",
    "169.254.169.254",
    "::ffff:192.168.0.1",
];

const PORT: u16 = 25;

/// What the command line names, when it names something else.
const NAMED: &str = "named.example";

/// What nothing names, and no advice is about.
const OTHER: &str = "other.example";
const OTHER_ADDRESS: &str = "198.51.100.77";

const PATH: &str = "/run/fuzz/lmtp";

static MANIFEST: LazyLock<Manifest> = LazyLock::new(manifest::smtp);

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (text, host) = input.split_once('\0').unwrap_or((input, "localhost"));
    let rules = match Policy::parse(text) {
        Ok(policy) => policy.rules,
        Err(error) => {
            assert!(
                (1..=text.split('\n').count()).contains(&error.line),
                "{error:?}"
            );
            assert!(error.to_string().len() <= 1024 + 8 * text.len(), "{error}");
            return;
        }
    };
    check_originals(&rules);
    for host in HOSTS {
        check_denied(host, &rules);
        check_advice(host, &rules, true);
    }
    check_denied(host, &rules);
    check_advice(host, &rules, false);
    check_path(&rules);
});

/// Each rule reads as what it was written as.
fn check_originals(rules: &Rules) {
    for rule in rules.allow.iter().chain(&rules.deny).chain(&rules.only) {
        assert_eq!(
            Pattern::parse_with_classes(rule.original()).as_ref(),
            Ok(rule)
        );
    }
}

fn named(host: &str, rules: &Rules) -> Grants {
    let argument = |name: &str, value: String| Argument {
        name: name.to_owned(),
        value: Some(value),
    };
    let arguments = [
        argument("hostname", host.to_owned()),
        argument("port", PORT.to_string()),
    ];
    Grants::named_by(&MANIFEST, &arguments, rules.clone())
}

/// What is denied is refused although the command line names it.
fn check_denied(host: &str, rules: &Rules) {
    let grants = named(host, rules);
    let address = host.parse::<IpAddr>();
    let covers = |rule: &Pattern| {
        address
            .as_ref()
            .is_ok_and(|ip| rule.covers_address(*ip, PORT))
    };
    if rules
        .deny
        .iter()
        .any(|rule| rule.names_tcp(host, PORT) || covers(rule))
    {
        assert!(grants.allow_host(host, PORT).is_err(), "{host}");
    }
    if let (Ok(ip), true) = (&address, rules.deny.iter().any(covers)) {
        assert!(grants.allow_address(host, *ip, PORT).is_err(), "{host}");
    }
}

/// The advice in a refusal of what nothing names helps, and no more than that.
fn check_advice(host: &str, rules: &Rules, can_be_written: bool) {
    let refused = |rules: &Rules| named(NAMED, rules).allow_host(host, PORT).err();
    let Some(refusal) = refused(rules) else {
        return;
    };
    shown::check(&refusal.to_string());
    let Some(changed) = follow(&refusal, rules) else {
        assert!(!can_be_written, "{refusal}");
        return;
    };
    let again = refused(&changed).map(|refusal| refusal.reason);
    assert_ne!(again, Some(refusal.reason), "{host}: {}", refusal.remedy);
    let changes_deny = changed.deny.len() != rules.deny.len();
    for (other, port) in [(OTHER, PORT), (host, PORT + 1), (OTHER_ADDRESS, PORT)] {
        let allowed = |rules: &Rules| named(NAMED, rules).allow_host(other, port).is_ok();
        let is_meant = changes_deny || (other, port) == (host, PORT) || allowed(rules);
        assert!(
            is_meant || !allowed(&changed),
            "{host}: {} allows {other}",
            refusal.remedy
        );
    }
}

fn check_path(rules: &Rules) {
    let refused = |rules: &Rules| named(NAMED, rules).allow_unix(PATH).err();
    if let Some(refusal) = refused(rules) {
        let changed = follow(&refusal, rules).unwrap_or_else(|| panic!("no advice: {refusal}"));
        let again = refused(&changed).map(|refusal| refusal.reason);
        assert_ne!(again, Some(refusal.reason));
    }
}

/// The rules after the advice of a refusal; none when it has none.
fn follow(refusal: &Refusal, rules: &Rules) -> Option<Rules> {
    let mut changed = rules.clone();
    let remedy = refusal.remedy.as_str();
    let pattern = |text| Pattern::parse(text).unwrap_or_else(|error| panic!("{error}"));
    if let Some(rule) = remedy.strip_prefix("--allow ") {
        changed.allow.push(pattern(rule));
    } else if let Some(rule) = quoted(remedy, "add '", "' to the policy's only") {
        changed.only.push(pattern(rule));
    } else {
        let denied = quoted(remedy, "take '", "' out of what is denied")?;
        changed.deny.retain(|rule| rule.original() != denied);
    }
    Some(changed)
}

fn quoted<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(behind)
}
