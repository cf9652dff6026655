//! Which endpoints a run may connect to.
//!
//! Without any rule: those that its own arguments name, and nothing else. A connection has to be
//! *declared* (the manifest has options of the kinds host and port) and *named* (this command line
//! gives them values). The operator's [`Rules`] narrow that, or add to it where they say so.
//! What the host looks up for what is named belongs to it.

mod look_up;

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use crate::endpoint::{Class, Pattern, plain};
use crate::files::Files;
use crate::lend;
use crate::types::{Argument, Kind, Manifest, OptionSpec};

/// What the operator says about connections and files, whatever a command line names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// These may be connected to, although nothing names them.
    pub allow: Vec<Pattern>,
    /// These may not be connected to. Nothing overrides it.
    pub deny: Vec<Pattern>,
    /// When there is any: nothing else may be connected to.
    pub only: Vec<Pattern>,
    /// The same once more: where there are both, it has to be among these and among those.
    pub targets: Vec<Pattern>,
    /// Whether a host that the manifest gives as a default counts as named. Only for a plugin that
    /// is trusted to name one.
    pub trust_defaults: bool,
    /// Which files command lines may name.
    pub files: Files,
}

/// An endpoint that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
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

/// Why an endpoint may not be connected to, and what would allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is refused: `connection to` the endpoint, or `look-up of` it.
    pub action: &'static str,
    /// The endpoint, as a rule would name it.
    pub endpoint: String,
    /// Why not.
    pub reason: String,
    /// What would allow it.
    pub remedy: String,
}

impl Refusal {
    /// The endpoint may be anything that a plugin asks for; whatever does not stand in one that makes
    /// sense is not shown.
    fn new(endpoint: &str, reason: String, remedy: String) -> Self {
        Self {
            action: "connection to",
            endpoint: shown(endpoint),
            reason,
            remedy,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            action,
            endpoint,
            reason,
            remedy,
        } = self;
        write!(
            f,
            "{action} {endpoint} refused: {reason}; to allow it: {remedy}"
        )
    }
}

impl std::error::Error for Refusal {}

/// The endpoints of one run. Without any, nothing can be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    named: Vec<Endpoint>,
    /// Whose mail exchangers may be asked for.
    domains: Vec<String>,
    /// The ports that go with every host.
    ports: Vec<u16>,
    found: Vec<look_up::Found>,
    rules: Rules,
    source: Option<IpAddr>,
}

impl Grants {
    /// These, and what the rules allow besides.
    #[must_use]
    pub fn new(named: Vec<Endpoint>, rules: Rules) -> Self {
        Self {
            named,
            rules,
            ..Self::default()
        }
    }

    /// The same, from this address of the machine.
    #[must_use]
    pub fn from(self, source: Option<IpAddr>) -> Self {
        Self { source, ..self }
    }

    /// What the arguments name, within the rules: every value of an option of the kind host, with
    /// every value of an option of the kind port. Where a port is not given, what others imply or
    /// its default counts; a host counts only when it is given, and so does a domain.
    #[must_use]
    pub fn named_by(manifest: &Manifest, arguments: &[Argument], rules: Rules) -> Self {
        let ports: Vec<u16> = values(manifest, arguments, Kind::Port, true)
            .filter_map(|port| port.trim_start().parse().ok())
            .filter(|port| *port > 0)
            .collect();
        let hosts = values(manifest, arguments, Kind::Host, rules.trust_defaults);
        let domains = values(manifest, arguments, Kind::Domain, rules.trust_defaults);
        Self {
            named: hosts.flat_map(|host| endpoints(host, &ports)).collect(),
            domains: domains.map(ToOwned::to_owned).collect(),
            ports,
            found: Vec::new(),
            rules,
            source: lend::source(manifest, arguments),
        }
    }

    /// The endpoints that were named.
    #[must_use]
    pub fn named(&self) -> &[Endpoint] {
        &self.named
    }

    /// The address of this machine that connections are made from, if that matters.
    #[must_use]
    pub fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// Whether addresses of this family can be connected to from the address that is wanted.
    #[must_use]
    pub fn reaches(&self, is_ipv4: bool) -> bool {
        self.source.is_none_or(|source| source.is_ipv4() == is_ipv4)
    }

    /// The addresses that can be connected to from the address that is wanted. None at all is a
    /// failure, in these words.
    pub fn reachable<A>(
        &self,
        mut addresses: Vec<A>,
        is_ipv4: impl Fn(&A) -> bool,
    ) -> Result<Vec<A>, String> {
        let Some(source) = self.source else {
            return Ok(addresses);
        };
        addresses.retain(|address| self.reaches(is_ipv4(address)));
        if addresses.is_empty() {
            let family = if source.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(format!("No {family} address to connect to from {source}"));
        }
        Ok(addresses)
    }

    /// Those of a host's addresses that may be connected to, each as an address and a port. Where none
    /// may, why one of them may not.
    pub fn permitted<A>(
        &self,
        host: &str,
        addresses: impl IntoIterator<Item = A>,
        endpoint: impl Fn(&A) -> (IpAddr, u16),
    ) -> Result<Vec<A>, Refusal> {
        let mut permitted = Vec::new();
        let mut refused = None;
        for item in addresses {
            let (address, port) = endpoint(&item);
            match self.allow_address(host, address, port) {
                Ok(()) => permitted.push(item),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match refused {
            Some(refusal) if permitted.is_empty() => Err(refusal),
            _ => Ok(permitted),
        }
    }

    /// Whether this host may be asked for at all. An address is checked as an address too, and so
    /// is each address that a name leads to: see [`Grants::allow_address`].
    pub fn allow_host(&self, host: &str, port: u16) -> Result<(), Refusal> {
        let host = self.origin(host, port).unwrap_or(host);
        let address = host.parse::<IpAddr>().ok();
        let is_meant = |rule: &Pattern| {
            rule.names_tcp(host, port)
                || address.is_some_and(|address| rule.covers_address(address, port))
        };
        let refuse = |reason, remedy| Err(Refusal::new(&tcp(host, port), reason, remedy));
        if !self.is_named(host, port) && !self.rules.allow.iter().any(is_meant) {
            let remedy = by_allowing(&tcp(host, port));
            return refuse(UNNAMED.to_owned(), remedy);
        }
        if let Some(rule) = self.rules.deny.iter().find(|rule| is_meant(rule)) {
            return refuse(denied_by(rule), without(rule));
        }
        for (within, bounds) in self.rules.bounds() {
            let may_be_covered = address.is_none() && within.iter().any(Pattern::is_network);
            if !within.iter().any(is_meant) && !may_be_covered {
                return refuse(bounds.reason.to_owned(), bounds.remedy(&tcp(host, port)));
            }
        }
        Ok(())
    }

    /// Whether this address, which that host leads to, may be connected to.
    pub fn allow_address(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let host = self.origin(host, port).unwrap_or(host);
        let covers = |rule: &&Pattern| rule.covers_address(address, port);
        let of_address = tcp(&address.to_string(), port);
        let refuse = |reason: String, remedy: String| {
            let reason = match host.parse::<IpAddr>() {
                Ok(_) => reason,
                Err(_) => format!("it leads to {address}, {reason}"),
            };
            Err(Refusal::new(&tcp(host, port), reason, remedy))
        };
        if let Some(rule) = self.rules.deny.iter().find(covers) {
            return refuse(denied_by(rule), without(rule));
        }
        if Class::Metadata.contains(address) && !self.is_literal(host, address, port) {
            let reason = "where clouds tell a machine its secrets".to_owned();
            let remedy = format!("name the address itself, or --allow {of_address}");
            return refuse(reason, remedy);
        }
        let is_in = |rule: &Pattern| rule.names_tcp(host, port) || covers(&rule);
        for (within, bounds) in self.rules.bounds() {
            if !within.iter().any(is_in) {
                return refuse(bounds.reason.to_owned(), bounds.remedy(&of_address));
            }
        }
        Ok(())
    }

    /// Whether this Unix socket may be connected to: by the path that is asked for, and by the one
    /// that links lead to.
    pub fn allow_unix(&self, path: &str) -> Result<(), Refusal> {
        let endpoint = format!("unix:{path}");
        let refuse = |reason, remedy| Err(Refusal::new(&endpoint, reason, remedy));
        let is_named = self
            .named
            .iter()
            .any(|named| matches!(named, Endpoint::Unix { path: named } if named == path));
        if !is_named && !self.rules.allow.iter().any(|rule| rule.names_unix(path)) {
            return refuse(UNNAMED.to_owned(), by_allowing(&endpoint));
        }
        let deny = &self.rules.deny;
        if deny.is_empty() && self.rules.bounds().next().is_none() {
            return Ok(());
        }
        let real = std::fs::canonicalize(Path::new(path));
        let real = real.as_deref().ok().and_then(Path::to_str).unwrap_or(path);
        let is_meant = |rule: &&Pattern| rule.names_unix(path) || rule.names_unix(real);
        if let Some(rule) = deny.iter().find(is_meant) {
            return refuse(denied_by(rule), without(rule));
        }
        for (within, bounds) in self.rules.bounds() {
            if !within.iter().any(|rule| rule.names_unix(real)) {
                let remedy = bounds.remedy(&format!("unix:{real}"));
                return refuse(bounds.reason.to_owned(), remedy);
            }
        }
        Ok(())
    }

    fn is_named(&self, host: &str, port: u16) -> bool {
        self.named.iter().any(|endpoint| {
            matches!(endpoint, Endpoint::Tcp { host: named, port: named_port }
                if *named_port == port && is_same_host(named, host))
        })
    }

    /// Whether the address itself was named or allowed, and not just a name or a network.
    fn is_literal(&self, host: &str, address: IpAddr, port: u16) -> bool {
        let is_asked = host
            .parse()
            .is_ok_and(|asked: IpAddr| plain(asked) == plain(address));
        (is_asked && self.is_named(host, port))
            || self
                .rules
                .allow
                .iter()
                .any(|rule| rule.is_address(address, port))
    }
}

/// Why something is refused that nobody asked for.
const UNNAMED: &str = "the command line does not name it";

/// What is said of a list outside of which nothing may be connected to.
struct Bounds {
    /// Why something is refused that is not in it.
    reason: &'static str,
    /// What to add to.
    name: &'static str,
}

const ONLY: Bounds = Bounds {
    reason: "it is not among the only ones that the policy allows",
    name: "the policy's only",
};

const TARGETS: Bounds = Bounds {
    reason: "it is not among the targets that are allowed here",
    name: "targets",
};

impl Bounds {
    fn remedy(&self, endpoint: &str) -> String {
        if is_endpoint(endpoint) {
            format!("add '{endpoint}' to {}", self.name)
        } else {
            NOTHING.to_owned()
        }
    }
}

impl Rules {
    /// Those lists that there are.
    fn bounds(&self) -> impl Iterator<Item = (&[Pattern], &'static Bounds)> {
        let lists = [(self.only.as_slice(), &ONLY), (&self.targets, &TARGETS)];
        lists.into_iter().filter(|(within, _)| !within.is_empty())
    }
}

/// What would allow something that makes no sense.
const NOTHING: &str = "nothing can, it is no endpoint";

/// What is no endpoint cannot be allowed either: a plugin that asks for `a --allow b` is not to be
/// helped.
fn by_allowing(endpoint: &str) -> String {
    if is_endpoint(endpoint) {
        format!("--allow {endpoint}")
    } else {
        NOTHING.to_owned()
    }
}

fn is_endpoint(text: &str) -> bool {
    text.chars().all(is_shown) && Pattern::parse(text).is_ok_and(|rule| rule.is_one_endpoint())
}

fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if is_shown(c) { c } else { '?' })
        .collect()
}

/// What may stand in an endpoint that is shown.
fn is_shown(c: char) -> bool {
    c.is_alphanumeric() || ":/.-_[]%@+=,~".contains(c)
}

fn denied_by(rule: &Pattern) -> String {
    format!("denied by '{}'", rule.original())
}

fn without(rule: &Pattern) -> String {
    format!("take '{}' out of what is denied", rule.original())
}

/// As a rule names it.
fn tcp(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("tcp://[{host}]:{port}")
    } else {
        format!("tcp://{host}:{port}")
    }
}

fn endpoints(host: &str, ports: &[u16]) -> Vec<Endpoint> {
    if host.starts_with('/') {
        return vec![Endpoint::Unix {
            path: host.to_owned(),
        }];
    }
    let host = without_brackets(host);
    let endpoint = |port: &u16| Endpoint::Tcp {
        host: host.to_owned(),
        port: *port,
    };
    ports.iter().map(endpoint).collect()
}

/// The hosts that were given.
pub(crate) fn hosts<'a>(
    manifest: &'a Manifest,
    arguments: &'a [Argument],
) -> impl Iterator<Item = &'a str> {
    values(manifest, arguments, Kind::Host, false)
}

/// The values of all options of a kind.
fn values<'a>(
    manifest: &'a Manifest,
    arguments: &'a [Argument],
    kind: Kind,
    trust_defaults: bool,
) -> impl Iterator<Item = &'a str> {
    let options = manifest
        .options
        .iter()
        .filter(move |option| option.kind == kind);
    options.flat_map(move |option| option_values(manifest, arguments, option, trust_defaults))
}

fn option_values<'a>(
    manifest: &'a Manifest,
    arguments: &'a [Argument],
    option: &'a OptionSpec,
    trust_defaults: bool,
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
    let by_default = || {
        implied_value(manifest, arguments, &option.name)
            .or(option.default.as_deref())
            .filter(|_| trust_defaults)
    };
    let value = given.last().copied().or_else(by_default);
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
pub(crate) fn without_brackets(host: &str) -> &str {
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
        ssl.implies = vec![
            argument("port", "465"),
            argument("hostname", "evil.example"),
        ];
        manifest(vec![host, port, ssl])
    }

    fn rules(allow: &[&str], deny: &[&str], only: &[&str]) -> Rules {
        let parse = |rules: &[&str]| {
            rules
                .iter()
                .map(|rule| Pattern::parse_with_classes(rule).unwrap())
                .collect()
        };
        Rules {
            allow: parse(allow),
            deny: parse(deny),
            only: parse(only),
            targets: Vec::new(),
            trust_defaults: false,
            files: Files::default(),
        }
    }

    fn grants(arguments: &[Argument]) -> Grants {
        Grants::named_by(&smtp(), arguments, Rules::default())
    }

    fn ruled(host: &str, rules: Rules) -> Grants {
        Grants::named_by(&smtp(), &[argument("hostname", host)], rules)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn flag(name: &str) -> Argument {
        Argument {
            name: name.to_owned(),
            value: None,
        }
    }

    #[test]
    fn nothing_but_what_is_named() {
        let grants = grants(&[
            argument("hostname", "mx.example.org"),
            argument("port", "2525"),
        ]);
        assert!(grants.allow_host("mx.example.org", 2525).is_ok());
        assert!(grants.allow_host("MX.example.ORG", 2525).is_ok());
        let refusal = grants.allow_host("mx.example.org", 25).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "connection to tcp://mx.example.org:25 refused: the command line does not name it; \
             to allow it: --allow tcp://mx.example.org:25"
        );
        assert!(grants.allow_host("mx.example.com", 2525).is_err());
        assert!(grants.allow_host("127.0.0.1", 2525).is_err());
        assert!(grants.allow_unix("mx.example.org").is_err());
        for host in ["a:1 --allow tcp://b", "$(reboot)", "a\nOK - b"] {
            let refusal = grants.allow_host(host, 25).unwrap_err();
            assert!(!refusal.endpoint.contains([' ', '$', '\n']), "{refusal}");
            assert!(!refusal.to_string().contains(" --allow"), "{refusal}");
        }
        assert!(Grants::default().allow_host("127.0.0.1", 25).is_err());
    }

    #[test]
    fn ports_may_be_implied_but_hosts_are_given() {
        let host = argument("hostname", "mx");
        assert!(
            grants(std::slice::from_ref(&host))
                .allow_host("mx", 25)
                .is_ok()
        );
        let with_ssl = grants(&[host.clone(), flag("ssl")]);
        assert!(with_ssl.allow_host("mx", 465).is_ok());
        assert!(with_ssl.allow_host("mx", 25).is_err());
        assert!(
            grants(&[host, flag("ssl"), argument("port", "25")])
                .allow_host("mx", 25)
                .is_ok()
        );

        for arguments in [vec![], vec![flag("ssl")]] {
            assert_eq!(grants(&arguments).named(), []);
        }
        let trusting = Rules {
            trust_defaults: true,
            ..Rules::default()
        };
        let trusting = Grants::named_by(&smtp(), &[], trusting);
        assert!(trusting.allow_host("127.0.0.1", 25).is_ok());
    }

    #[test]
    fn the_last_value_counts() {
        let grants = grants(&[argument("hostname", "a"), argument("hostname", "b")]);
        assert!(grants.allow_host("b", 25).is_ok());
        assert!(grants.allow_host("a", 25).is_err());
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        let grants = grants(&[argument("hostname", "[0:0:0:0:0:0:0:1]")]);
        assert!(grants.allow_host("::1", 25).is_ok());
        let refusal = grants.allow_host("::2", 25).unwrap_err();
        assert_eq!(refusal.endpoint, "tcp://[::2]:25");
    }

    #[test]
    fn a_path_is_a_unix_socket_and_nothing_else() {
        let grants = grants(&[argument("hostname", "/run/lmtp")]);
        assert!(grants.allow_unix("/run/lmtp").is_ok());
        assert!(grants.allow_unix("/run/../run/lmtp").is_err());
        assert!(grants.allow_host("/run/lmtp", 25).is_err());
    }

    #[test]
    fn a_port_that_is_none_names_nothing() {
        for port in ["0", "65536", "x", ""] {
            let grants = grants(&[argument("hostname", "mx"), argument("port", port)]);
            assert_eq!(grants.named(), [], "{port}");
        }
    }

    #[test]
    fn the_operator_may_add() {
        let grants = ruled(
            "mx",
            rules(&["tcp://*.relay.org:25", "tcp://10.0.0.0/8:53"], &[], &[]),
        );
        assert!(grants.allow_host("a.relay.org", 25).is_ok());
        assert!(grants.allow_host("10.1.1.1", 53).is_ok());
        assert!(grants.allow_host("10.1.1.1", 25).is_err());
        // A network says nothing about names: they would have to be looked up first.
        assert!(grants.allow_host("ten.example", 53).is_err());
    }

    #[test]
    fn deny_wins_by_name_and_by_address() {
        let denied = rules(
            &["tcp://mx:25", "tcp://10.0.0.1:25"],
            &["tcp://mx:*", "private"],
            &[],
        );
        let grants = ruled("mx", denied.clone());
        let refusal = grants.allow_host("mx", 25).unwrap_err();
        assert!(refusal.reason.contains("'tcp://mx:*'"), "{refusal}");
        assert!(grants.allow_host("10.0.0.1", 25).is_err());
        let other = ruled("other", denied);
        assert!(other.allow_host("other", 25).is_ok());
        let refusal = other
            .allow_address("other", ip("192.168.0.1"), 25)
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "connection to tcp://other:25 refused: it leads to 192.168.0.1, denied by 'private'; \
             to allow it: take 'private' out of what is denied"
        );
        assert!(
            other
                .allow_address("other", ip("::ffff:10.0.0.2"), 25)
                .is_err()
        );
        assert!(other.allow_address("other", ip("8.8.8.8"), 25).is_ok());
    }

    #[test]
    fn targets_narrow_what_only_lets_through() {
        let mut rules = rules(&[], &[], &["tcp://*.example.org:*"]);
        rules.targets = vec![Pattern::parse("tcp://mx.example.org:25").unwrap()];
        let refusal = |host: &str| {
            let found = ruled(host, rules.clone()).allow_host(host, 25);
            found.map_err(|refusal| refusal.to_string())
        };
        assert_eq!(refusal("mx.example.org"), Ok(()));
        assert_eq!(
            refusal("www.example.org"),
            Err(
                "connection to tcp://www.example.org:25 refused: it is not among the targets that \
                 are allowed here; to allow it: add 'tcp://www.example.org:25' to targets"
                    .to_owned()
            )
        );
        assert!(
            refusal("mx.example.net")
                .unwrap_err()
                .contains("the policy's only")
        );
        let network = vec![Pattern::parse("tcp://10.0.0.0/8:25").unwrap()];
        rules.targets = network;
        let grants = ruled("mx.example.org", rules);
        assert_eq!(grants.allow_host("mx.example.org", 25), Ok(()));
        let address =
            |text: &str| grants.allow_address("mx.example.org", text.parse().unwrap(), 25);
        assert_eq!(address("10.1.2.3"), Ok(()));
        assert!(
            address("192.0.2.1")
                .unwrap_err()
                .to_string()
                .contains("to targets")
        );
    }

    #[test]
    fn only_narrows_by_name_or_by_address() {
        let by_name = ruled(
            "mx.example.org",
            rules(&[], &[], &["tcp://*.example.org:25"]),
        );
        assert!(by_name.allow_host("mx.example.org", 25).is_ok());
        assert!(
            by_name
                .allow_address("mx.example.org", ip("8.8.8.8"), 25)
                .is_ok()
        );
        let outside = ruled(
            "mx.example.com",
            rules(&[], &[], &["tcp://*.example.org:25"]),
        );
        assert!(outside.allow_host("mx.example.com", 25).is_err());

        let by_address = ruled("mx", rules(&[], &[], &["tcp://10.0.0.0/8:25"]));
        assert!(by_address.allow_host("mx", 25).is_ok());
        assert!(by_address.allow_address("mx", ip("10.2.3.4"), 25).is_ok());
        assert!(by_address.allow_address("mx", ip("11.2.3.4"), 25).is_err());
        let literal = ruled("11.2.3.4", rules(&[], &[], &["tcp://10.0.0.0/8:25"]));
        assert!(literal.allow_host("11.2.3.4", 25).is_err());
    }

    #[test]
    fn metadata_is_reached_by_its_literal_address_only() {
        let metadata = ip("169.254.169.254");
        let refusal = ruled("mx", Rules::default())
            .allow_address("mx", metadata, 25)
            .unwrap_err();
        assert!(
            refusal
                .to_string()
                .contains("--allow tcp://169.254.169.254:25"),
            "{refusal}"
        );
        let mapped = ip("::ffff:169.254.169.254");
        assert!(
            ruled("mx", Rules::default())
                .allow_address("mx", mapped, 25)
                .is_err()
        );
        let literal = ruled("169.254.169.254", Rules::default());
        assert!(
            literal
                .allow_address("169.254.169.254", metadata, 25)
                .is_ok()
        );
        let network = ruled("mx", rules(&["tcp://169.254.0.0/16:25"], &[], &[]));
        assert!(network.allow_address("mx", metadata, 25).is_err());
        let allowed = ruled("mx", rules(&["tcp://169.254.169.254:25"], &[], &[]));
        assert!(allowed.allow_address("mx", metadata, 25).is_ok());
        let denied = ruled("169.254.169.254", rules(&[], &["metadata"], &[]));
        assert!(denied.allow_host("169.254.169.254", 25).is_err());
    }

    #[test]
    fn links_do_not_lead_around_a_rule() {
        let folder = std::env::temp_dir().join(format!("sandcheck-grants-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let folder = folder.canonicalize().unwrap();
        let (real, link) = (folder.join("real"), folder.join("link"));
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let (real, link) = (real.to_str().unwrap(), link.to_str().unwrap());
        let denied = ruled(link, rules(&[], &[&format!("unix:{real}")], &[]));
        let only = ruled(link, rules(&[], &[], &[&format!("unix:{link}")]));
        let free = ruled(link, Rules::default());
        let outcomes = [&denied, &only, &free].map(|grants| grants.allow_unix(link).is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(outcomes, [false, false, true]);
    }

    #[test]
    fn addresses_of_another_family_than_the_source_are_left_out() {
        let of = |addresses: &[&str]| -> Vec<IpAddr> {
            addresses.iter().map(|one| one.parse().unwrap()).collect()
        };
        let both = of(&["192.0.2.1", "2001:db8::1"]);
        let from = |source: Option<&str>| {
            let grants = Grants::default().from(source.map(|source| source.parse().unwrap()));
            grants.reachable(both.clone(), IpAddr::is_ipv4)
        };
        assert_eq!(from(None), Ok(both.clone()));
        assert_eq!(from(Some("127.0.0.1")), Ok(of(&["192.0.2.1"])));
        assert_eq!(from(Some("::1")), Ok(of(&["2001:db8::1"])));
        let grants = Grants::default().from("::1".parse().ok());
        let words = "No IPv6 address to connect to from ::1".to_owned();
        let none = grants.reachable(of(&["192.0.2.1"]), IpAddr::is_ipv4);
        assert_eq!(none, Err(words));
    }
}
