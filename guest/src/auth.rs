//! Logging in (RFC 4954): options, mechanisms, what a refusal means.

mod cram;
mod exchange;
mod login;
mod once;
mod scram;

use std::fmt;
use std::io::{Read, Write};

use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::{Finding, State};
use sandcheck_plugin::tls::TlsStream;

use crate::dialogue::{Session, Stop};
use crate::options::Security;
use crate::reply::Reply;
use crate::trace;
use scram::{Binding, Scram};

/// How to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// draft-murchison-sasl-login, the only one that the reference knows.
    Login,
    /// RFC 4616.
    Plain,
    /// RFC 2195.
    CramMd5,
    /// RFC 7677.
    ScramSha256,
    /// The same, bound to the TLS connection (RFC 5802 section 6).
    ScramSha256Plus,
    /// Google's, before there was a standard.
    XOauth2,
    /// RFC 7628.
    OauthBearer,
    /// RFC 4422, appendix A: who the client is has been told by TLS, or by the socket.
    External,
}

use Mechanism as M;

/// All of them, by the names that are registered, the best first.
const ALL: [(Mechanism, &str); 8] = [
    (M::ScramSha256Plus, "SCRAM-SHA-256-PLUS"),
    (M::ScramSha256, "SCRAM-SHA-256"),
    (M::Plain, "PLAIN"),
    (M::Login, "LOGIN"),
    (M::CramMd5, "CRAM-MD5"),
    (M::OauthBearer, "OAUTHBEARER"),
    (M::XOauth2, "XOAUTH2"),
    (M::External, "EXTERNAL"),
];

/// What chooses among those that a password fits.
const AUTO: &str = "AUTO";

impl Mechanism {
    fn named(name: &str) -> Option<Self> {
        let found = ALL.iter().find(|(_, known)| *known == name);
        found.map(|(mechanism, _)| *mechanism)
    }

    /// Whether the password is as good as said to whoever listens.
    fn tells_password(self) -> bool {
        matches!(self, M::Login | M::Plain | M::XOauth2 | M::OauthBearer)
    }

    fn takes_password(self) -> bool {
        matches!(
            self,
            M::Login | M::Plain | M::CramMd5 | M::ScramSha256 | M::ScramSha256Plus
        )
    }

    /// What is wrong when the server does not accept it (RFC 4954 section 6, 535).
    fn mistake(self) -> &'static str {
        match self {
            M::XOauth2 | M::OauthBearer => "wrong user name or token",
            M::External => "wrong user name or certificate",
            M::ScramSha256Plus => "wrong user name, password or channel binding",
            M::Login | M::Plain | M::CramMd5 | M::ScramSha256 => "wrong user name or password",
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ALL.iter().find(|(mechanism, _)| mechanism == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

/// Which mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The best that is offered.
    Best,
    This(Mechanism),
}

/// Who to log in as, and how.
#[derive(Clone)]
pub struct Login {
    choice: Choice,
    user: String,
    /// Or the token, where that is what a mechanism takes.
    password: String,
    /// A password may be said in clear.
    in_clear: bool,
    must_fail: bool,
}

/// What the options say.
#[derive(Default)]
pub(crate) struct Given {
    choice: Option<Choice>,
    user: Option<String>,
    password: Option<String>,
    allows_clear: bool,
    must_fail: bool,
}

impl Given {
    /// Takes an option, if it is about logging in.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Misuse>> {
        match name {
            "authtype" => return Some(choice(value).map(|choice| self.choice = Some(choice))),
            "authuser" => self.user = Some(value.to_owned()),
            "authpass" => self.password = Some(value.to_owned()),
            "allow-cleartext-auth" => self.allows_clear = true,
            "expect-auth-failure" => self.must_fail = true,
            _ => return None,
        }
        Some(Ok(()))
    }

    /// Whether to log in.
    pub(crate) fn is_wanted(&self) -> bool {
        self.choice.is_some()
    }

    pub(crate) fn resolve(self, security: Security) -> Result<Option<Login>, Misuse> {
        let Some(choice) = self.choice else {
            return if self.must_fail {
                Err(Misuse::hinted(
                    "--expect-auth-failure needs -A, --authtype",
                    "without it nobody logs in",
                ))
            } else {
                Ok(None)
            };
        };
        if choice == Choice::This(M::ScramSha256Plus) && security == Security::None {
            return Err(Misuse::hinted(
                format!(
                    "only authtype LOGIN is supported without TLS - {}",
                    M::ScramSha256Plus
                ),
                "it binds the login to the TLS connection: use -S or -s",
            ));
        }
        let in_clear = self.allows_clear || security != Security::None;
        if let Choice::This(mechanism) = choice
            && mechanism.tells_password()
            && mechanism != M::Login
            && !in_clear
        {
            return Err(Misuse::hinted(
                format!("only authtype LOGIN is supported without TLS - {mechanism}"),
                "the password would go in clear: use -S or -s, or say --allow-cleartext-auth",
            ));
        }
        let is_external = choice == Choice::This(M::External);
        let or_nothing = |value: Option<String>| value.or(is_external.then(String::new));
        let user = or_nothing(self.user)
            .ok_or_else(|| missing("no authuser specified", "-U, --authuser"))?;
        let password = or_nothing(self.password)
            .ok_or_else(|| missing("no authpass specified", "-P, --authpass"))?;
        let login = Login {
            choice,
            user,
            password,
            in_clear,
            must_fail: self.must_fail,
        };
        login.check()?;
        Ok(Some(login))
    }
}

impl Login {
    /// Refuses what a mechanism cannot carry.
    fn check(&self) -> Result<(), Misuse> {
        let is_ascii = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        let carries_all = !matches!(
            self.choice,
            Choice::This(M::ScramSha256 | M::ScramSha256Plus | M::XOauth2 | M::OauthBearer)
        );
        if carries_all || (is_ascii(&self.user) && is_ascii(&self.password)) {
            return Ok(());
        }
        Err(Misuse::hinted(
            "User name or password has other characters than ASCII",
            "PLAIN, LOGIN and CRAM-MD5 take any",
        ))
    }

    /// The mechanism to use with a server that offers these, or why there is none.
    fn choose(&self, offered: &Offered) -> Result<Mechanism, String> {
        match self.choice {
            // As the reference: whatever the server says.
            Choice::This(M::Login) => Ok(M::Login),
            Choice::This(wanted) if !offered.has(wanted) => Err(format!("{wanted} is not offered")),
            Choice::This(M::ScramSha256Plus) if offered.channel.is_none() => Err(format!(
                "{} needs TLS 1.3, this is TLS 1.2",
                M::ScramSha256Plus
            )),
            Choice::This(wanted) => Ok(wanted),
            Choice::Best => {
                let best = ALL.iter().map(|(mechanism, _)| *mechanism);
                let mut usable = best.filter(|mechanism| self.may_choose(*mechanism, offered));
                usable
                    .next()
                    .ok_or_else(|| "no mechanism to log in with".to_owned())
            }
        }
    }

    fn may_choose(&self, mechanism: Mechanism, offered: &Offered) -> bool {
        mechanism.takes_password()
            && (self.in_clear || !mechanism.tells_password())
            && (mechanism != M::ScramSha256Plus || offered.channel.is_some())
            && offered.has(mechanism)
    }

    /// Why this mechanism.
    fn reason(&self, mechanism: Mechanism) -> String {
        let why = match self.choice {
            Choice::This(_) => "asked for by -A",
            Choice::Best if self.in_clear => "the best that is offered",
            Choice::Best => "the best that is offered and does not tell the password",
        };
        format!("mechanism {mechanism}: {why}")
    }
}

/// What there is to log in with.
struct Offered {
    /// What the server says.
    mechanisms: Vec<String>,
    /// What a login can be bound to.
    channel: Option<[u8; 32]>,
}

impl Offered {
    fn has(&self, mechanism: Mechanism) -> bool {
        let name = mechanism.to_string();
        let mut offered = self.mechanisms.iter();
        offered.any(|offered| offered.eq_ignore_ascii_case(&name))
    }

    /// RFC 5802 section 6. A login that is not to be bound although it could be says that it cannot.
    fn binding(&self, mechanism: Mechanism) -> Binding {
        match self.channel {
            Some(data) if mechanism == M::ScramSha256Plus => Binding::Exporter(data),
            Some(_) if !self.has(M::ScramSha256Plus) => Binding::NotOffered,
            _ => Binding::None,
        }
    }
}

/// How a login ended, other than by [`Stop`].
pub(crate) enum Verdict {
    Accepted,
    /// The server says that user name or password is wrong.
    Refused(Finding),
    Failed(Finding),
}

/// Logs in. Returns what is wrong, if anything, and whether the server knows the client now. `reply`
/// is the one to EHLO.
pub(crate) fn log_in<S: Read + Write>(
    session: &mut Session<'_, S>,
    login: &Login,
    reply: &Reply,
) -> Result<(Option<Finding>, bool), Stop> {
    let offered = Offered {
        mechanisms: reply.mechanisms(),
        channel: session.wire.tls().and_then(TlsStream::channel_binding),
    };
    let verdict = match login.choose(&offered) {
        Ok(mechanism) => {
            trace::reason(session, || login.reason(mechanism));
            if !login.in_clear && mechanism.tells_password() {
                session.remark("warning: the password goes over a connection without TLS");
            }
            run(session, login, mechanism, &offered)?
        }
        Err(problem) => {
            let offer = match offered.mechanisms.as_slice() {
                [] => "nothing is offered".to_owned(),
                names if session.options.no_server_text => format!("{} offered", names.len()),
                names => format!("offered: {}", names.join(" ")),
            };
            Verdict::Failed(critical(format!("{problem} ({offer})")))
        }
    };
    Ok(match verdict {
        Verdict::Accepted if login.must_fail => {
            let text = format!("login as {} was accepted", login.user);
            (Some(critical(text)), false)
        }
        Verdict::Accepted => (None, true),
        Verdict::Refused(_) if login.must_fail => (None, false),
        Verdict::Refused(finding) | Verdict::Failed(finding) => (Some(finding), false),
    })
}

fn run<S: Read + Write>(
    session: &mut Session<'_, S>,
    login: &Login,
    mechanism: Mechanism,
    offered: &Offered,
) -> Result<Verdict, Stop> {
    let Login { user, password, .. } = login;
    let (host, port) = (&session.options.server, session.options.port);
    match mechanism {
        M::Login => login::login(session, login),
        M::Plain => exchange::run(session, mechanism, once::plain(user, password)),
        M::XOauth2 => exchange::run(session, mechanism, once::xoauth2(user, password)),
        M::OauthBearer => {
            let client = once::oauthbearer(user, password, host, port);
            exchange::run(session, mechanism, client)
        }
        M::External => exchange::run(session, mechanism, once::external(user)),
        M::CramMd5 => exchange::run(session, mechanism, cram::CramMd5::new(user, password)),
        M::ScramSha256 | M::ScramSha256Plus => {
            match Scram::new(user, password, offered.binding(mechanism)) {
                Ok(client) => exchange::run(session, mechanism, client),
                Err(text) => Ok(Verdict::Failed(critical(text))),
            }
        }
    }
}

fn critical(text: String) -> Finding {
    let state = State::Critical;
    Finding { state, text }
}

/// The only mechanism of the reference, and those beside it, written as they are registered.
fn choice(value: &str) -> Result<Choice, Misuse> {
    if value == AUTO {
        return Ok(Choice::Best);
    }
    Mechanism::named(value).map(Choice::This).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|(_, name)| *name).collect();
        Misuse::hinted(
            format!("only authtype LOGIN is supported - {value}"),
            format!(
                "and, in capital letters: {AUTO} for the best that is offered, {}",
                names.join(", ")
            ),
        )
    })
}

fn missing(message: &str, option: &str) -> Misuse {
    Misuse::hinted(message, format!("-A, --authtype needs {option} too"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(security: Security, options: &[(&str, &str)]) -> Result<Option<Login>, String> {
        let mut given = Given::default();
        for (name, value) in options {
            given
                .take(name, value)
                .unwrap()
                .map_err(|misuse| misuse.message)?;
        }
        given.resolve(security).map_err(|misuse| misuse.message)
    }

    fn login(mechanism: &str, security: Security) -> Result<Option<Login>, String> {
        let options = [
            ("authtype", mechanism),
            ("authuser", "u"),
            ("authpass", "p"),
        ];
        resolved(security, &options)
    }

    #[test]
    fn a_password_in_clear_needs_permission() {
        for mechanism in ["PLAIN", "XOAUTH2", "OAUTHBEARER"] {
            let message = format!("only authtype LOGIN is supported without TLS - {mechanism}");
            assert_eq!(login(mechanism, Security::None).err(), Some(message));
            assert!(login(mechanism, Security::StartTls).is_ok());
        }
        let bound = login("SCRAM-SHA-256-PLUS", Security::None).err();
        let message = "only authtype LOGIN is supported without TLS - SCRAM-SHA-256-PLUS";
        assert_eq!(bound.as_deref(), Some(message));
        for mechanism in ["LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "AUTO"] {
            assert!(login(mechanism, Security::None).is_ok(), "{mechanism}");
        }
        let allowed = [
            ("authtype", "PLAIN"),
            ("authuser", "u"),
            ("authpass", "p"),
            ("allow-cleartext-auth", ""),
        ];
        assert!(resolved(Security::None, &allowed).is_ok());
    }

    fn offered(names: &str, channel: Option<[u8; 32]>) -> Offered {
        let mechanisms = names.split(' ').map(ToOwned::to_owned).collect();
        Offered {
            mechanisms,
            channel,
        }
    }

    fn chosen(mechanism: &str, offered: &Offered) -> Result<String, String> {
        let security = match mechanism {
            "AUTO" if offered.channel.is_none() => Security::None,
            _ => Security::StartTls,
        };
        let login = login(mechanism, security).unwrap().unwrap();
        login.choose(offered).map(|chosen| chosen.to_string())
    }

    #[test]
    fn the_best_is_chosen_that_does_not_tell_the_password() {
        let over_tls = |names| chosen("AUTO", &offered(names, Some([1; 32])));
        let in_clear = |names| chosen("AUTO", &offered(names, None));
        let all = "LOGIN plain CRAM-MD5 SCRAM-SHA-256";
        assert_eq!(over_tls(all).unwrap(), "SCRAM-SHA-256");
        assert_eq!(over_tls("LOGIN plain CRAM-MD5").unwrap(), "PLAIN");
        assert_eq!(in_clear("LOGIN plain CRAM-MD5").unwrap(), "CRAM-MD5");
        let nothing = in_clear("LOGIN PLAIN").unwrap_err();
        assert_eq!(nothing, "no mechanism to log in with");
        assert!(over_tls("XOAUTH2 GSSAPI").is_err());
    }

    #[test]
    fn a_login_is_bound_where_that_is_possible() {
        let both = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
        let (bindable, unbindable) = (offered(both, Some([1; 32])), offered(both, None));
        assert_eq!(chosen("AUTO", &bindable).unwrap(), "SCRAM-SHA-256-PLUS");
        assert_eq!(chosen("AUTO", &unbindable).unwrap(), "SCRAM-SHA-256");
        assert_eq!(
            chosen("SCRAM-SHA-256-PLUS", &unbindable).unwrap_err(),
            "SCRAM-SHA-256-PLUS needs TLS 1.3, this is TLS 1.2"
        );
        let missing = offered("SCRAM-SHA-256 PLAIN", Some([1; 32]));
        assert_eq!(
            chosen("SCRAM-SHA-256-PLUS", &missing).unwrap_err(),
            "SCRAM-SHA-256-PLUS is not offered"
        );
        let exporter = Binding::Exporter([1; 32]);
        assert_eq!(bindable.binding(M::ScramSha256Plus), exporter);
        assert_eq!(bindable.binding(M::ScramSha256), Binding::None);
        assert_eq!(unbindable.binding(M::ScramSha256), Binding::None);
        assert_eq!(missing.binding(M::ScramSha256), Binding::NotOffered);
    }

    #[test]
    fn external_needs_neither_user_nor_password() {
        assert!(resolved(Security::None, &[("authtype", "EXTERNAL")]).is_ok());
        assert!(resolved(Security::None, &[("authtype", "SCRAM-SHA-256")]).is_err());
        assert!(resolved(Security::None, &[("expect-auth-failure", "")]).is_err());
    }

    #[test]
    fn scram_takes_ascii() {
        let options = [
            ("authtype", "SCRAM-SHA-256"),
            ("authuser", "ü"),
            ("authpass", "p"),
        ];
        assert!(resolved(Security::None, &options).is_err());
    }
}
