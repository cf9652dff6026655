//! Which keys of the root zone are trusted: those that the operator's file holds, or else those that
//! IANA has published (RFC 7958).

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result, ensure};
use hickory_resolver::proto::dnssec::TrustAnchors;

/// The operator's file of DNSKEY records, like Debian's `/usr/share/dns/root.key`.
const FILE: &str = "/etc/sandcheck/dnssec-anchors";

/// The trust anchors of this machine.
pub(crate) fn trusted() -> Result<TrustAnchors> {
    match fs::read_to_string(FILE) {
        Ok(text) => parse(&text).context(FILE),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(TrustAnchors::default()),
        Err(error) => Err(error).context(FILE),
    }
}

fn parse(text: &str) -> Result<TrustAnchors> {
    let anchors: TrustAnchors = text
        .parse()
        .context("this is no file of DNSKEY records, such as /usr/share/dns/root.key")?;
    ensure!(
        !anchors.is_empty(),
        "there is no DNSKEY record of the root zone in it"
    );
    Ok(anchors)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = ". 172800 IN DNSKEY 257 3 13 \
        mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n";

    #[test]
    fn keys_of_the_root_are_read() {
        assert_eq!(parse(KEY).unwrap().len(), 1);
        assert!(!TrustAnchors::default().is_empty());
    }

    #[test]
    fn what_holds_none_is_refused() {
        let of_another = KEY.replacen('.', "example.", 1);
        for text in [
            "",
            "; nothing\n",
            "-----BEGIN",
            ". 1 IN DS 1 13 2 00",
            &of_another,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
