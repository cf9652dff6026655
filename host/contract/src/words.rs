//! A command line, read by a plugin's manifest in the manner of `getopt_long`.
//!
//! Long options as `--name VALUE` or `--name=VALUE`, and abbreviated as long as the beginning fits
//! one option only; short ones in clusters, with the value attached or separate; `--` ends the
//! options. Options are read wherever they stand. The first plain word is the value of the option
//! that the manifest names for it, unless that option is given; further plain words say nothing.

use std::borrow::Cow;

use crate::form::Form;
use crate::secrets::{self, Companion};
use crate::types::{Argument, Kind, Manifest, OptionSpec};

/// What a command line says.
#[derive(Debug, PartialEq)]
pub struct CommandLine {
    /// The options that were given, in order, as far as they were read. Those are among them that the host
    /// has for secrets.
    pub arguments: Vec<Argument>,
    /// Why reading stopped, if it did.
    pub stop: Option<Stop>,
    /// There was not one word.
    pub is_empty: bool,
    /// How it wants the result to be shown.
    pub form: Form,
}

/// Why reading stopped in the middle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Help was asked for.
    Help,
    /// The version was asked for.
    Version,
    /// This is wrong with the command line. It never holds a value, which may be a secret.
    Wrong(String),
}

/// Reads a command line, without the name of the program.
#[must_use]
pub fn read(manifest: &Manifest, words: &[String]) -> CommandLine {
    let mut reader = Reader {
        manifest,
        words,
        next: 0,
        arguments: Vec::new(),
        plain: None,
    };
    let stop = reader.read().err();
    if stop.is_none() {
        reader.place_plain_word();
    }
    let form = match stop {
        Some(_) => Form::of_words(manifest, words),
        None => Form::of(manifest, &reader.arguments),
    };
    CommandLine {
        arguments: reader.arguments,
        stop,
        is_empty: words.is_empty(),
        form,
    }
}

/// An option of the plugin, or one of the host's own.
#[derive(Clone, Copy, PartialEq)]
enum Known<'a> {
    Plugin(&'a OptionSpec),
    /// The same from somewhere else.
    Companion(&'a OptionSpec, Companion),
    Help,
    Version,
}

impl Known<'_> {
    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Plugin(option) => option.name.as_str().into(),
            Self::Companion(secret, companion) => companion.name(secret).into(),
            Self::Help => "help".into(),
            Self::Version => "version".into(),
        }
    }

    fn takes_value(&self) -> bool {
        match self {
            Self::Plugin(option) => option.kind != Kind::Flag,
            Self::Companion(..) => true,
            Self::Help | Self::Version => false,
        }
    }
}

struct Reader<'a> {
    manifest: &'a Manifest,
    words: &'a [String],
    next: usize,
    arguments: Vec<Argument>,
    plain: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<(), Stop> {
        let mut options_ended = false;
        while let Some(word) = self.next_word() {
            if options_ended || !word.starts_with('-') || word == "-" {
                self.plain.get_or_insert(word);
            } else if word == "--" {
                options_ended = true;
            } else if let Some(option) = self.alias(word) {
                self.take(Known::Plugin(option), None, word)?;
            } else if let Some(long) = word.strip_prefix("--") {
                self.long(word, long)?;
            } else {
                self.cluster(word)?;
            }
        }
        Ok(())
    }

    fn next_word(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    /// The option that has this very word as a further spelling.
    fn alias(&self, word: &str) -> Option<&'a OptionSpec> {
        self.manifest
            .options
            .iter()
            .find(|option| option.aliases.iter().any(|alias| alias == word))
    }

    fn long(&mut self, word: &'a str, long: &'a str) -> Result<(), Stop> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let whole_name = word.split_once('=').map_or(word, |(name, _)| name);
        let known = match self.alias(whole_name) {
            Some(option) => Known::Plugin(option),
            None => self.find_long(name)?,
        };
        let shown = format!("--{}", known.name());
        match value {
            Some(_) if !known.takes_value() => Err(Stop::Wrong(format!(
                "option '{shown}' doesn't allow an argument"
            ))),
            _ => self.take(known, value, &shown),
        }
    }

    /// The option of that name, or the only one whose name begins so.
    fn find_long(&self, name: &str) -> Result<Known<'a>, Stop> {
        if let Some(exact) = self.known().find(|known| known.name() == name) {
            return Ok(exact);
        }
        if let Some((secret, companion)) = secrets::companion(self.manifest, name) {
            return Ok(Known::Companion(secret, companion));
        }
        let is_exact = |known: &Known| matches!(known, Known::Plugin(option) if option.exact);
        let candidates: Vec<_> = self
            .known()
            .filter(|known| !is_exact(known) && known.name().starts_with(name))
            .collect();
        match candidates.as_slice() {
            [] => Err(Stop::Wrong(format!("unrecognized option '--{name}'"))),
            [one] => Ok(*one),
            several => {
                let names: Vec<_> = several
                    .iter()
                    .map(|known| format!("'--{}'", known.name()))
                    .collect();
                let names = names.join(" ");
                Err(Stop::Wrong(format!(
                    "option '--{name}' is ambiguous; possibilities: {names}"
                )))
            }
        }
    }

    fn known(&self) -> impl Iterator<Item = Known<'a>> {
        let own = [Known::Help, Known::Version];
        self.manifest.options.iter().map(Known::Plugin).chain(own)
    }

    /// `-4qp25`: flags, and at most one option with a value, which is the rest or the next word.
    fn cluster(&mut self, word: &'a str) -> Result<(), Stop> {
        for (at, letter) in word.char_indices().skip(1) {
            let known = self.find_short(letter)?;
            let rest = word.get(at + letter.len_utf8()..).unwrap_or_default();
            if known.takes_value() && !rest.is_empty() {
                return self.take(known, Some(rest), &letter.to_string());
            }
            self.take(known, None, &letter.to_string())?;
        }
        Ok(())
    }

    fn find_short(&self, letter: char) -> Result<Known<'a>, Stop> {
        match self
            .manifest
            .options
            .iter()
            .find(|option| option.short == Some(letter))
        {
            Some(option) => Ok(Known::Plugin(option)),
            None if letter == 'h' => Ok(Known::Help),
            None if letter == 'V' => Ok(Known::Version),
            None => Err(Stop::Wrong(format!("invalid option -- '{letter}'"))),
        }
    }

    /// Notes an option; its value is the next word when it is not attached.
    fn take(&mut self, known: Known<'a>, value: Option<&str>, shown: &str) -> Result<(), Stop> {
        match known {
            Known::Help => return Err(Stop::Help),
            Known::Version => return Err(Stop::Version),
            Known::Plugin(_) | Known::Companion(..) => {}
        }
        let value = if known.takes_value() {
            Some(match value.or_else(|| self.next_word()) {
                Some(value) => value.to_owned(),
                None => return Err(Stop::Wrong(missing_value(shown))),
            })
        } else {
            None
        };
        self.arguments.push(Argument {
            name: known.name().into_owned(),
            value,
        });
        Ok(())
    }

    fn place_plain_word(&mut self) {
        let (Some(word), Some(name)) = (self.plain, &self.manifest.word) else {
            return;
        };
        if !self.arguments.iter().any(|argument| argument.name == *name) {
            self.arguments.push(Argument {
                name: name.clone(),
                value: Some(word.to_owned()),
            });
        }
    }
}

/// In the words of getopt(3).
fn missing_value(shown: &str) -> String {
    if shown.starts_with("--") {
        format!("option '{shown}' requires an argument")
    } else {
        format!(
            "option requires an argument -- '{}'",
            shown.trim_start_matches('-')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{argument, manifest, option};
    use proptest::prelude::*;

    fn smtp() -> Manifest {
        let mut timeout = option("timeout", 't', Kind::Timeout);
        timeout.aliases = vec!["-to".to_owned()];
        let mut ssl = option("ssl", 's', Kind::Flag);
        ssl.aliases = vec!["--tls".to_owned()];
        ssl.exact = true;
        manifest(vec![
            option("hostname", 'H', Kind::Host),
            option("port", 'p', Kind::Port),
            option("use-ipv4", '4', Kind::Flag),
            option("quiet", 'q', Kind::Flag),
            option("verbose", 'v', Kind::Flag),
            option("command", 'C', Kind::Text),
            option("critical", 'c', Kind::Number),
            option("starttls", 'S', Kind::Flag),
            timeout,
            ssl,
        ])
    }

    fn line(words: &[&str]) -> CommandLine {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        read(&smtp(), &words)
    }

    fn given(words: &[&str]) -> Vec<(String, Option<String>)> {
        let line = line(words);
        assert_eq!(line.stop, None, "{words:?}");
        line.arguments
            .into_iter()
            .map(|argument| (argument.name, argument.value))
            .collect()
    }

    fn wrong(words: &[&str]) -> String {
        match line(words).stop {
            Some(Stop::Wrong(message)) => message,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[test]
    fn the_same_option_in_all_its_forms() {
        let port = vec![("port".to_owned(), Some("25".to_owned()))];
        for words in [
            &["-p25"][..],
            &["-p", "25"],
            &["--port=25"],
            &["--port", "25"],
            &["--po=25"],
            &["--p", "25"],
        ] {
            assert_eq!(given(words), port, "{words:?}");
        }
        assert_eq!(given(&["-p=25"])[0].1.as_deref(), Some("=25"));
        assert_eq!(given(&["--port="])[0].1.as_deref(), Some(""));
    }

    #[test]
    fn clusters() {
        let names: Vec<_> = given(&["-4qp", "25"])
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["use-ipv4", "quiet", "port"]);
        assert_eq!(given(&["-4qp25"])[2].1.as_deref(), Some("25"));
    }

    #[test]
    fn plain_words_may_stand_anywhere() {
        for words in [
            &["host", "-p", "25"][..],
            &["-p", "25", "host"],
            &["-p", "25", "--", "host"],
        ] {
            let given = given(words);
            assert_eq!(
                given[1],
                ("hostname".to_owned(), Some("host".to_owned())),
                "{words:?}"
            );
        }
        assert_eq!(given(&["-H", "a", "b"]).len(), 1);
        assert_eq!(
            given(&["a", "b"]),
            [("hostname".to_owned(), Some("a".to_owned()))]
        );
        assert_eq!(given(&["--", "-p"])[0].1.as_deref(), Some("-p"));
        assert_eq!(given(&["-q", "true", "-t", "5", "-H", "a"]).len(), 3);
    }

    #[test]
    fn aliases_are_words_of_their_own_and_no_values() {
        assert_eq!(
            given(&["-to", "7"]),
            [("timeout".to_owned(), Some("7".to_owned()))]
        );
        assert_eq!(given(&["--tls"]), [("ssl".to_owned(), None)]);
        assert_eq!(
            given(&["-C", "-to"]),
            [("command".to_owned(), Some("-to".to_owned()))]
        );
    }

    #[test]
    fn exact_names_and_aliases_take_no_abbreviation_away() {
        assert_eq!(given(&["--s"])[0].0, "starttls");
        assert_eq!(given(&["--t=7"])[0].0, "timeout");
        assert_eq!(wrong(&["--ss"]), "unrecognized option '--ss'");
        assert_eq!(given(&["--ssl"])[0].0, "ssl");
    }

    #[test]
    fn a_secret_may_come_from_elsewhere() {
        let manifest = manifest(vec![
            option("password", 'P', Kind::Secret),
            option("passwords", 's', Kind::Flag),
        ]);
        let words = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            read(&manifest, &words)
        };
        let line = words(&["--password-file=a", "--password-env", "B", "-P", "-"]);
        let expected = [
            argument("password-file", "a"),
            argument("password-env", "B"),
            argument("password", "-"),
        ];
        assert_eq!((line.stop, &*line.arguments), (None, &expected[..]));
        // They take no abbreviation away, and have none.
        assert_eq!(
            words(&["--password=a"]).arguments,
            [argument("password", "a")]
        );
        let wrong = words(&["--password-fil=a"]).stop;
        let message = "unrecognized option '--password-fil'".to_owned();
        assert_eq!(wrong, Some(Stop::Wrong(message)));
        let wrong = words(&["--password-file"]).stop;
        let message = "option '--password-file' requires an argument".to_owned();
        assert_eq!(wrong, Some(Stop::Wrong(message)));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(wrong(&["-z"]), "invalid option -- 'z'");
        assert_eq!(wrong(&["--nope=1"]), "unrecognized option '--nope'");
        assert_eq!(wrong(&["-p"]), "option requires an argument -- 'p'");
        assert_eq!(wrong(&["--port"]), "option '--port' requires an argument");
        assert_eq!(
            wrong(&["--starttls=yes"]),
            "option '--starttls' doesn't allow an argument"
        );
        assert_eq!(
            wrong(&["--tls=yes"]),
            "option '--ssl' doesn't allow an argument"
        );
        assert_eq!(
            wrong(&["--c=1"]),
            "option '--c' is ambiguous; possibilities: '--command' '--critical'"
        );
        assert_eq!(
            wrong(&["--ver"]),
            "option '--ver' is ambiguous; possibilities: '--verbose' '--version'"
        );
    }

    #[test]
    fn reading_stops_where_help_or_a_mistake_stands() {
        let line = line(&["-p", "abc", "-h", "-z"]);
        assert_eq!(line.arguments, [argument("port", "abc")]);
        assert_eq!(line.stop, Some(Stop::Help));
        assert_eq!(
            read(&smtp(), &["--version".to_owned()]).stop,
            Some(Stop::Version)
        );
        assert_eq!(
            read(&smtp(), &["-hostname".to_owned()]).stop,
            Some(Stop::Help)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec("[ -~é]{0,12}", 0..6)) {
            let names = ["hostname", "port", "command", "critical", "timeout"];
            let pairs: Vec<_> = names.iter().cycle().zip(&values).collect();
            let long: Vec<_> = pairs.iter().map(|(name, value)| format!("--{name}={value}")).collect();
            let separate: Vec<_> = pairs
                .iter()
                .flat_map(|(name, value)| [format!("--{name}"), (*value).clone()])
                .collect();
            let expected: Vec<_> = pairs.iter().map(|(name, value)| argument(name, value)).collect();
            prop_assert_eq!(&read(&smtp(), &long).arguments, &expected);
            prop_assert_eq!(&read(&smtp(), &separate).arguments, &expected);
        }
    }
}
