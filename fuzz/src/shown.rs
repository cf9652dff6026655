//! What holds of every text that is shown.

use sandcheck::escape;

/// Fails when a character but a line end means anything to a terminal, or cannot be seen.
pub fn check(text: &str) {
    let hidden = |c: char| (c.is_control() && c != '\n') || escape::is_invisible(c);
    assert!(!text.contains(hidden), "{text:?}");
}
