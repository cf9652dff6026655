//! A reader of performance data, written from the plugin guidelines alone:
//! `'label'=value[UOM];[warn];[crit];[min];[max]`, with blanks between the data.

/// One datum.
#[derive(Debug, PartialEq)]
pub struct Datum {
    /// Without quotes around it, two of them inside read as one.
    pub label: String,
    /// None for `U`: it could not be determined.
    pub value: Option<f64>,
    /// The unit of measurement.
    pub unit: String,
    /// `warn` and `crit`, as they stand there.
    pub thresholds: [String; 2],
    /// `min` and `max`.
    pub bounds: [Option<f64>; 2],
}

/// Reads all of a line's performance data; none when it is not well-formed.
pub fn parse(text: &str) -> Option<Vec<Datum>> {
    let mut data = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (label, behind) = label(rest)?;
        let (fields, behind) = behind.split_once(' ').unwrap_or((behind, ""));
        data.push(datum(label, fields)?);
        rest = behind;
    }
    Some(data)
}

/// The label, and what stands behind its `=`.
fn label(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let (label, rest) = text.split_once('=')?;
        let is_plain = !label.is_empty() && !label.contains([' ', '\'']);
        return is_plain.then(|| (label.to_owned(), rest));
    };
    let mut label = String::new();
    let mut rest = quoted;
    loop {
        let (part, behind) = rest.split_once('\'')?;
        label.push_str(part);
        match behind.strip_prefix('\'') {
            Some(_) => label.push('\''),
            None => return Some((label, behind.strip_prefix('=')?)),
        }
        rest = behind.get(1..)?;
    }
}

fn datum(label: String, fields: &str) -> Option<Datum> {
    let mut fields = fields.split(';');
    let (value, unit) = value(fields.next()?)?;
    let mut threshold = || {
        let text = fields.next().unwrap_or_default();
        is_range(text).then(|| text.to_owned())
    };
    let thresholds = [threshold()?, threshold()?];
    let mut bound = || match fields.next() {
        None | Some("") => Some(None),
        Some(text) => number(text).map(Some),
    };
    let bounds = [bound()?, bound()?];
    fields.next().is_none().then_some(Datum {
        label,
        value,
        unit,
        thresholds,
        bounds,
    })
}

fn value(text: &str) -> Option<(Option<f64>, String)> {
    if text == "U" {
        return Some((None, String::new()));
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && !"-.".contains(c));
    let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
    let is_unit = unit.chars().all(|c| c.is_ascii_alphabetic() || c == '%');
    Some((Some(number(digits)?), unit.to_owned())).filter(|_| is_unit)
}

/// Nothing, or `[@][start:][end]`.
fn is_range(text: &str) -> bool {
    let bounds = text.strip_prefix('@').unwrap_or(text);
    match bounds.split_once(':') {
        Some((start, end)) => {
            (start == "~" || number(start).is_some()) && (end.is_empty() || number(end).is_some())
        }
        None => text.is_empty() || number(bounds).is_some(),
    }
}

fn number(text: &str) -> Option<f64> {
    let is_number = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse().ok().filter(|_| is_number)
}
