//! YAML, and where a mistake in it is.

use serde::de::DeserializeOwned;

/// A mistake: its line, 0 when there is none, and what is wrong, in one line and without an excerpt of the
/// file, which may hold secrets.
pub(crate) type Mistake = (u64, String);

/// Reads a file's text. One that says nothing is like one that has nothing in it.
pub(crate) fn parse<T: DeserializeOwned + Default>(text: &str) -> Result<T, Mistake> {
    let parsed: Result<Option<T>, _> = serde_saphyr::from_str(text);
    let parsed = parsed.map_err(|error| {
        let line = error.location().map_or(0, |place| place.line());
        let text = error.without_snippet().to_string();
        (line, text.lines().next().unwrap_or_default().to_owned())
    });
    parsed.map(Option::unwrap_or_default)
}
