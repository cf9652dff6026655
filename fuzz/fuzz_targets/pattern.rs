//! Extended regular expressions. The input is an expression, a NUL and a text.
//!
//! Property: every expression compiles or is refused; matching agrees with a second, slow matcher
//! (`src/ere.rs`) wherever the expression is a plain one, and such a one is never refused.

#![no_main]

use check_smtp::pattern::{Pattern, PatternError};
use libfuzzer_sys::fuzz_target;
use sandcheck_fuzz::ere;

/// The longest expression and text that the slow matcher is asked about.
const PATTERN_LIMIT: usize = 40;
const TEXT_LIMIT: usize = 40;

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (expression, text) = input.split_once('\0').unwrap_or((input, "250 OK"));
    let pattern = Pattern::parse(expression);
    let found = pattern.map(|pattern| pattern.is_found_in(text));
    if expression.len() > PATTERN_LIMIT || text.len() > TEXT_LIMIT {
        return;
    }
    match (ere::parse(expression), found) {
        (None, _) | (Some(_), Err(PatternError::TooLarge)) => {}
        (Some(plain), Ok(found)) => {
            assert_eq!(found, plain.is_found_in(text), "{expression} in {text:?}");
        }
        (Some(_), Err(error)) => panic!("{expression}: {error}"),
    }
});
