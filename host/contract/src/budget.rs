//! The time budget of a run: the option of the kind timeout, `N`, `N:STATE` or `:STATE`.

use std::time::{Duration, Instant};

use crate::types::{Argument, Kind, Manifest, OptionSpec, State};

/// The time budget of a plugin that names none, in seconds.
const DEFAULT: u64 = 10;

const LONG: Duration = Duration::from_hours(24 * 365);

/// How long a run may take, and what it is when it takes longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whole seconds.
    pub seconds: u64,
    /// The state of a run that has to be stopped.
    pub state: State,
}

impl Budget {
    /// What the arguments say, else the option's default.
    #[must_use]
    pub fn of(manifest: &Manifest, arguments: &[Argument]) -> Self {
        let option = option(manifest);
        let default = option.and_then(|option| option.default.as_deref());
        let given = option.and_then(|option| given(option, arguments));
        let (seconds, state) = parts(given.unwrap_or_default());
        let (default_seconds, default_state) = parts(default.unwrap_or_default());
        // `:STATE` leaves the time as it is; what is no time at all is the plugin's to refuse.
        let text = if seconds.is_empty() {
            default_seconds
        } else {
            seconds
        };
        Self {
            seconds: whole(text).unwrap_or(DEFAULT),
            state: state
                .or(default_state)
                .and_then(state_of)
                .unwrap_or(State::Unknown),
        }
    }
}

/// When a time that begins now is over; a time that no clock can tell is a very long one.
#[must_use]
pub fn end(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + LONG)
}

/// Gives the option of the kind timeout at most so many seconds. A state that was given stays.
pub fn shorten(manifest: &Manifest, arguments: &mut Vec<Argument>, seconds: u64) {
    let Some(option) = option(manifest) else {
        return;
    };
    if Budget::of(manifest, arguments).seconds <= seconds {
        return;
    }
    let state = given(option, arguments).and_then(|value| parts(value).1);
    let value = match state {
        Some(state) => format!("{seconds}:{state}"),
        None => seconds.to_string(),
    };
    arguments.push(Argument {
        name: option.name.clone(),
        value: Some(value),
    });
}

/// Whether it can be a default: the seconds, and perhaps a state.
pub(crate) fn is_right(value: &str) -> bool {
    let (seconds, state) = parts(value);
    whole(seconds).is_some() && state.is_none_or(|state| state_of(state).is_some())
}

fn option(manifest: &Manifest) -> Option<&OptionSpec> {
    let mut options = manifest.options.iter();
    options.find(|option| option.kind == Kind::Timeout)
}

fn given<'a>(option: &OptionSpec, arguments: &'a [Argument]) -> Option<&'a str> {
    let mut arguments = arguments.iter().rev();
    let given = arguments.find(|argument| argument.name == option.name);
    given.and_then(|argument| argument.value.as_deref())
}

/// The seconds and the state, as they are written.
fn parts(value: &str) -> (&str, Option<&str>) {
    match value.split_once(':') {
        Some((seconds, state)) => (seconds.trim_start(), Some(state)),
        None => (value.trim_start(), None),
    }
}

fn whole(seconds: &str) -> Option<u64> {
    seconds.parse().ok().filter(|seconds| *seconds > 0)
}

fn state_of(text: &str) -> Option<State> {
    let names = [
        ("ok", "0", State::Ok),
        ("warning", "1", State::Warning),
        ("critical", "2", State::Critical),
        ("unknown", "3", State::Unknown),
    ];
    let is_meant = |(name, number, _): &(&str, &str, State)| {
        text.eq_ignore_ascii_case(name) || text == *number
    };
    names.into_iter().find(is_meant).map(|(_, _, state)| state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{argument, manifest, option};

    fn with_default(default: Option<&str>) -> Manifest {
        let mut timeout = option("timeout", 't', Kind::Timeout);
        timeout.default = default.map(str::to_owned);
        manifest(vec![timeout])
    }

    fn of(default: Option<&str>, given: &str) -> (u64, State) {
        let budget = Budget::of(&with_default(default), &[argument("timeout", given)]);
        (budget.seconds, budget.state)
    }

    #[test]
    fn seconds_and_a_state() {
        for (given, expected) in [
            ("5", (5, State::Unknown)),
            (" 5", (5, State::Unknown)),
            ("5:CRITICAL", (5, State::Critical)),
            ("5:warning", (5, State::Warning)),
            ("5:0", (5, State::Ok)),
            (":2", (7, State::Critical)),
            // The plugin refuses these, in its own words.
            (":", (7, State::Unknown)),
            ("5:nonsense", (5, State::Unknown)),
            ("abc", (10, State::Unknown)),
            ("0", (10, State::Unknown)),
        ] {
            assert_eq!(of(Some("7"), given), expected, "{given}");
        }
        assert_eq!(of(None, ":Unknown"), (10, State::Unknown));
        assert_eq!(of(Some("7:WARNING"), "5"), (5, State::Warning));
        assert_eq!(Budget::of(&manifest(Vec::new()), &[]).seconds, 10);
    }

    #[test]
    fn a_shorter_time_keeps_the_state() {
        let manifest = with_default(Some("10"));
        for (given, expected) in [("60", "3"), ("60:CRITICAL", "3:CRITICAL"), (":1", "3:1")] {
            let mut arguments = vec![argument("timeout", given)];
            shorten(&manifest, &mut arguments, 3);
            assert_eq!(arguments.last(), Some(&argument("timeout", expected)));
        }
        let mut arguments = vec![argument("timeout", "2:CRITICAL")];
        shorten(&manifest, &mut arguments, 3);
        assert_eq!(arguments.len(), 1);
    }

    #[test]
    fn defaults_are_seconds_and_perhaps_a_state() {
        for (default, right) in [
            ("10", true),
            ("10:critical", true),
            (":critical", false),
            ("10:", false),
            ("10:bad", false),
            ("0", false),
        ] {
            assert_eq!(is_right(default), right, "{default}");
        }
    }
}
