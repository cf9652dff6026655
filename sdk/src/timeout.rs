//! The time for a whole check, and the state when it is over.

use crate::state::State;
use crate::threshold;

/// What an option of the kind `timeout` says: `10`, `10:WARNING` or `:WARNING`.
///
/// ```
/// use sandcheck_plugin::state::State;
/// use sandcheck_plugin::timeout::Timeout;
///
/// let timeout = Timeout::parse("10:unknown").expect("it is one");
/// assert_eq!((timeout.seconds, timeout.state), (Some(10), Some(State::Unknown)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// Whole seconds, 1 or more.
    pub seconds: Option<u32>,
    /// What the check is when they are over.
    pub state: Option<State>,
}

impl Timeout {
    /// The forms that are accepted, for a message.
    pub const FORM: &'static str = "whole seconds, 1 or more, N:STATE or :STATE, \
        the state being ok, warning, critical, unknown or 0 to 3";

    /// Reads a value; none when it is of another form.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (seconds, state) = match value.split_once(':') {
            Some((seconds, state)) => (seconds, Some(named(state)?)),
            None => (value, None),
        };
        let is_left_out = seconds.is_empty() && state.is_some();
        let number = threshold::whole_number(seconds).filter(|seconds| *seconds > 0);
        (is_left_out || number.is_some()).then_some(Self {
            seconds: number,
            state,
        })
    }
}

/// A state by its name, whatever the case, or by its exit code.
fn named(text: &str) -> Option<State> {
    let states = [
        ("ok", "0", State::Ok),
        ("warning", "1", State::Warning),
        ("critical", "2", State::Critical),
        ("unknown", "3", State::Unknown),
    ];
    let found = states
        .iter()
        .find(|(name, code, _)| text == *code || text.eq_ignore_ascii_case(name));
    found.map(|(_, _, state)| *state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_state_or_both() {
        for (text, seconds, state) in [
            ("5", Some(5), None),
            (" 5", Some(5), None),
            ("5:OK", Some(5), Some(State::Ok)),
            ("5:Unknown", Some(5), Some(State::Unknown)),
            (":1", None, Some(State::Warning)),
            (":critical", None, Some(State::Critical)),
        ] {
            assert_eq!(
                Timeout::parse(text),
                Some(Timeout { seconds, state }),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_else() {
        for text in [
            "", "0", ":", "5:", "0:ok", "5:4", "5:o", "x:ok", " :ok", "5 :ok", "5:ok:", "-1:ok",
        ] {
            assert_eq!(Timeout::parse(text), None, "{text}");
        }
    }
}
