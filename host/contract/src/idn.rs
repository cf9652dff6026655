//! Host names with other letters than ASCII, as the DNS and protocols carry them (RFC 5890): A-labels.

use crate::lend;
use crate::types::{Argument, Kind, Manifest};

/// Writes each host that was named in its A-labels, `bücher.example` as `xn--bcher-kva.example`: what a
/// plugin learns, asks for and sends is ASCII. Names in ASCII, addresses and paths are left as they are,
/// and so is what is no internationalized name: looking it up will fail.
pub fn write_in_ascii(manifest: &Manifest, arguments: &mut [Argument]) {
    for argument in arguments {
        let is_host =
            lend::option(manifest, argument).is_some_and(|option| option.kind == Kind::Host);
        let Some(host) = &mut argument.value else {
            continue;
        };
        if is_host
            && !host.is_ascii()
            && !host.starts_with('/')
            && let Some(ascii) = to_ascii(host)
        {
            *host = ascii;
        }
    }
}

/// By UTS 46, as browsers do.
fn to_ascii(name: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::EMPTY).ok()?;
    Some(ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{argument, manifest, option};

    fn written(host: &str) -> String {
        let manifest = manifest(vec![
            option("hostname", 'H', Kind::Host),
            option("from", 'f', Kind::Text),
        ]);
        let mut arguments = [argument("hostname", host), argument("from", "jürgen")];
        write_in_ascii(&manifest, &mut arguments);
        let [host, from] = arguments;
        assert_eq!(from.value.as_deref(), Some("jürgen"));
        host.value.unwrap_or_default()
    }

    #[test]
    fn names_are_written_in_a_labels() {
        for (name, ascii) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example.", "xn--bcher-kva.example."),
            ("例子.测试", "xn--fsqu00a.xn--0zwm56d"),
            ("straße.example", "xn--strae-oqa.example"),
            ("mx。example", "mx.example"),
        ] {
            assert_eq!(written(name), ascii);
        }
    }

    #[test]
    fn what_is_ascii_or_a_path_is_left_as_it_is() {
        for host in [
            "MX_1.example",
            "192.0.2.1",
            "[::1]",
            "/run/bücher.socket",
            "",
        ] {
            assert_eq!(written(host), host);
        }
    }

    #[test]
    fn what_is_no_name_is_left_for_the_look_up() {
        for host in ["a\u{fffd}b", "xn--a-ü"] {
            assert_eq!(written(host), host);
        }
    }
}
