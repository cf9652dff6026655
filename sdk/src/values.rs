//! The values of the options that were given, by the plugin's own table.

use std::time::Duration;

use crate::host_name::{self, Family, Host};
use crate::misuse::Misuse;
use crate::range::Range;
use crate::state::State;
use crate::table::{Kind, Spec};
use crate::threshold;
use crate::timeout::Timeout;

/// The time for the whole check where no option says another one.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The arguments of one call. Each accessor takes the long name of an option. Of an option that was
/// given more than once the last value counts; without any, the default of the table does.
///
/// An error names the option, the value and the accepted form.
#[derive(Clone, Debug)]
pub struct Values {
    table: &'static [Spec],
    given: Vec<(String, Option<String>)>,
}

impl Values {
    /// Arguments as names and values, in the order of the command line, and the table they are
    /// read by.
    #[must_use]
    pub fn new(table: &'static [Spec], given: Vec<(String, Option<String>)>) -> Self {
        Self { table, given }
    }

    /// The arguments as they were given.
    #[must_use]
    pub fn given(&self) -> &[(String, Option<String>)] {
        &self.given
    }

    /// Whether an option was given.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// The text of an option.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let last = self.given.iter().rev().find(|(given, _)| given == name);
        match last {
            Some((_, value)) => value.as_deref(),
            None => self.spec(name).and_then(|spec| spec.default),
        }
    }

    /// All texts of a repeatable option, in order.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let all = self.given.iter().filter(move |(given, _)| given == name);
        all.filter_map(|(_, value)| value.as_deref())
    }

    /// The host to check. It is an error when there is none.
    pub fn host(&self, name: &str) -> Result<Host, Misuse> {
        host(self.needed(name)?)
    }

    /// The TCP port to check, 1 to 65535. It is an error when there is none.
    pub fn port(&self, name: &str) -> Result<u16, Misuse> {
        port(&self.shown(name), self.needed(name)?)
    }

    /// A whole number, 0 to 2147483647.
    pub fn integer(&self, name: &str) -> Result<Option<u32>, Misuse> {
        self.parsed(name, integer)
    }

    /// A number, zero or more, decimals allowed: a limit in seconds, mostly.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Misuse> {
        self.parsed(name, number)
    }

    /// A time span, given in seconds.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, Misuse> {
        self.parsed(name, duration)
    }

    /// A threshold range.
    pub fn range(&self, name: &str) -> Result<Option<Range>, Misuse> {
        self.parsed(name, range)
    }

    /// The time for the whole check, from the option of the kind `timeout`; 10 seconds where it is
    /// not given and has no default.
    pub fn timeout(&self) -> Result<Duration, Misuse> {
        let given = self.given_timeout()?.and_then(|given| given.seconds);
        // `:STATE` says nothing about the time.
        let default = self.timeout_spec().and_then(|spec| spec.default);
        let seconds = given.or(default.and_then(threshold::whole_number));
        Ok(seconds.map_or(DEFAULT_TIMEOUT, |seconds| {
            Duration::from_secs(u64::from(seconds))
        }))
    }

    /// What the check is when that time is over, from the same option; CRITICAL where it does not say.
    pub fn timeout_state(&self) -> Result<State, Misuse> {
        let given = self.given_timeout()?.and_then(|given| given.state);
        Ok(given.unwrap_or(State::Critical))
    }

    fn given_timeout(&self) -> Result<Option<Timeout>, Misuse> {
        let spec = self.timeout_spec();
        let given = spec.map(|spec| self.parsed(spec.name, timeout));
        Ok(given.transpose()?.flatten())
    }

    fn timeout_spec(&self) -> Option<&'static Spec> {
        self.table.iter().find(|spec| spec.kind == Kind::Timeout)
    }

    /// Which addresses to use, from a flag for each family: the last one counts.
    #[must_use]
    pub fn family(&self, ipv4: &str, ipv6: &str) -> Family {
        let mut names = self.given.iter().rev().map(|(name, _)| name);
        names
            .find_map(|name| match name {
                name if name == ipv4 => Some(Family::V4),
                name if name == ipv6 => Some(Family::V6),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Reports the first argument whose value is not of its option's kind.
    pub fn check(&self) -> Result<(), Misuse> {
        for (name, value) in &self.given {
            let Some(spec) = self.spec(name) else {
                return Err(Misuse::new(format!("Unknown option - {name}")));
            };
            let (option, value) = (self.shown(name), value.as_deref().unwrap_or_default());
            match spec.kind {
                // Any text will do, or the host has looked at it.
                Kind::Flag
                | Kind::Text
                | Kind::Secret
                | Kind::Nodename
                | Kind::File
                | Kind::Anchors
                | Kind::Output
                | Kind::Source => Ok(()),
                Kind::Integer => integer(&option, value).map(drop),
                Kind::Number => number(&option, value).map(drop),
                Kind::Duration => duration(&option, value).map(drop),
                Kind::Range => range(&option, value).map(drop),
                Kind::Host => host(value).map(drop),
                Kind::Domain => domain(&option, value).map(drop),
                Kind::Port => port(&option, value).map(drop),
                Kind::Timeout => timeout(&option, value).map(drop),
            }?;
        }
        Ok(())
    }

    fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str, &str) -> Result<T, Misuse>,
    ) -> Result<Option<T>, Misuse> {
        self.text(name)
            .map(|value| parse(&self.shown(name), value))
            .transpose()
    }

    fn needed(&self, name: &str) -> Result<&str, Misuse> {
        self.text(name)
            .ok_or_else(|| Misuse::new(format!("{} is missing", self.shown(name))))
    }

    fn spec(&self, name: &str) -> Option<&'static Spec> {
        self.table.iter().find(|spec| spec.name == name)
    }

    /// `-p, --port`.
    fn shown(&self, name: &str) -> String {
        match self.spec(name).and_then(|spec| spec.short) {
            Some(short) => format!("-{short}, --{name}"),
            None => format!("--{name}"),
        }
    }
}

fn host(value: &str) -> Result<Host, Misuse> {
    host_name::parse(value)
}

fn domain(option: &str, value: &str) -> Result<String, Misuse> {
    host_name::domain(value).ok_or_else(|| {
        unfit(
            option,
            value,
            "it takes the name of a domain such as example.org",
        )
    })
}

fn port(option: &str, value: &str) -> Result<u16, Misuse> {
    let number = threshold::whole_number(value).and_then(|number| u16::try_from(number).ok());
    number.filter(|port| *port > 0).ok_or_else(|| {
        unfit(
            option,
            value,
            "a TCP port is a whole number from 1 to 65535",
        )
    })
}

fn integer(option: &str, value: &str) -> Result<u32, Misuse> {
    threshold::whole_number(value)
        .ok_or_else(|| unfit(option, value, "it takes a whole number such as 5"))
}

fn number(option: &str, value: &str) -> Result<f64, Misuse> {
    threshold::parse(value)
        .ok_or_else(|| unfit(option, value, "it takes a number such as 5 or 0.25"))
}

fn duration(option: &str, value: &str) -> Result<Duration, Misuse> {
    threshold::parse(value)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| unfit(option, value, "it takes seconds such as 5 or 0.25"))
}

fn timeout(option: &str, value: &str) -> Result<Timeout, Misuse> {
    let form = Timeout::FORM;
    Timeout::parse(value).ok_or_else(|| unfit(option, value, &format!("it takes {form}")))
}

fn range(option: &str, value: &str) -> Result<Range, Misuse> {
    Range::parse(value).ok_or_else(|| {
        let form = "it takes a number or a range, [@]start:end, such as 10, 5:10, ~:10 or @5:10";
        unfit(option, value, form)
    })
}

fn unfit(option: &str, value: &str, form: &str) -> Misuse {
    Misuse::hinted(format!("{option}: invalid value - {value}"), form)
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: &[Spec] = &[
        Spec {
            name: "hostname",
            short: Some('H'),
            kind: Kind::Host,
            ..Spec::FLAG
        },
        Spec {
            name: "port",
            kind: Kind::Port,
            default: Some("25"),
            ..Spec::FLAG
        },
        Spec {
            name: "warning",
            short: Some('w'),
            kind: Kind::Range,
            ..Spec::FLAG
        },
        Spec {
            name: "timeout",
            kind: Kind::Timeout,
            ..Spec::FLAG
        },
        Spec {
            name: "four",
            ..Spec::FLAG
        },
        Spec {
            name: "six",
            ..Spec::FLAG
        },
    ];

    fn values(given: &[(&str, &str)]) -> Values {
        let owned = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        Values::new(TABLE, owned.collect())
    }

    #[test]
    fn the_last_value_counts_and_the_default_without_one() {
        assert_eq!(values(&[]).port("port"), Ok(25));
        let twice = values(&[("port", "1"), ("port", "2")]);
        assert_eq!(twice.port("port"), Ok(2));
        assert_eq!(twice.texts("port").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(values(&[]).timeout(), Ok(DEFAULT_TIMEOUT));
    }

    #[test]
    fn a_timeout_may_say_what_it_means() {
        for (value, seconds, state) in [
            ("5", 5, State::Critical),
            ("5:ok", 5, State::Ok),
            (":3", 10, State::Unknown),
        ] {
            let values = values(&[("timeout", value)]);
            assert_eq!(
                values.timeout(),
                Ok(Duration::from_secs(seconds)),
                "{value}"
            );
            assert_eq!(values.timeout_state(), Ok(state), "{value}");
        }
        assert_eq!(values(&[]).timeout_state(), Ok(State::Critical));
        assert!(values(&[("timeout", "5:")]).timeout_state().is_err());
    }

    #[test]
    fn a_misuse_names_option_value_and_form() {
        for bad in ["", "0", "65536", "x", "-1", "1 "] {
            let misuse = values(&[("port", bad)]).port("port").unwrap_err();
            assert_eq!(misuse.message, format!("--port: invalid value - {bad}"));
            assert!(misuse.hint.unwrap().contains("65535"));
        }
        let misuse = values(&[]).host("hostname").unwrap_err();
        assert_eq!(misuse.message, "-H, --hostname is missing");
    }

    #[test]
    fn each_argument_is_checked_by_its_kind_in_order() {
        let message =
            |given: &[(&str, &str)]| values(given).check().map_err(|misuse| misuse.message);
        assert_eq!(message(&[("port", "1"), ("hostname", "::1")]), Ok(()));
        for (given, wrong) in [
            ([("port", "x"), ("warning", "y")], "--port"),
            ([("port", "1"), ("warning", "y")], "-w, --warning"),
            ([("timeout", "0"), ("port", "x")], "--timeout"),
            ([("nothing", ""), ("port", "x")], "Unknown option - nothing"),
        ] {
            assert!(message(&given).unwrap_err().starts_with(wrong));
        }
    }

    #[test]
    fn the_last_family_counts() {
        let family = |given| values(given).family("four", "six");
        assert_eq!(family(&[]), Family::Any);
        assert_eq!(family(&[("four", ""), ("six", "")]), Family::V6);
        assert_eq!(family(&[("six", ""), ("four", "")]), Family::V4);
    }
}
