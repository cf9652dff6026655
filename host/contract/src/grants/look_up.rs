//! Which look-ups a run may ask for, and what their answers add to what it may connect to: only what
//! the host itself found, for something that this command line names.

use std::net::IpAddr;

use super::{Endpoint, Grants, NOTHING, Refusal, UNNAMED, is_same_host, is_shown, shown};

/// An address that the host found for a name, with a port that goes with the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    address: IpAddr,
    port: u16,
    name: String,
}

impl Grants {
    /// Whether the addresses of this host may be asked for: where there is a port of it that may be
    /// connected to.
    pub fn allow_addresses(&self, host: &str) -> Result<(), Refusal> {
        let mut refusal = refused("addresses", host);
        for port in self.ports_of(host) {
            match self.allow_host(host, port) {
                Ok(()) => return Ok(()),
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }

    /// Whether the mail exchangers of this domain may be asked for.
    pub fn allow_exchanges(&self, domain: &str) -> Result<(), Refusal> {
        let is_named = self.domains.iter().any(|named| is_same_name(named, domain));
        is_named
            .then_some(())
            .ok_or_else(|| refused("MX records", domain))
    }

    /// Whether the TLSA records of this service may be asked for: where it may be connected to.
    pub fn allow_associations(&self, host: &str, port: u16) -> Result<(), Refusal> {
        self.allow_host(host, port)
    }

    /// These addresses belong to the host, so they may be connected to as the host may be.
    pub fn add_addresses(&mut self, host: &str, addresses: &[IpAddr]) {
        for port in self.ports_of(host) {
            let found = addresses.iter().map(|address| Found {
                address: *address,
                port,
                name: host.to_owned(),
            });
            self.found.extend(found);
        }
    }

    /// These hosts take mail for a domain that is named, so they count as named. What only looks like a
    /// name does not: an answer is not to name an address.
    pub fn add_exchanges<'a>(&mut self, hosts: impl IntoIterator<Item = &'a str>) {
        let names = hosts
            .into_iter()
            .filter(|host| host.parse::<IpAddr>().is_err());
        let ports = &self.ports;
        let endpoints = names.flat_map(|host| {
            ports.iter().map(|port| Endpoint::Tcp {
                host: host.to_owned(),
                port: *port,
            })
        });
        self.named.extend(endpoints);
    }

    /// The name that an address was found for, if it is not named itself.
    pub(super) fn origin(&self, host: &str, port: u16) -> Option<&str> {
        let address: IpAddr = host.parse().ok()?;
        if self.is_named(host, port) {
            return None;
        }
        let found = self
            .found
            .iter()
            .filter(|found| found.address == address && found.port == port);
        let is_allowed = |found: &&Found| {
            self.allow_host(&found.name, port).is_ok()
                && self.allow_address(&found.name, address, port).is_ok()
        };
        let best = found.clone().find(is_allowed);
        best.or_else(|| found.clone().next())
            .map(|found| &*found.name)
    }

    fn ports_of(&self, host: &str) -> Vec<u16> {
        let port_of = |endpoint: &Endpoint| match endpoint {
            Endpoint::Tcp { host: named, port } if is_same_host(named, host) => Some(*port),
            _ => None,
        };
        self.named.iter().filter_map(port_of).collect()
    }
}

fn is_same_name(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    bare(one) == bare(other)
}

fn refused(what: &str, name: &str) -> Refusal {
    let remedy = if name.chars().all(is_shown) {
        format!("name {name} on the command line")
    } else {
        NOTHING.to_owned()
    };
    Refusal {
        action: "look-up of",
        endpoint: format!("{what} of {}", shown(name)),
        reason: UNNAMED.to_owned(),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Pattern;
    use crate::grants::Rules;
    use crate::testing::{argument, manifest, option};
    use crate::types::{Argument, Kind};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn grants(arguments: &[Argument], rules: Rules) -> Grants {
        let mut port = option("port", 'p', Kind::Port);
        port.default = Some("25".to_owned());
        let options = vec![
            option("hostname", 'H', Kind::Host),
            option("mx", 'm', Kind::Domain),
            port,
        ];
        Grants::named_by(&manifest(options), arguments, rules)
    }

    fn of_host(host: &str) -> Grants {
        grants(&[argument("hostname", host)], Rules::default())
    }

    fn of_domain(rules: Rules) -> Grants {
        grants(&[argument("mx", "Example.org")], rules)
    }

    fn only(pattern: &str) -> Rules {
        Rules {
            only: vec![Pattern::parse(pattern).unwrap()],
            ..Rules::default()
        }
    }

    #[test]
    fn nothing_is_looked_up_but_what_is_named() {
        let grants = of_host("mx.example.org");
        assert!(grants.allow_addresses("MX.example.org").is_ok());
        assert!(grants.allow_associations("mx.example.org", 25).is_ok());
        assert!(grants.allow_associations("mx.example.org", 26).is_err());
        assert!(grants.allow_addresses("other.example").is_err());
        assert_eq!(
            grants
                .allow_exchanges("mx.example.org")
                .unwrap_err()
                .to_string(),
            "look-up of MX records of mx.example.org refused: the command line does not name it; to \
             allow it: name mx.example.org on the command line"
        );
        let odd = grants.allow_exchanges("a b\nOK").unwrap_err().to_string();
        assert!(!odd.contains('\n') && !odd.contains("a b"), "{odd}");
        let grants = of_domain(Rules::default());
        assert!(grants.allow_exchanges("example.ORG.").is_ok());
        assert!(grants.allow_exchanges("www.example.org").is_err());
        assert!(grants.allow_addresses("example.org").is_err());
        assert!(grants.allow_host("example.org", 25).is_err());
    }

    #[test]
    fn what_was_found_may_be_connected_to() {
        let mut grants = of_domain(Rules::default());
        assert!(grants.allow_host("mx1.example.net", 25).is_err());
        grants.add_exchanges(["mx1.example.net", "169.254.169.254"]);
        assert!(grants.allow_host("mx1.example.net", 25).is_ok());
        assert!(grants.allow_host("mx1.example.net", 26).is_err());
        assert!(grants.allow_associations("mx1.example.net", 25).is_ok());
        assert!(grants.allow_addresses("mx1.example.net").is_ok());
        assert!(grants.allow_host("169.254.169.254", 25).is_err());
    }

    #[test]
    fn addresses_that_were_found_are_the_hosts() {
        let mut grants = of_host("mx.example.org");
        let (address, metadata) = (ip("192.0.2.1"), ip("169.254.169.254"));
        assert!(grants.allow_host("192.0.2.1", 25).is_err());
        grants.add_addresses("mx.example.org", &[address, metadata]);
        assert!(grants.allow_host("192.0.2.1", 25).is_ok());
        assert!(grants.allow_address("192.0.2.1", address, 25).is_ok());
        assert!(grants.allow_host("192.0.2.1", 26).is_err());
        assert!(grants.allow_host("192.0.2.2", 25).is_err());
        let refusal = grants
            .allow_address("169.254.169.254", metadata, 25)
            .unwrap_err();
        assert!(
            refusal.reason.starts_with("it leads to 169.254.169.254"),
            "{refusal}"
        );
        grants.add_addresses("other.example", &[ip("192.0.2.9")]);
        assert!(grants.allow_host("192.0.2.9", 25).is_err());
    }

    #[test]
    fn the_policy_narrows_what_was_found_by_name_and_by_address() {
        let mut grants = of_domain(only("tcp://*.example.org:25"));
        grants.add_exchanges(["mx.example.org", "mx.example.net"]);
        assert!(grants.allow_host("mx.example.org", 25).is_ok());
        assert!(grants.allow_host("mx.example.net", 25).is_err());
        grants.add_addresses("mx.example.net", &[ip("192.0.2.1")]);
        assert!(grants.allow_host("192.0.2.1", 25).is_err());
        grants.add_addresses("mx.example.org", &[ip("192.0.2.1")]);
        assert!(grants.allow_host("192.0.2.1", 25).is_ok());
        assert!(
            grants
                .allow_address("192.0.2.1", ip("192.0.2.1"), 25)
                .is_ok()
        );

        let mut grants = of_domain(only("tcp://10.0.0.0/8:25"));
        grants.add_exchanges(["mx.example.org"]);
        grants.add_addresses("mx.example.org", &[ip("10.0.0.1"), ip("192.0.2.1")]);
        assert!(grants.allow_host("10.0.0.1", 25).is_ok());
        assert!(
            grants
                .allow_address("192.0.2.1", ip("192.0.2.1"), 25)
                .is_err()
        );
    }
}
