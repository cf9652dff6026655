//! Command lines: the host's reading of words by the manifest of `check_smtp`, the check's reading
//! of what results, and what the host grants for it. The input is words with a NUL between them.
//!
//! Property: what the check would connect to is granted, and it is what the words name; what it
//! accepts as a whole it accepts one by one; no message repeats a password.

#![no_main]

use std::sync::LazyLock;

use check_smtp::options::{self, Options};
use libfuzzer_sys::fuzz_target;
use sandcheck::types::{Argument, Manifest};
use sandcheck::words::{self, Stop};
use sandcheck_fuzz::{granted, manifest};

/// A word that may be a password.
const SECRET: &str = "s3cr3t";

static MANIFEST: LazyLock<Manifest> = LazyLock::new(manifest::smtp);

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let words: Vec<String> = input.split('\0').map(ToOwned::to_owned).collect();
    let line = words::read(&MANIFEST, &words);
    if let Some(Stop::Wrong(message)) = &line.stop {
        assert!(
            is_name(&words) || !message.contains(SECRET),
            "shown: {message}"
        );
    }
    let arguments: Vec<_> = line.arguments.iter().cloned().map(pair).collect();
    let first = options::validate(&arguments);
    match Options::resolve(&arguments) {
        Ok(options) => {
            assert_eq!(first, Ok(()));
            granted::check(&MANIFEST, &line.arguments, &options);
        }
        Err(misuse) => {
            let shown = format!("{} {}", misuse.message, misuse.hint.unwrap_or_default());
            assert!(
                !is_password(&line.arguments) || !shown.contains(SECRET),
                "shown: {shown}"
            );
        }
    }
});

fn pair(argument: Argument) -> (String, Option<String>) {
    (argument.name, argument.value)
}

/// Whether the secret stands where a name is meant, and is none.
fn is_name(words: &[String]) -> bool {
    words.iter().any(|word| {
        let name = word.split('=').next().unwrap_or_default();
        name.starts_with('-') && name.contains(SECRET)
    })
}

/// Whether the secret is the value of `-P` and nothing else.
fn is_password(arguments: &[Argument]) -> bool {
    let holds = |argument: &&Argument| argument.value.as_ref().is_some_and(|v| v.contains(SECRET));
    arguments
        .iter()
        .filter(holds)
        .all(|argument| argument.name == "authpass")
}
