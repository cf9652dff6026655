//! What the host makes of a manifest: reading a command line by it, its help page, its grants. The
//! input is any manifest that a component could have, and words.
//!
//! Property: the texts are bounded by the manifest's size, without control characters but line ends
//! and without `|`, which would begin performance data; reading words takes nothing that the words
//! do not say. Where the manifest is a valid one, every spelling of an option gives that option, and
//! nothing is granted that no word names.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sandcheck::types::{Argument, Manifest, OptionSpec};
use sandcheck::{Grants, Rules, help, manifest, words};
use sandcheck_fuzz::plugin::Plugin;
use sandcheck_fuzz::shown;

/// The longest escape of a byte, and what stands between two texts of the help page.
const GROWTH: usize = 10;
const FRAME: usize = 64;

fuzz_target!(|plugin: Plugin| {
    let manifest = plugin.manifest();
    let bound = GROWTH * size(&manifest) + FRAME * (16 + 4 * manifest.options.len());
    for text in [
        help::version(&manifest),
        help::usage(&manifest),
        help::page(&manifest),
    ] {
        assert!(text.len() <= bound, "{} bytes, {bound} at most", text.len());
        assert!(!text.contains('|'), "{text}");
        shown::check(&text);
    }
    let line = words::read(&manifest, &plugin.words);
    assert_eq!(line.is_empty, plugin.words.is_empty());
    line.arguments
        .iter()
        .for_each(|argument| check(&plugin.words, argument));
    let grants = Grants::named_by(&manifest, &line.arguments, Rules::default());
    assert!(
        grants.named().is_empty() || !line.arguments.is_empty(),
        "{grants:?}"
    );
    if manifest::check(&manifest).is_ok() {
        manifest
            .options
            .iter()
            .for_each(|option| check_spellings(&manifest, option));
    }
});

/// A value is a word or the end of one.
fn check(words: &[String], argument: &Argument) {
    let said = |value: &String| words.iter().any(|word| word.ends_with(value.as_str()));
    assert!(
        argument.value.as_ref().is_none_or(said),
        "{argument:?} is not in {words:?}"
    );
}

/// Every spelling of an option is read as that option.
fn check_spellings(manifest: &Manifest, option: &OptionSpec) {
    let long = std::iter::once(format!("--{}", option.name));
    let short = option.short.map(|short| format!("-{short}"));
    for spelling in long.chain(short).chain(option.aliases.iter().cloned()) {
        let line = words::read(manifest, &[spelling.clone(), "value".to_owned()]);
        let names: Vec<_> = line
            .arguments
            .iter()
            .map(|argument| &argument.name)
            .collect();
        assert_eq!(
            names.first(),
            Some(&&option.name),
            "{spelling} in {manifest:?}"
        );
    }
}

fn size(manifest: &Manifest) -> usize {
    let Manifest {
        name,
        version,
        summary,
        description,
        options,
        ..
    } = manifest;
    let option = |option: &OptionSpec| {
        let aliases: usize = option.aliases.iter().map(|alias| alias.len() + 2).sum();
        let default = option.default.as_ref().map_or(0, String::len);
        let usage = option.name.len() + option.placeholder.len();
        2 * usage + aliases + default + 5 * (option.help.len() + 1)
    };
    let options: usize = options.iter().map(option).sum();
    3 * (name.len() + version.len() + summary.len()) + description.len() + options
}
