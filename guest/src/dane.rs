//! `--dane`: the TLSA records of the server, which its certificate has to match (RFC 7672).

use std::sync::Arc;
use std::time::Duration;

use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::resolver::{self, Association, LookUpError, Records};
use sandcheck_plugin::state::{Finding, State};
use sandcheck_plugin::tls::{Dane, PeerName, Terms};

use crate::options::{Options, Security};
use crate::outcome::Ending;
use crate::phase::Phase;
use crate::timings::Stopwatch;

/// Whether it is asked for, and for which domain the server takes mail.
#[derive(Debug, Default)]
pub struct Wanted {
    given: bool,
    domain: Option<String>,
}

impl Wanted {
    /// Takes the option, if it is this one.
    pub(crate) fn take(&mut self, name: &str) -> Option<Result<(), Misuse>> {
        if name != "dane" {
            return None;
        }
        self.given = true;
        Some(Ok(()))
    }

    /// Refuses what contradicts it.
    pub(crate) fn check(&self, host: &Host, security: Security) -> Result<(), Misuse> {
        if !self.given {
            return Ok(());
        }
        if security == Security::None {
            return Err(Misuse::hinted(
                "--dane needs TLS",
                "add -S/--starttls or -s/--ssl",
            ));
        }
        match host {
            Host::Name(_) => Ok(()),
            _ => Err(Misuse::hinted(
                format!("--dane needs a host name - {host}"),
                "TLSA records belong to names: -H takes one, or --mx a domain",
            )),
        }
    }

    /// Whether it is asked for.
    pub(crate) fn is_given(&self) -> bool {
        self.given
    }

    /// The server takes the mail of this domain.
    pub(crate) fn for_domain(&mut self, domain: &str) {
        self.domain = Some(domain.to_owned());
    }
}

/// What comes of a look-up that settles everything.
pub(crate) type Settled = (Ending, Option<Finding>);

/// Looks the records up, when that is asked for, and makes them a part of the terms.
pub(crate) fn prepare(
    options: &mut Options,
    timeout: Duration,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<(), Settled> {
    let Host::Name(host) = &options.host else {
        return Ok(());
    };
    if !options.dane.given {
        return Ok(());
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_owned();
    let record = format!("_{}._tcp.{host}", options.port);
    stopwatch.begin(Phase::Resolve);
    let found = resolver::associations(&host, options.port, timeout);
    if !matches!(found, Err(LookUpError::TimedOut)) {
        stopwatch.end();
    }
    let names = std::iter::once(&*host)
        .chain(options.dane.domain.as_deref())
        .filter_map(|name| PeerName::parse(name).ok());
    let dane = judge(found, names.collect()).map_err(|failure| failure.settled(&record))?;
    let terms = options.terms.get_or_insert_with(|| Terms {
        name: Some(host),
        ..Terms::default()
    });
    terms.dane = Some(Arc::new(dane));
    Ok(())
}

/// Why there are no records to go by.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    TimedOut,
    /// Nobody can tell.
    Impossible(String),
    /// The records are to blame, or there being none.
    Bad(String),
}

impl Failure {
    fn settled(self, record: &str) -> Settled {
        let (state, text) = match self {
            Self::TimedOut => return (Ending::TimedOut, None),
            Self::Impossible(reason) => (
                State::Unknown,
                format!("SMTP UNKNOWN - DANE cannot be checked: TLSA {record}: {reason}"),
            ),
            Self::Bad(reason) => (
                State::Critical,
                format!("SMTP CRITICAL - DANE: TLSA {record}: {reason}"),
            ),
        };
        (Ending::Abandoned, Some(Finding { state, text }))
    }
}

/// RFC 7672 section 2.2: only records that are validated count.
fn judge(
    found: Result<Records<Association>, LookUpError>,
    names: Vec<PeerName>,
) -> Result<Dane, Failure> {
    let Records { records, secure } = found.map_err(|error| match error {
        LookUpError::TimedOut => Failure::TimedOut,
        LookUpError::NotSupported(_) | LookUpError::AccessDenied(_) => {
            Failure::Impossible(error.to_string())
        }
        LookUpError::Bogus(_) => Failure::Bad(format!(
            "{error}: signatures are missing, wrong or expired, or the name server leaves them out"
        )),
        LookUpError::Other(_) => Failure::Bad(error.to_string()),
    })?;
    if !secure {
        let reason = if records.is_empty() {
            "no record that is secured by DNSSEC, nor an alias that is: sign the zone, have the DS record in its parent, and publish one"
        } else {
            "not secured by DNSSEC, so nobody may go by it: sign the zone, and have the DS record in its parent"
        };
        return Err(Failure::Bad(reason.to_owned()));
    }
    if records.is_empty() {
        return Err(Failure::Bad(
            "no record: publish one, such as 3 1 1".to_owned(),
        ));
    }
    Dane::new(records, names).map_err(|unusable| Failure::Bad(unusable.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "as it is looked up")]
    fn records(count: usize, secure: bool) -> Result<Records<Association>, LookUpError> {
        let record = Association {
            usage: 3,
            selector: 1,
            matching: 1,
            data: vec![0; 32],
        };
        Ok(Records {
            records: vec![record; count],
            secure,
        })
    }

    fn finding(found: Result<Records<Association>, LookUpError>) -> (State, String) {
        let failure = judge(found, Vec::new()).expect_err("a failure");
        let (ending, finding) = failure.settled("_25._tcp.mx.example");
        assert_eq!(ending, Ending::Abandoned);
        let Finding { state, text } = finding.expect("a finding");
        (state, text)
    }

    #[test]
    fn only_secure_records_count() {
        assert!(judge(records(1, true), Vec::new()).is_ok());
        let (state, text) = finding(records(1, false));
        assert_eq!(state, State::Critical);
        assert!(
            text.starts_with(
                "SMTP CRITICAL - DANE: TLSA _25._tcp.mx.example: not secured by DNSSEC"
            ),
            "{text}"
        );
        assert!(
            finding(records(0, false))
                .1
                .contains("no record that is secured")
        );
        assert!(
            finding(records(0, true))
                .1
                .ends_with("no record: publish one, such as 3 1 1")
        );
    }

    #[test]
    fn what_fails_is_told_apart() {
        let reason = || "reason".to_owned();
        for (error, state) in [
            (LookUpError::Bogus(reason()), State::Critical),
            (LookUpError::Other(reason()), State::Critical),
            (LookUpError::NotSupported(reason()), State::Unknown),
            (LookUpError::AccessDenied(reason()), State::Unknown),
        ] {
            let found = finding(Err(error));
            assert_eq!(found.0, state);
            assert!(found.1.contains("reason"), "{}", found.1);
        }
        assert_eq!(
            judge(Err(LookUpError::TimedOut), Vec::new()),
            Err(Failure::TimedOut)
        );
    }

    #[test]
    fn it_needs_a_name_and_tls() {
        let mut wanted = Wanted::default();
        assert!(wanted.take("hostname").is_none());
        let name = Host::Name("mx".to_owned());
        assert_eq!(wanted.check(&name, Security::None), Ok(()));
        assert_eq!(wanted.take("dane"), Some(Ok(())));
        assert_eq!(wanted.check(&name, Security::StartTls), Ok(()));
        let refused = |host: &Host, security| wanted.check(host, security).unwrap_err().message;
        assert_eq!(refused(&name, Security::None), "--dane needs TLS");
        let path = Host::Path("/run/lmtp".to_owned());
        assert_eq!(
            refused(&path, Security::Implicit),
            "--dane needs a host name - /run/lmtp"
        );
    }
}
