//! The options of one check: arguments become values, values become what the session uses.

use sandcheck_plugin::certificate::Lifetime;
use sandcheck_plugin::host_name::{self, Family, Host};
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::State;
use sandcheck_plugin::threshold::whole_number;

use crate::auth::{self, Login};
use crate::demands::Demands;
use crate::limits::{self, Limit};
use crate::pattern::Pattern;
use crate::phase::Phase;
use crate::several::Servers;
use crate::timings::Timings;
use crate::trace;
use crate::{dane, proxy, trust};

/// The port that SMTP servers listen on (RFC 5321 section 4.5.4.2).
pub const SMTP_PORT: u16 = 25;

/// The port for submissions over implicit TLS (RFC 8314 section 7.3).
pub const SUBMISSIONS_PORT: u16 = 465;

/// What `-r` sends: a version 1 header that names nobody (PROXY protocol, section 2.1).
const PROXY_HEADER: &[u8] = b"PROXY TCP4 0.0.0.0 0.0.0.0 25 25\r\n";

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_TIMEOUT: u32 = 10;
const MOST_VERBOSE: u8 = 3;

/// Which protocol the server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Protocol {
    #[default]
    Smtp,
    Lmtp,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Never.
    None,
    /// After STARTTLS (RFC 3207).
    StartTls,
    /// With the first byte (RFC 8314).
    Implicit,
}

/// What the greeting and the first reply must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The greeting's reply code is 220 (RFC 5321 section 3.1).
    ServiceReady,
    /// The text is found in one of them.
    Text(String),
}

/// A command to send and what its reply must match.
#[derive(Debug)]
pub struct Exchange {
    /// The command line, without its end.
    pub command: String,
    /// What the reply must match; any reply will do without it.
    pub response: Option<Pattern>,
}

/// The options of one check, all values parsed, nothing contradictory.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are flags of a command line"
)]
pub struct Options {
    /// The server.
    pub host: Host,
    /// The server as it was given.
    pub server: String,
    /// Its TCP port.
    pub port: u16,
    /// Which of its addresses.
    pub family: Family,
    /// The protocol.
    pub protocol: Protocol,
    /// When TLS begins.
    pub security: Security,
    /// The header of the PROXY protocol that goes first; empty for none.
    pub proxy: Vec<u8>,
    /// The name to greet with.
    pub greet_as: String,
    /// What the greeting and the first reply must hold.
    pub expectation: Expectation,
    /// The certificate's remaining lifetime is checked.
    pub lifetime: Option<Lifetime>,
    /// It is shown, but never a problem.
    pub ignore_expiration: bool,
    /// What is asked of TLS beyond that.
    pub terms: Option<trust::Terms>,
    /// Log in.
    pub login: Option<Login>,
    /// The envelope sender to announce; empty for the null sender.
    pub sender: Option<String>,
    /// Commands to send.
    pub exchanges: Vec<Exchange>,
    /// A QUIT that cannot be sent is no problem.
    pub ignore_quit_failure: bool,
    /// For the response time.
    pub warning: Option<Limit>,
    /// For the response time.
    pub critical: Option<Limit>,
    /// Seconds for the whole check.
    pub timeout: u32,
    /// The state when they are over.
    pub timeout_state: State,
    /// How much is told of what is said and done, 0 to 3.
    pub verbose: u8,
    /// What is asked of the server beyond that.
    pub demands: Demands,
    /// Which servers are checked beside that one.
    pub servers: Servers,
    /// The certificate has to match TLSA records.
    pub dane: dane::Wanted,
    /// What is asked about times.
    pub timings: Timings,
    /// Nothing that the server says is shown but its codes.
    pub no_server_text: bool,
    /// The options as they were given, without secrets, when that is asked for.
    pub in_force: Vec<String>,
}

impl Options {
    /// Resolves arguments, given as name and value, in the order of the command line.
    pub fn resolve(arguments: &[(String, Option<String>)]) -> Result<Self, Misuse> {
        if arguments.is_empty() {
            return Err(Misuse::new("Could not parse arguments"));
        }
        let options = take_all(arguments)?.resolve()?;
        Ok(Self {
            in_force: trace::in_force(options.verbose, arguments),
            ..options
        })
    }

    /// Whether the response time is asked for beside the certificate.
    #[must_use]
    pub fn wants_summary(&self) -> bool {
        self.lifetime.is_none()
            || self.login.is_some()
            || self.sender.is_some()
            || !self.exchanges.is_empty()
            || self.warning.is_some()
            || self.critical.is_some()
            || self.demands.is_any()
            || self.timings.is_any()
    }

    /// What an option has to ask for before there is such a phase; none when there is one.
    #[must_use]
    pub fn lacks(&self, phase: Phase) -> Option<&'static str> {
        let recipients = self.demands.needs_transaction();
        let (is_there, needed) = match phase {
            Phase::Resolve => (
                matches!(self.host, Host::Name(_)),
                "a host name in the place of an address",
            ),
            Phase::Connect | Phase::Greeting | Phase::Ehlo | Phase::Quit => return None,
            Phase::StartTls => (self.security == Security::StartTls, "-S, or -D without -s"),
            Phase::Tls => (self.security != Security::None, "-S, -s or -D"),
            Phase::Auth => (self.login.is_some(), "-A"),
            Phase::Mail => (
                self.sender.is_some() || recipients,
                "-f, --rcpt or --no-relay",
            ),
            Phase::Rcpt => (recipients, "--rcpt or --no-relay"),
            Phase::Command => (!self.exchanges.is_empty(), "-C"),
        };
        (!is_there).then_some(needed)
    }
}

/// Reports the first argument whose value cannot be accepted.
pub fn validate(arguments: &[(String, Option<String>)]) -> Result<(), Misuse> {
    take_all(arguments).map(|_| ())
}

fn take_all(arguments: &[(String, Option<String>)]) -> Result<Given, Misuse> {
    let mut given = Given::default();
    for (name, value) in arguments {
        given.take(name, value.as_deref().unwrap_or_default())?;
    }
    Ok(given)
}

/// The values as they come, each of them valid by itself.
#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are flags of a command line"
)]
struct Given {
    host: Option<(Host, String)>,
    port: Option<u16>,
    family: Family,
    expect: Option<String>,
    commands: Vec<String>,
    responses: Vec<Pattern>,
    sender: Option<String>,
    greet_as: Option<String>,
    lifetime: Option<Lifetime>,
    ignore_expiration: bool,
    starttls: bool,
    implicit: bool,
    trust: trust::Given,
    login: auth::Given,
    lmtp: bool,
    ignore_quit_failure: bool,
    proxy: bool,
    announced: proxy::Given,
    warning: Option<Limit>,
    critical: Option<Limit>,
    timeout: Option<(Option<u32>, State)>,
    verbose: u8,
    demands: Demands,
    servers: Servers,
    dane: dane::Wanted,
    timings: Timings,
    no_server_text: bool,
}

impl Given {
    fn take(&mut self, name: &str, value: &str) -> Result<(), Misuse> {
        match name {
            "hostname" => self.host = Some((host_name::parse(value)?, value.to_owned())),
            "port" => self.port = Some(port(value)?),
            "use-ipv4" => self.family = Family::V4,
            "use-ipv6" => self.family = Family::V6,
            "expect" => self.expect = Some(value.to_owned()),
            "command" => self.commands.push(one_line("command", value)?),
            #[cfg(feature = "pattern")]
            "response" => self.responses.push(pattern(value)?),
            "from" => self.sender = Some(address(&one_line("from", value)?).to_owned()),
            "fqdn" => self.greet_as = Some(greeting_name(value)?),
            #[cfg(feature = "tls")]
            "certificate" => self.lifetime = Some(lifetime(value)?),
            #[cfg(feature = "tls")]
            "ignore-certificate-expiration" => self.ignore_expiration = true,
            #[cfg(feature = "tls")]
            "starttls" => self.starttls = true,
            #[cfg(feature = "tls")]
            "ssl" => self.implicit = true,
            #[cfg(feature = "tls")]
            "sni" => {}
            // The host's own affair.
            #[cfg(feature = "extended")]
            "source" => {}
            "lmtp" => self.lmtp = true,
            "ignore-quit-failure" => self.ignore_quit_failure = true,
            "proxy" => self.proxy = true,
            "warning" => self.warning = Some(seconds("Warning", "-w", value)?),
            "critical" => self.critical = Some(seconds("Critical", "-c", value)?),
            "timeout" => self.timeout = Some(timeout(value)?),
            // The host shows it so.
            #[cfg(feature = "extended")]
            "output" => {}
            #[cfg(feature = "extended")]
            "no-server-text" => self.no_server_text = true,
            "verbose" => self.verbose = (self.verbose + 1).min(MOST_VERBOSE),
            other => {
                let unknown = || Err(Misuse::new(format!("Unknown option - {other}")));
                let taken = self.login.take(other, value);
                taken
                    .or_else(|| self.demands.take(other, value))
                    .or_else(|| self.trust.take(other, value))
                    .or_else(|| self.timings.take(other, value))
                    .or_else(|| self.announced.take(other, value))
                    .or_else(|| self.servers.take(other, value))
                    .or_else(|| self.dane.take(other))
                    .unwrap_or_else(unknown)?;
            }
        }
        Ok(())
    }

    fn resolve(self) -> Result<Options, Misuse> {
        self.servers
            .check(self.host.as_ref().map(|(host, _)| host))?;
        let (host, server) = match self.host.or_else(|| self.servers.host()) {
            Some(given) => given,
            None => (host_name::parse(DEFAULT_HOST)?, DEFAULT_HOST.to_owned()),
        };
        if !host.suits(self.family) {
            return Err(Misuse::invalid_host(&server));
        }
        let security = security(self.starttls, self.implicit, self.lifetime.is_some())?;
        let protocol = if self.lmtp {
            Protocol::Lmtp
        } else {
            Protocol::Smtp
        };
        self.demands
            .check(protocol, security, self.login.is_wanted())?;
        self.dane.check(&host, security)?;
        let terms = self
            .trust
            .resolve(&host, security, self.ignore_expiration)?;
        let default_port = if security == Security::Implicit {
            SUBMISSIONS_PORT
        } else {
            SMTP_PORT
        };
        let port = self.port.unwrap_or(default_port);
        let anonymous = if self.proxy { PROXY_HEADER } else { &[] };
        let announced = self.announced.resolve(&host, port)?;
        let (timeout, timeout_state) = self.timeout.unwrap_or((None, State::Critical));
        let options = Options {
            host,
            server,
            port,
            family: self.family,
            protocol,
            security,
            proxy: announced.unwrap_or_else(|| anonymous.to_vec()),
            greet_as: self.greet_as.unwrap_or_else(|| "localhost".to_owned()),
            expectation: expectation(self.expect),
            lifetime: self.lifetime,
            ignore_expiration: self.ignore_expiration,
            terms,
            login: self.login.resolve(security)?,
            sender: self.sender,
            exchanges: exchanges(self.commands, self.responses),
            ignore_quit_failure: self.ignore_quit_failure || self.lifetime.is_some(),
            warning: self.warning,
            critical: self.critical,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            timeout_state,
            verbose: self.verbose,
            demands: self.demands,
            servers: self.servers,
            dane: self.dane,
            timings: self.timings,
            no_server_text: self.no_server_text,
            in_force: Vec::new(),
        };
        options.timings.check(&options)?;
        Ok(options)
    }
}

fn security(starttls: bool, implicit: bool, certificate: bool) -> Result<Security, Misuse> {
    match (starttls, implicit) {
        (true, true) => Err(Misuse::new(
            "Set either -s/--ssl/--tls or -S/--starttls, they contradict",
        )),
        (false, true) => Ok(Security::Implicit),
        (true, false) => Ok(Security::StartTls),
        (false, false) if certificate => Ok(Security::StartTls),
        (false, false) => Ok(Security::None),
    }
}

fn expectation(expect: Option<String>) -> Expectation {
    match expect {
        Some(text) if text != "220" => Expectation::Text(text),
        _ => Expectation::ServiceReady,
    }
}

fn exchanges(commands: Vec<String>, responses: Vec<Pattern>) -> Vec<Exchange> {
    let mut responses = responses.into_iter();
    commands
        .into_iter()
        .map(|command| Exchange {
            command,
            response: responses.next(),
        })
        .collect()
}

fn port(value: &str) -> Result<u16, Misuse> {
    let number = whole_number(value).unwrap_or_default();
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| {
            Misuse::hinted(
                "Port must be a positive integer",
                format!("-p, --port: '{value}' is not a whole number from 1 to 65535"),
            )
        })
}

fn timeout(value: &str) -> Result<(Option<u32>, State), Misuse> {
    limits::timeout(value).ok_or_else(|| {
        let (most, more) = (i32::MAX, limits::TIMEOUT_FORM);
        Misuse::hinted(
            "Timeout interval must be a positive integer",
            format!(
                "-t, --timeout: '{value}' is not a whole number of seconds from 1 to {most}{more}"
            ),
        )
    })
}

fn seconds(which: &str, option: &str, value: &str) -> Result<Limit, Misuse> {
    Limit::parse(value).ok_or_else(|| {
        let (name, more) = (which.to_ascii_lowercase(), limits::FORM);
        Misuse::hinted(
            format!("{which} time must be a positive"),
            format!(
                "{option}, --{name}: '{value}' is not a number of seconds such as 5 or 0.25{more}"
            ),
        )
    })
}

/// Days as `W` or `W,C`.
#[cfg(feature = "tls")]
fn lifetime(value: &str) -> Result<Lifetime, Misuse> {
    Lifetime::parse(value).map_err(|part| {
        Misuse::hinted(
            format!("Invalid certificate expiration period - {part}"),
            "-D, --certificate takes whole numbers of days: WARNING or WARNING,CRITICAL",
        )
    })
}

#[cfg(feature = "pattern")]
fn pattern(value: &str) -> Result<Pattern, Misuse> {
    Pattern::parse(value).map_err(|error| {
        Misuse::hinted(
            format!("Could not compile regular expression - {value}"),
            format!("-R, --response: {error}"),
        )
    })
}

fn greeting_name(value: &str) -> Result<String, Misuse> {
    // RFC 5321 section 4.1.1.1: a domain or an address literal, never nothing.
    if value.is_empty() {
        return Err(Misuse::hinted(
            "Invalid name to greet with - ",
            "-F, --fqdn takes a host name or an address literal such as [192.0.2.1]",
        ));
    }
    one_line("fqdn", value)
}

/// Refuses what would end the line on the wire (RFC 5321 section 2.3.8).
pub(crate) fn one_line(option: &str, value: &str) -> Result<String, Misuse> {
    if value.contains(['\r', '\n', '\0']) {
        return Err(Misuse::hinted(
            format!("Line break in the value of --{option} - {value}"),
            "a value that goes to the server is one line",
        ));
    }
    Ok(value.to_owned())
}

/// The address in `a@b`, `<a@b>`, `<<a@b> SIZE=1` or `Name <a@b>`.
pub(crate) fn address(value: &str) -> &str {
    let start = match value.find('<') {
        Some(bracket) if value[bracket..].contains('>') => bracket,
        _ => 0,
    };
    let address = value[start..].trim_start_matches('<');
    address.split('>').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::SPECS;
    use sandcheck_plugin::table::Kind;

    fn resolve(arguments: &[(&str, &str)]) -> Result<Options, Misuse> {
        let owned: Vec<_> = arguments
            .iter()
            .map(|(n, v)| ((*n).to_owned(), Some((*v).to_owned())))
            .collect();
        Options::resolve(&owned)
    }

    fn refused(arguments: &[(&str, &str)]) -> String {
        resolve(arguments)
            .err()
            .map(|misuse| misuse.message)
            .unwrap_or_default()
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let options = resolve(&[("fqdn", "probe")]).unwrap();
        assert_eq!(options.host.to_string(), "127.0.0.1");
        assert_eq!((options.port, options.timeout), (25, 10));
        for (name, value) in [("port", "25"), ("timeout", "10"), ("hostname", "127.0.0.1")] {
            let spec = SPECS.iter().find(|spec| spec.name == name).unwrap();
            assert_eq!(spec.default, Some(value));
        }
    }

    #[test]
    fn every_option_of_the_table_is_taken() {
        for spec in SPECS {
            let value = match spec.kind {
                Kind::Host => "192.0.2.1",
                Kind::Port | Kind::Timeout | Kind::Integer | Kind::Number => "1",
                _ if spec.name == "authtype" => "LOGIN",
                _ if spec.name == "mx" => "example.org",
                _ if spec.name == "min-tls" => "1.2",
                _ if spec.name == "fingerprint" => {
                    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                }
                _ if spec.name.ends_with("-phase") => "connect=1",
                _ if spec.placeholder == "ADDRESS" => "192.0.2.1",
                _ => "1",
            };
            assert_eq!(
                Given::default().take(spec.name, value),
                Ok(()),
                "{}",
                spec.name
            );
        }
    }

    #[test]
    fn nothing_at_all_is_a_misuse() {
        assert_eq!(refused(&[]), "Could not parse arguments");
    }

    #[test]
    fn ports_are_digits_in_range() {
        for bad in [
            "",
            "0",
            "-1",
            "+25",
            "25.5",
            "25x",
            "25 ",
            "2 5",
            "65536",
            "99999999999",
        ] {
            assert_eq!(
                refused(&[("port", bad)]),
                "Port must be a positive integer",
                "{bad}"
            );
        }
        assert_eq!(resolve(&[("port", "65535")]).unwrap().port, 65535);
        assert_eq!(resolve(&[("port", " 25")]).unwrap().port, 25);
    }

    #[test]
    fn implicit_tls_changes_the_default_port_only() {
        assert_eq!(resolve(&[("ssl", "")]).unwrap().port, 465);
        assert_eq!(
            resolve(&[("port", "2525"), ("ssl", "")]).unwrap().port,
            2525
        );
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(refused(&[("ssl", ""), ("starttls", "")]).starts_with("Set either -s"));
        assert!(refused(&[("hostname", "::1"), ("use-ipv4", "")]).ends_with("- ::1"));
        assert_eq!(refused(&[("authtype", "LOGIN")]), "no authuser specified");
        assert!(refused(&[("authtype", "login")]).starts_with("only authtype LOGIN"));
        let half = [("authtype", "LOGIN"), ("authuser", "u")];
        assert_eq!(refused(&half), "no authpass specified");
    }

    #[test]
    fn the_certificate_option_takes_one_or_two_numbers() {
        assert_eq!(
            lifetime("30"),
            Ok(Lifetime {
                warning: 30,
                critical: 0
            })
        );
        assert_eq!(
            lifetime("30,10"),
            Ok(Lifetime {
                warning: 30,
                critical: 10
            })
        );
        for (bad, part) in [
            ("", ""),
            ("30,", ""),
            ("abc", "abc"),
            ("10,abc", "abc"),
            ("3 0", "3 0"),
            ("1,2,3", "2,3"),
        ] {
            let message = format!("Invalid certificate expiration period - {part}");
            assert_eq!(lifetime(bad).unwrap_err().message, message);
        }
    }

    #[test]
    fn the_sender_is_the_address_alone() {
        for (given, sent) in [
            ("a@b", "a@b"),
            ("<a@b>", "a@b"),
            ("<<<a@b>>", "a@b"),
            ("<a@b> SIZE=10", "a@b"),
            ("Probe <a@b>", "a@b"),
            ("a@b>", "a@b"),
            ("", ""),
            ("<>", ""),
        ] {
            assert_eq!(address(given), sent);
        }
    }

    #[test]
    fn a_line_break_never_reaches_the_wire() {
        for option in ["command", "from", "fqdn"] {
            for text in ["a\r\nRSET", "a\nb", "a\rb"] {
                assert!(!refused(&[(option, text)]).is_empty(), "{option} {text:?}");
            }
        }
    }

    #[test]
    fn responses_belong_to_the_command_of_the_same_rank() {
        let options = resolve(&[("response", "^1"), ("command", "A"), ("command", "B")]).unwrap();
        assert!(options.exchanges[0].response.is_some());
        assert!(options.exchanges[1].response.is_none());
    }
}
