//! Which endpoints a run may connect to: those that its own arguments name, and nothing else.

use std::net::IpAddr;

use crate::bindings::monitoring::plugin::types::{Argument, Kind, Manifest, OptionSpec};

/// An endpoint that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A TCP port of a host.
    Tcp {
        /// The name or address as it was given, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// Its absolute path.
        path: String,
    },
}

/// The endpoints of one run. Without any, nothing can be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// What the arguments name: every value of an option of the kind host, with every value of an
    /// option of the kind port. Where an option is not given, what others imply or its default
    /// counts.
    #[must_use]
    pub fn named_by(manifest: &Manifest, arguments: &[Argument]) -> Self {
        let ports: Vec<u16> = values(manifest, arguments, Kind::Port)
            .filter_map(|port| port.trim_start().parse().ok())
            .filter(|port| *port > 0)
            .collect();
        let grants = values(manifest, arguments, Kind::Host).flat_map(|host| {
            if host.starts_with('/') {
                return vec![Grant::Unix {
                    path: host.to_owned(),
                }];
            }
            let host = without_brackets(host);
            ports
                .iter()
                .map(|port| Grant::Tcp {
                    host: host.to_owned(),
                    port: *port,
                })
                .collect()
        });
        Self(grants.collect())
    }

    /// Whether this TCP endpoint is granted.
    #[must_use]
    pub fn allow_tcp(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|grant| {
            matches!(grant, Grant::Tcp { host: granted, port: granted_port }
                if *granted_port == port && is_same_host(granted, host))
        })
    }

    /// Whether this Unix socket is granted.
    #[must_use]
    pub fn allow_unix(&self, path: &str) -> bool {
        self.0
            .iter()
            .any(|grant| matches!(grant, Grant::Unix { path: granted } if granted == path))
    }
}

/// The values of all options of a kind.
fn values<'a>(
    manifest: &'a Manifest,
    arguments: &'a [Argument],
    kind: Kind,
) -> impl Iterator<Item = &'a str> {
    let options = manifest
        .options
        .iter()
        .filter(move |option| option.kind == kind);
    options.flat_map(|option| option_values(manifest, arguments, option))
}

fn option_values<'a>(
    manifest: &'a Manifest,
    arguments: &'a [Argument],
    option: &'a OptionSpec,
) -> Vec<&'a str> {
    let given = arguments
        .iter()
        .filter(|argument| argument.name == option.name);
    let given: Vec<&str> = given
        .filter_map(|argument| argument.value.as_deref())
        .collect();
    if option.repeatable && !given.is_empty() {
        return given;
    }
    let implied = || implied_value(manifest, arguments, &option.name);
    let value = given
        .last()
        .copied()
        .or_else(implied)
        .or(option.default.as_deref());
    value.into_iter().collect()
}

/// What the options that were given say about one that was not.
fn implied_value<'a>(
    manifest: &'a Manifest,
    arguments: &[Argument],
    name: &str,
) -> Option<&'a str> {
    let is_given = |option: &&OptionSpec| arguments.iter().any(|given| given.name == option.name);
    let implied = manifest
        .options
        .iter()
        .filter(is_given)
        .flat_map(|option| &option.implies);
    implied
        .filter(|argument| argument.name == name)
        .find_map(|argument| argument.value.as_deref())
}

/// `[::1]` as `::1`.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Names do not depend on case; addresses may be written in several ways.
fn is_same_host(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one.eq_ignore_ascii_case(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{argument, manifest, option};

    fn smtp() -> Manifest {
        let mut host = option("hostname", 'H', Kind::Host);
        host.default = Some("127.0.0.1".to_owned());
        let mut port = option("port", 'p', Kind::Port);
        port.default = Some("25".to_owned());
        let mut ssl = option("ssl", 's', Kind::Flag);
        ssl.implies = vec![argument("port", "465")];
        manifest(vec![host, port, ssl])
    }

    fn grants(arguments: &[Argument]) -> Grants {
        Grants::named_by(&smtp(), arguments)
    }

    #[test]
    fn nothing_but_what_is_named() {
        let grants = grants(&[
            argument("hostname", "mx.example.org"),
            argument("port", "2525"),
        ]);
        assert!(grants.allow_tcp("mx.example.org", 2525));
        assert!(grants.allow_tcp("MX.example.ORG", 2525));
        assert!(!grants.allow_tcp("mx.example.org", 25));
        assert!(!grants.allow_tcp("mx.example.com", 2525));
        assert!(!grants.allow_tcp("127.0.0.1", 2525));
        assert!(!grants.allow_unix("mx.example.org"));
        assert!(!Grants::default().allow_tcp("127.0.0.1", 25));
    }

    #[test]
    fn defaults_and_what_is_implied_are_named_too() {
        assert!(grants(&[]).allow_tcp("127.0.0.1", 25));
        let ssl = Argument {
            name: "ssl".to_owned(),
            value: None,
        };
        assert!(grants(std::slice::from_ref(&ssl)).allow_tcp("127.0.0.1", 465));
        assert!(!grants(std::slice::from_ref(&ssl)).allow_tcp("127.0.0.1", 25));
        assert!(grants(&[ssl, argument("port", "25")]).allow_tcp("127.0.0.1", 25));
    }

    #[test]
    fn the_last_value_counts() {
        let grants = grants(&[argument("hostname", "a"), argument("hostname", "b")]);
        assert!(grants.allow_tcp("b", 25));
        assert!(!grants.allow_tcp("a", 25));
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        let grants = grants(&[argument("hostname", "[0:0:0:0:0:0:0:1]")]);
        assert!(grants.allow_tcp("::1", 25));
        assert!(!grants.allow_tcp("::2", 25));
    }

    #[test]
    fn a_path_is_a_unix_socket_and_nothing_else() {
        let grants = grants(&[argument("hostname", "/run/lmtp")]);
        assert!(grants.allow_unix("/run/lmtp"));
        assert!(!grants.allow_unix("/run/../run/lmtp"));
        assert!(!grants.allow_tcp("/run/lmtp", 25));
    }

    #[test]
    fn a_port_that_is_none_names_nothing() {
        for port in ["0", "65536", "x", ""] {
            let grants = grants(&[argument("port", port)]);
            assert_eq!(grants, Grants::default(), "{port}");
        }
    }
}
