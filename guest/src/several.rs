//! `--mx` and `--all-addresses`: each of several servers is checked by itself, and the worst counts.

use std::time::{Duration, Instant};

use sandcheck_plugin::host_name::{self, Host};
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::report::Report;
use sandcheck_plugin::resolver::{self, Exchange, LookUpError, Records};
use sandcheck_plugin::state::State;

use crate::options::Options;
use crate::plugin::{self, Found};
use crate::together::{self, Checked};

/// Which servers are checked beside the one that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    /// Those that take the mail of this domain.
    domain: Option<String>,
    /// Each address of a server.
    all_addresses: bool,
}

impl Servers {
    /// Takes an option, if it is one of these.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Misuse>> {
        Some(match name {
            "mx" => domain(value).map(|domain| self.domain = Some(domain)),
            "all-addresses" => {
                self.all_addresses = true;
                Ok(())
            }
            _ => return None,
        })
    }

    /// Refuses what contradicts the other options.
    pub(crate) fn check(&self, host: Option<&Host>) -> Result<(), Misuse> {
        match host {
            Some(_) if self.domain.is_some() => Err(Misuse::hinted(
                "Set either --mx or -H/--hostname, they contradict",
                "--mx takes the domain, and finds its servers itself",
            )),
            Some(Host::Path(path)) if self.all_addresses => Err(Misuse::hinted(
                format!("--all-addresses needs a host name - {path}"),
                "a Unix socket has no addresses",
            )),
            _ => Ok(()),
        }
    }

    /// The host that all is about, until servers are found.
    pub(crate) fn host(&self) -> Option<(Host, String)> {
        let domain = self.domain.clone()?;
        Some((Host::Name(domain.clone()), domain))
    }
}

fn domain(value: &str) -> Result<String, Misuse> {
    host_name::domain(value).ok_or_else(|| {
        Misuse::hinted(
            format!("Invalid domain - {value}"),
            "--mx takes what stands behind the @ of addresses, such as example.org",
        )
    })
}

/// The time for all of it.
#[derive(Clone, Copy)]
struct Clock {
    began: Instant,
    budget: Duration,
}

impl Clock {
    fn left(self) -> Duration {
        self.budget.saturating_sub(self.began.elapsed())
    }

    /// What one of so many may use, so that one that does not answer leaves time for the others.
    fn share(self, among: usize) -> Duration {
        self.left() / u32::try_from(among.max(1)).unwrap_or(u32::MAX)
    }
}

/// Checks all servers, if there may be several; none otherwise.
pub(crate) fn run(
    given: &[(String, Option<String>)],
    options: &Options,
) -> Option<Result<Report, Misuse>> {
    let Servers {
        domain,
        all_addresses,
    } = &options.servers;
    let clock = Clock {
        began: Instant::now(),
        budget: Duration::from_secs(u64::from(options.timeout)),
    };
    let checked = match domain {
        Some(domain) => exchanges(given, options, domain, clock),
        None if *all_addresses => addresses(given, &options.server, clock),
        None => return None,
    };
    let what = match (domain, all_addresses) {
        (Some(domain), false) => ("MX host", format!("of {domain}")),
        (Some(domain), true) => ("address", format!("of MX hosts of {domain}")),
        (None, _) => ("address", format!("of {}", options.server)),
    };
    Some(match checked {
        Ok(checked) => Ok(together::report(what.0, &what.1, checked)),
        Err(Stop::Misuse(misuse)) => Err(misuse),
        Err(Stop::Report(report)) => Ok(*report),
    })
}

/// Why no server is checked.
enum Stop {
    Misuse(Misuse),
    Report(Box<Report>),
}

impl From<Misuse> for Stop {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

fn stop(state: State, reason: &str) -> Stop {
    let line = format!("SMTP {state} - {reason}");
    Stop::Report(Box::new(Report {
        state,
        findings: vec![line],
        ..Report::default()
    }))
}

/// The servers of a domain, in the order in which a sender would try them (RFC 5321 section 5.1).
fn exchanges(
    given: &[(String, Option<String>)],
    options: &Options,
    domain: &str,
    clock: Clock,
) -> Result<Vec<Checked>, Stop> {
    let found = resolver::exchanges(domain, clock.left());
    if options.dane.is_given()
        && let Some(stop) = unvalidated(&found, domain, options.port, clock.left())
    {
        return Err(stop);
    }
    let hosts = hosts(found, domain, options)?;
    let mut checked = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        let share = Clock {
            began: Instant::now(),
            budget: clock.share(hosts.len() - index),
        };
        let mut options = match for_host(given, host) {
            Ok(options) => options,
            Err(misuse) => {
                checked.push(Checked::failed(host, &misuse));
                continue;
            }
        };
        options.dane.for_domain(domain);
        if options.servers.all_addresses {
            match addresses_of(given, host, Some(domain), share) {
                Ok(more) => checked.extend(more),
                Err(Stop::Misuse(misuse)) => checked.push(Checked::failed(host, &misuse)),
                Err(stop) => return Err(stop),
            }
        } else {
            checked.push(one(&mut options, host, None, share.budget));
        }
    }
    Ok(checked)
}

/// Where the host of this check validates nothing, no record is secure, whoever has signed it. Such a host says so
/// when it is asked for TLSA records.
fn unvalidated(
    found: &Result<Records<Exchange>, LookUpError>,
    domain: &str,
    port: u16,
    timeout: Duration,
) -> Option<Stop> {
    let found = found.as_ref().ok().filter(|found| !found.secure)?;
    let hosts = found.records.iter().map(|exchange| &*exchange.host);
    let itself = found.records.is_empty().then_some(domain);
    let named = hosts
        .chain(itself)
        .find(|host| host_name::domain(host).is_some())?;
    match resolver::associations(named, port, timeout) {
        Err(error @ LookUpError::NotSupported(_)) => {
            let reason = format!("DANE cannot be checked: TLSA _{port}._tcp.{named}: {error}");
            Some(stop(State::Unknown, &reason))
        }
        _ => None,
    }
}

/// RFC 5321 section 5.1: without MX records the host of the domain's own name takes its mail.
/// RFC 7505 section 3: a null MX says that nobody does.
fn hosts(
    found: Result<Records<Exchange>, LookUpError>,
    domain: &str,
    options: &Options,
) -> Result<Vec<String>, Stop> {
    let Records { records, secure } = found.map_err(|error| {
        let state = match error {
            LookUpError::NotSupported(_) | LookUpError::AccessDenied(_) => State::Unknown,
            LookUpError::TimedOut => options.timeout_state,
            _ => State::Critical,
        };
        stop(state, &format!("MX records of {domain}: {error}"))
    })?;
    if options.dane.is_given() && !secure {
        let reason = format!(
            "DANE: MX records of {domain} are not secured by DNSSEC, so nobody goes by the TLSA \
             records of those hosts: sign the zone, and have the DS record in its parent"
        );
        return Err(stop(State::Critical, &reason));
    }
    let mut hosts: Vec<String> = Vec::new();
    for Exchange { host, .. } in records {
        if !hosts.iter().any(|known| known.eq_ignore_ascii_case(&host)) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() {
        hosts.push(domain.to_owned());
    }
    if hosts.iter().all(|host| host == ".") {
        let reason = format!("{domain} takes no mail (null MX, RFC 7505)");
        return Err(stop(State::Critical, &reason));
    }
    hosts.retain(|host| host != ".");
    Ok(hosts)
}

/// Each address of the host that is named.
fn addresses(
    given: &[(String, Option<String>)],
    host: &str,
    clock: Clock,
) -> Result<Vec<Checked>, Stop> {
    addresses_of(given, host, None, clock)
}

fn addresses_of(
    given: &[(String, Option<String>)],
    host: &str,
    domain: Option<&str>,
    clock: Clock,
) -> Result<Vec<Checked>, Stop> {
    let resolve = || -> Result<Options, Misuse> {
        let mut options = match domain {
            Some(_) => Options::resolve(&naming(given, host))?,
            None => Options::resolve(given)?,
        };
        if let Some(domain) = domain {
            options.dane.for_domain(domain);
        }
        Ok(options)
    };
    let options = resolve()?;
    let began = Instant::now();
    let found = resolver::addresses(&options.host.to_string(), options.family, clock.left());
    let took = matches!(options.host, Host::Name(_)).then(|| began.elapsed());
    let found = found.map_err(|error| {
        let state = match error {
            LookUpError::TimedOut => options.timeout_state,
            _ => State::Unknown,
        };
        stop(state, &format!("addresses of {host}: {error}"))
    })?;
    if found.is_empty() {
        let message = format!("Invalid hostname/address - {host}");
        return Err(Misuse::hinted(message, "it has no address, or none of that family").into());
    }
    let mut checked = Vec::new();
    for (index, address) in found.iter().enumerate() {
        let share = clock.share(found.len() - index);
        let name = match domain {
            Some(_) => format!("{host} {address}"),
            None => address.clone(),
        };
        let here = Found { address, took };
        checked.push(one(&mut resolve()?, &name, Some(&here), share));
    }
    Ok(checked)
}

/// The options for one host of a domain. A record that names an address names no host (RFC 5321
/// section 5.1).
fn for_host(given: &[(String, Option<String>)], host: &str) -> Result<Options, Misuse> {
    let options = Options::resolve(&naming(given, host))?;
    match options.host {
        Host::Name(_) => Ok(options),
        _ => Err(Misuse::new(
            "its MX record names an address instead of a host",
        )),
    }
}

/// The same options for one host of a domain.
fn naming(given: &[(String, Option<String>)], host: &str) -> Vec<(String, Option<String>)> {
    let kept = given.iter().filter(|(name, _)| name != "mx").cloned();
    let named = ("hostname".to_owned(), Some(host.to_owned()));
    kept.chain([named]).collect()
}

/// One server. What would be a misuse if it had been named is its failure.
fn one(options: &mut Options, name: &str, found: Option<&Found<'_>>, share: Duration) -> Checked {
    let began = Instant::now();
    options.timeout = u32::try_from(share.as_secs()).unwrap_or(u32::MAX).max(1);
    match plugin::check(options, found, share) {
        Ok(report) => Checked::asked(name, report, began.elapsed()),
        Err(misuse) => Checked::failed(name, &misuse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "as it is looked up")]
    fn mx(hosts: &[&str], secure: bool) -> Result<Records<Exchange>, LookUpError> {
        let records = hosts.iter().map(|host| Exchange {
            preference: 10,
            host: (*host).to_owned(),
        });
        Ok(Records {
            records: records.collect(),
            secure,
        })
    }

    fn servers(found: Result<Records<Exchange>, LookUpError>, by_dane: bool) -> Vec<String> {
        let dane = by_dane.then_some(["starttls", "dane"]);
        let given = dane.into_iter().flatten().chain(["ignore-quit-failure"]);
        let mut given: Vec<_> = given.map(|name| (name.to_owned(), None)).collect();
        given.push(("mx".to_owned(), Some("example.org".to_owned())));
        let options = Options::resolve(&given).expect("they make sense");
        let found = hosts(found, "example.org", &options);
        found.unwrap_or_else(|stop| match stop {
            Stop::Report(report) => report.findings,
            Stop::Misuse(misuse) => vec![misuse.message],
        })
    }

    #[test]
    fn each_host_is_checked_once_in_order() {
        assert_eq!(servers(mx(&["b", "a", "B"], false), false), ["b", "a"]);
        assert_eq!(servers(mx(&[], false), false), ["example.org"]);
        assert_eq!(
            servers(mx(&["."], true), false),
            ["SMTP CRITICAL - example.org takes no mail (null MX, RFC 7505)"]
        );
        assert_eq!(servers(mx(&[".", "a"], true), false), ["a"]);
    }

    #[test]
    fn dane_needs_mx_records_that_are_secure() {
        assert_eq!(servers(mx(&["a"], true), true), ["a"]);
        let refused = servers(mx(&["a"], false), true);
        assert!(refused[0].starts_with("SMTP CRITICAL - DANE: MX records of example.org are not"));
    }

    /// The resolver of these tests validates nothing.
    #[test]
    fn dane_needs_a_host_that_validates() {
        let asked = |found: Result<Records<Exchange>, LookUpError>| {
            let stop = unvalidated(&found, "example.org", 25, Duration::ZERO)?;
            let Stop::Report(report) = stop else {
                return None;
            };
            Some((report.state, report.findings.concat()))
        };
        for (hosts, named) in [(&["192.0.2.1", "a"][..], "a"), (&[], "example.org")] {
            let (state, text) = asked(mx(hosts, false)).expect("a report");
            let line = format!("SMTP UNKNOWN - DANE cannot be checked: TLSA _25._tcp.{named}: ");
            assert_eq!(state, State::Unknown);
            assert!(text.starts_with(&line), "{text}");
        }
        assert_eq!(asked(mx(&["a"], true)), None);
        assert_eq!(asked(mx(&["."], false)), None);
        assert_eq!(asked(Err(LookUpError::TimedOut)), None);
    }

    #[test]
    fn failures_of_the_look_up_are_the_result() {
        for (error, state) in [
            (LookUpError::TimedOut, "CRITICAL"),
            (LookUpError::Bogus("x".to_owned()), "CRITICAL"),
            (LookUpError::NotSupported("x".to_owned()), "UNKNOWN"),
        ] {
            let line = format!("SMTP {state} - MX records of example.org: ");
            assert!(servers(Err(error), false)[0].starts_with(&line));
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let mut servers = Servers::default();
        let name = Host::Name("mx".to_owned());
        assert_eq!(servers.check(Some(&name)), Ok(()));
        assert_eq!(servers.take("all-addresses", ""), Some(Ok(())));
        let path = Host::Path("/run/lmtp".to_owned());
        let refused = servers.check(Some(&path)).unwrap_err().message;
        assert_eq!(refused, "--all-addresses needs a host name - /run/lmtp");
        assert_eq!(servers.take("mx", "example.org."), Some(Ok(())));
        let refused = servers.check(Some(&name)).unwrap_err().message;
        assert_eq!(refused, "Set either --mx or -H/--hostname, they contradict");
        assert_eq!(servers.host().unwrap().1, "example.org");
        let bad = servers
            .take("mx", "192.0.2.1")
            .unwrap()
            .unwrap_err()
            .message;
        assert_eq!(bad, "Invalid domain - 192.0.2.1");
        assert!(servers.take("port", "25").is_none());
    }

    #[test]
    fn one_that_does_not_answer_leaves_time_for_the_others() {
        let clock = Clock {
            began: Instant::now(),
            budget: Duration::from_secs(10),
        };
        assert!(clock.share(2) <= Duration::from_secs(5));
        assert!(clock.share(0) > Duration::from_secs(5));
    }
}
