//! Numbers on command lines: limits in the notations that C's `strtod` reads, without a locale,
//! and whole numbers.

/// Seconds, zero or more and finite; `None` for anything else.
///
/// Leading blanks, a plus sign, decimals, exponents and hexadecimal notation are accepted; a minus
/// sign, infinity, anything behind the number and nothing at all are not.
#[must_use]
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let number = text.strip_prefix('+').unwrap_or(text);
    let value = match number
        .strip_prefix("0x")
        .or_else(|| number.strip_prefix("0X"))
    {
        Some(digits) => hexadecimal(digits)?,
        None => decimal(number)?,
    };
    value.is_finite().then_some(value)
}

/// Digits only, as large as a C `int` at most. Blanks may stand before them: Debian's `mail.cfg`
/// passes `-p 25` as one word.
#[must_use]
pub fn whole_number(value: &str) -> Option<u32> {
    let value = value.trim_start_matches([' ', '\t']);
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let limit = u32::try_from(i32::MAX).unwrap_or(u32::MAX);
    value
        .parse()
        .ok()
        .filter(|number| digits && *number <= limit)
}

fn decimal(text: &str) -> Option<f64> {
    // Rust's parser knows words such as `inf` and a second sign, which are not numbers here.
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if starts { text.parse().ok() } else { None }
}

/// `HEX[.HEX][pEXPONENT]` (C11 section 6.4.4.2).
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['p', 'P']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let mut place = 1.0 / 16.0;
    for digit in fraction.chars() {
        value += f64::from(digit.to_digit(16)?) * place;
        place /= 16.0;
    }
    Some(value * 2f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn notations_of_strtod() {
        for (text, value) in [
            ("5", 5.0),
            ("+5", 5.0),
            (" 5", 5.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e1", 10.0),
            ("2.5e+1", 25.0),
            ("0x10", 16.0),
            ("0x1.8p1", 3.0),
            ("0", 0.0),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_threshold() {
        for text in [
            "", " ", "abc", "5s", "5 ", "1:5", "1,5", "nan", "inf", "+inf", "infinity", "-1", "-0",
            "++5", "+-5", "1e400", "0x", "0xg", "0x1p", ".", "e5", "5e",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in 0.0..1e9f64) {
            prop_assert_eq!(parse(&format!("{value}")), Some(value));
            prop_assert_eq!(parse(&format!(" +{value:e}")), Some(value));
        }

        #[test]
        fn nothing_but_finite_numbers_comes_out(text in "[-+0-9a-fxp.einty ]{0,12}") {
            prop_assert!(parse(&text).is_none_or(|value| value >= 0.0 && value.is_finite()));
        }
    }
}
