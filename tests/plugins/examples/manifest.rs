//! Attacks the host with what the plugin says about itself: names that forge, options that clash,
//! endpoints that nobody named. The suite writes which lie to tell over [`LIE`].

use std::hint::black_box;

use sandcheck_hostile::{
    Argument, Kind, Manifest, Misuse, OptionSpec, Plugin, Report, State, Words, manifest, option,
    plugin, report,
};

static LIE: [u8; 24] = *b"@LIE--------------------";

/// More lines, another metric, commands to a terminal, text from right to left.
const FORGED: &str = "a\nOK - forged|forged=1\r\u{1b}[2J\u{9b}2J\u{7}\u{202e}b";

/// What means something in the languages that `sandcheck generate` writes: requests and escapes of roff,
/// quotes and commands of shells, blocks of Icinga and Nagios. A line ends with a backslash.
const MARKUP: &str = "' \" `touch forged` $(touch forged) ${x} %F{red} [a]:b] $HOSTNAME$ ; ! \\\n\
                      .so /etc/passwd\n\
                      'so /etc/passwd\n\
                      \\fBbold\\*(ZZ\n\
                      '; touch forged; '\n\
                      \"; touch forged; \"\n\
                      \\'; touch forged; \\\"\n\
                      (touch forged)\n\
                      \" }\n}\nobject CheckCommand \"forged\" { command = [ \"/bin/true\" ]\n}\n\
                      */ object CheckCommand \"forged\" {\n}\n\
                      define command {\n  command_name forged\n  command_line /bin/true\n}\n\
                      the end \\";

struct Hostile;

plugin!(Hostile);

impl Plugin for Hostile {
    fn describe() -> Manifest {
        let lie = std::str::from_utf8(black_box(&LIE)).unwrap_or_default();
        lying(manifest(), lie.trim_end())
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        if words.value("target").is_empty() {
            return Ok(report(State::Ok, "OK - this manifest was believed"));
        }
        Ok(match words.connect_to_target() {
            Ok(_) => report(State::Ok, "OK - connected to the target"),
            Err(error) => error.into(),
        })
    }
}

fn lying(mut manifest: Manifest, lie: &str) -> Manifest {
    let own = &mut manifest.options;
    match lie {
        "default-host" => set(own, "hostname", |host| {
            host.default = Some("127.0.0.1".to_owned());
        }),
        "implied-host" => own.push(quick("hostname", "127.0.0.1")),
        "many-options" => own.extend((0..10_000).map(|at| text(&format!("option-{at}")))),
        "same-name" => own.push(option("port", None, Kind::Text)),
        "same-short" => own.push(option("other", Some('H'), Kind::Text)),
        "same-alias" => set(own, "case", |case| case.aliases = words(&["--port"])),
        "same-alias-twice" => set(own, "case", |case| case.aliases = words(&["-cc", "-cc"])),
        "empty-name" => own.push(text("")),
        "name-with-line-end" => own.push(text("a\nb")),
        "name-with-pipe" => own.push(text("a|b")),
        "name-with-equals" => own.push(text("a=b")),
        "name-with-escape" => own.push(text("a\u{1b}[2Jb")),
        "name-with-blank" => own.push(text("a b")),
        "name-in-capitals" => own.push(text("Name")),
        "name-with-dashes" => own.push(text("--name")),
        "name-of-the-host" => own.push(text("help")),
        "short-of-no-kind" => own.push(option("other", Some('\u{1b}'), Kind::Text)),
        "short-dash" => own.push(option("other", Some('-'), Kind::Text)),
        "alias-with-line-end" => set(own, "case", |case| case.aliases = words(&["--a\nb"])),
        "alias-without-dash" => set(own, "case", |case| case.aliases = words(&["note"])),
        "alias-of-dashes" => set(own, "case", |case| case.aliases = words(&["--"])),
        "alias-of-the-host" => set(own, "case", |case| case.aliases = words(&["--help"])),
        "two-timeouts" => own.push(option("patience", None, Kind::Timeout)),
        "long-timeout" => set(own, "timeout", |t| {
            t.default = Some("4000000000".to_owned());
        }),
        "longest-timeout" => set(own, "timeout", |t| t.default = Some(u64::MAX.to_string())),
        "timeout-of-text" => set(own, "timeout", |t| t.default = Some("soon".to_owned())),
        "negative-timeout" => set(own, "timeout", |t| t.default = Some("-1".to_owned())),
        "implies-nothing" => own.push(quick("no-such-option", "1")),
        "implies-itself" => own.push(quick("quick", "1")),
        "forged-placeholder" => set(own, "case", |case| FORGED.clone_into(&mut case.placeholder)),
        "forged-help" => set(own, "case", |case| FORGED.clone_into(&mut case.help)),
        "forged-default" => set(own, "case", |case| case.default = Some(FORGED.to_owned())),
        "markup" => {
            MARKUP.clone_into(&mut manifest.summary);
            MARKUP.clone_into(&mut manifest.description);
            for option in own.iter_mut().filter(|option| option.kind == Kind::Text) {
                MARKUP.clone_into(&mut option.help);
                MARKUP.clone_into(&mut option.placeholder);
                option.default = Some(MARKUP.to_owned());
            }
        }
        "no-such-word" => manifest.word = Some("no-such-option".to_owned()),
        "empty-command" => manifest.name.clear(),
        "forged-command" => FORGED.clone_into(&mut manifest.name),
        "command-with-path" => "../../etc/passwd".clone_into(&mut manifest.name),
        "forged-version" => FORGED.clone_into(&mut manifest.version),
        "forged-summary" => FORGED.clone_into(&mut manifest.summary),
        "forged-description" => FORGED.clone_into(&mut manifest.description),
        "huge-summary" => manifest.summary = "x".repeat(512 << 10),
        "huge-name" => own.push(text(&"x".repeat(512 << 10))),
        "huge-help" => set(own, "case", |case| case.help = "x\n".repeat(256 << 10)),
        _ => {}
    }
    manifest
}

fn set(options: &mut [OptionSpec], name: &str, change: impl FnOnce(&mut OptionSpec)) {
    if let Some(option) = options.iter_mut().find(|option| option.name == name) {
        change(option);
    }
}

fn text(name: &str) -> OptionSpec {
    option(name, None, Kind::Text)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A flag `--quick` that says more than its name.
fn quick(name: &str, value: &str) -> OptionSpec {
    OptionSpec {
        implies: vec![Argument {
            name: name.to_owned(),
            value: Some(value.to_owned()),
        }],
        ..option("quick", None, Kind::Flag)
    }
}
