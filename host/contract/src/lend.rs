//! What a host lends beyond connections: the contents of files, trust anchors. It travels as the
//! value of an option whose kind the manifest declares; the plugin never learns a path.

mod file;
mod secret;

use std::net::IpAddr;
use std::time::Instant;

use self::file::{bounded, contents};
use crate::files::Files;
use crate::form::Form;
use crate::secrets::{self, Way};
use crate::types::{Argument, Kind, Manifest, Misuse, OptionSpec};

/// The value of an implied option of the kind anchors that stands for the machine's own.
const SYSTEM: &str = "system";

/// What a host has to lend.
pub struct Lender<'a> {
    /// Which files may be named.
    pub files: &'a Files,
    /// When reading has to have come to its end.
    pub deadline: Instant,
    /// The machine's own trust anchors in PEM, or why there are none.
    pub system_anchors: &'a dyn Fn(Instant) -> Result<String, String>,
    /// Whether a secret may be a line of standard input.
    pub input: bool,
}

/// What cannot be lent.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlendable {
    /// What is wrong.
    pub misuse: Misuse,
    /// How many arguments stand before the one that it is about: an earlier mistake would count.
    pub before: usize,
}

/// Whether anything has to be read for these arguments.
#[must_use]
pub fn is_needed(manifest: &Manifest, arguments: &[Argument]) -> bool {
    let is_lent = |argument| is_lent(manifest, argument);
    arguments.iter().any(is_lent) || implied_anchors(manifest, arguments).is_some()
}

/// The arguments that need nothing of the host, which is what `validate` looks at.
#[must_use]
pub fn plain(manifest: &Manifest, arguments: &[Argument]) -> Vec<Argument> {
    let is_plain = |argument: &&Argument| !is_lent(manifest, argument);
    arguments.iter().filter(is_plain).cloned().collect()
}

fn is_lent(manifest: &Manifest, argument: &Argument) -> bool {
    match option(manifest, argument) {
        Some(option) if is_file(option.kind) => true,
        _ => secrets::way(manifest, argument).is_some(),
    }
}

/// Checks what the host itself reads of the arguments, before it connects to anything.
pub fn check(manifest: &Manifest, arguments: &[Argument]) -> Result<(), Unlendable> {
    for (before, argument) in arguments.iter().enumerate() {
        if let Some((secret, way)) = secrets::way(manifest, argument)
            && let Some(misuse) = secret::ambiguous(manifest, arguments, secret, way)
        {
            return Err(Unlendable { misuse, before });
        }
        let (Some(option), Some(value)) = (option(manifest, argument), &argument.value) else {
            continue;
        };
        let misuse = match option.kind {
            Kind::Output => wrong_output(option, value),
            Kind::Source => wrong_source(manifest, arguments, option, value),
            _ => None,
        };
        if let Some(misuse) = misuse {
            return Err(Unlendable { misuse, before });
        }
    }
    Ok(())
}

/// Puts in the place of each path what the file holds, and adds trust anchors that are implied.
pub fn lend(
    manifest: &Manifest,
    arguments: &mut Vec<Argument>,
    lender: &Lender,
) -> Result<(), Unlendable> {
    let mut total = 0;
    for (before, argument) in arguments.iter_mut().enumerate() {
        if let Some((secret, way)) = secrets::way(manifest, argument) {
            let value = argument.value.take().unwrap_or_default();
            let read = secret::read(&argument.name, secret, way, &value, lender);
            argument.value = Some(read.map_err(|misuse| Unlendable { misuse, before })?);
            argument.name.clone_from(&secret.name);
            continue;
        }
        let Some(option) = option(manifest, argument).filter(|option| is_file(option.kind)) else {
            continue;
        };
        let path = argument.value.take().unwrap_or_default();
        let contents = contents(option, &path, lender)
            .and_then(|contents| bounded(contents, &mut total, option))
            .map_err(|misuse| Unlendable { misuse, before })?;
        argument.value = Some(contents);
    }
    if let Some((option, by)) = implied_anchors(manifest, arguments) {
        let anchors = (lender.system_anchors)(lender.deadline)
            .map_err(|reason| no_anchors(option, by, &reason))
            .and_then(|anchors| bounded(anchors, &mut total, option));
        let anchors = anchors.map_err(|misuse| Unlendable {
            misuse,
            before: arguments.len(),
        })?;
        arguments.push(Argument {
            name: option.name.clone(),
            value: Some(anchors),
        });
    }
    Ok(())
}

/// What a stranger may not ask for, such as somebody who fills a queue of jobs: whatever would be
/// read of this machine, or would use one of its addresses. The message is for them; `from` says where
/// it comes from, such as `a job`.
pub fn check_stranger(
    manifest: &Manifest,
    arguments: &[Argument],
    from: &str,
) -> Result<(), String> {
    let refused = arguments.iter().find_map(|argument| {
        let name = &argument.name;
        if let Some((_, way)) = secrets::way(manifest, argument) {
            let what = match way {
                Way::Companion(_) => format!("--{name}"),
                Way::Input => format!("--{name}=-"),
            };
            let reason = "it would read a secret of this machine";
            return Some(format!("{what} is not taken from {from}: {reason}"));
        }
        let reason = match option(manifest, argument)?.kind {
            Kind::File | Kind::Anchors => "it would read files of this machine",
            Kind::Source => "it would choose among the addresses of this machine",
            _ => return None,
        };
        Some(format!("--{name} is not taken from {from}: {reason}"))
    });
    refused.map_or(Ok(()), Err)
}

/// The local address that the arguments want.
#[must_use]
pub fn source(manifest: &Manifest, arguments: &[Argument]) -> Option<IpAddr> {
    let mut arguments = arguments.iter().rev();
    let given = arguments.find(|argument| {
        option(manifest, argument).is_some_and(|option| option.kind == Kind::Source)
    })?;
    address(given.value.as_deref()?)
}

/// What the manifest says of an argument.
pub(crate) fn option<'a>(manifest: &'a Manifest, argument: &Argument) -> Option<&'a OptionSpec> {
    let mut options = manifest.options.iter();
    options.find(|option| option.name == argument.name)
}

fn is_file(kind: Kind) -> bool {
    matches!(kind, Kind::File | Kind::Anchors)
}

/// The option of the kind anchors that is not given but implied, and the option that implies it.
fn implied_anchors<'a>(
    manifest: &'a Manifest,
    arguments: &[Argument],
) -> Option<(&'a OptionSpec, &'a OptionSpec)> {
    let is_given = |name: &str| arguments.iter().any(|argument| argument.name == name);
    let mut anchors = manifest
        .options
        .iter()
        .filter(|option| option.kind == Kind::Anchors && !is_given(&option.name));
    anchors.find_map(|anchors| {
        let mut given = manifest
            .options
            .iter()
            .filter(|option| is_given(&option.name));
        let by = given.find(|option| implies(option, anchors))?;
        Some((anchors, by))
    })
}

/// Whether giving the option has the host lend the machine's own trust anchors.
#[must_use]
pub fn implies_anchors(manifest: &Manifest, option: &OptionSpec) -> bool {
    let mut others = manifest.options.iter();
    others.any(|other| other.kind == Kind::Anchors && implies(option, other))
}

fn implies(option: &OptionSpec, anchors: &OptionSpec) -> bool {
    let is_meant =
        |said: &Argument| said.name == anchors.name && said.value.as_deref() == Some(SYSTEM);
    option.implies.iter().any(is_meant)
}

fn wrong_output(option: &OptionSpec, value: &str) -> Option<Misuse> {
    Form::named(value).is_none().then(|| Misuse {
        message: format!("--{}: there is no such form - {value}", option.name),
        hint: Some(format!("accepted: {}", Form::WORDS.join(", "))),
    })
}

fn wrong_source(
    manifest: &Manifest,
    arguments: &[Argument],
    option: &OptionSpec,
    value: &str,
) -> Option<Misuse> {
    let name = &option.name;
    if address(value).is_none() {
        return Some(Misuse {
            message: format!("--{name} must be an IP address of this machine - {value}"),
            hint: Some(
                "accepted: an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7".to_owned(),
            ),
        });
    }
    let path = crate::grants::hosts(manifest, arguments).find(|host| host.starts_with('/'))?;
    Some(Misuse {
        message: format!("--{name} and a Unix socket contradict each other - {path}"),
        hint: Some(format!(
            "a connection to a Unix socket has no address to come from: leave --{name} out, or name a host"
        )),
    })
}

/// With or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    crate::grants::without_brackets(text).parse().ok()
}

fn no_anchors(option: &OptionSpec, by: &OptionSpec, reason: &str) -> Misuse {
    let (name, by) = (&option.name, &by.name);
    Misuse {
        message: format!("--{by}: this machine has no trust anchors that can be read: {reason}"),
        hint: Some(format!(
            "install the package ca-certificates, or name a file of certificates in PEM: --{name} FILE"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::files::FilePattern;
    use crate::testing::{argument, manifest, option};
    use crate::text_file::LIMIT;

    fn plugin() -> Manifest {
        let mut verify = option("verify", 'x', Kind::Flag);
        verify.implies = vec![argument("ca-file", "system")];
        manifest(vec![
            option("hostname", 'H', Kind::Host),
            verify,
            option("ca-file", 'a', Kind::Anchors),
            option("key", 'k', Kind::File),
            option("output", 'o', Kind::Output),
            option("source", 's', Kind::Source),
        ])
    }

    fn lend_by(files: &Files, given: &[Argument]) -> Result<Vec<Argument>, Unlendable> {
        let lender = Lender {
            files,
            deadline: Instant::now() + Duration::from_secs(1),
            system_anchors: &|_| Ok("machine's".to_owned()),
            input: false,
        };
        let mut arguments = given.to_vec();
        lend(&plugin(), &mut arguments, &lender)?;
        Ok(arguments)
    }

    fn flag(name: &str) -> Argument {
        Argument {
            name: name.to_owned(),
            value: None,
        }
    }

    #[test]
    fn contents_take_the_place_of_paths() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, "contents").unwrap();
        let given = [
            argument("hostname", "mx"),
            argument("key", path.to_str().unwrap()),
            argument("ca-file", folder.path().to_str().unwrap()),
            flag("verify"),
        ];
        let lent = lend_by(&Files::default(), &given).unwrap();
        let expected = [
            argument("hostname", "mx"),
            argument("key", "contents"),
            argument("ca-file", "contents\n"),
            flag("verify"),
        ];
        assert_eq!(lent, expected);
        assert!(is_needed(&plugin(), &given) && !is_needed(&plugin(), &given[..1]));
        assert_eq!(
            plain(&plugin(), &given),
            [argument("hostname", "mx"), flag("verify")]
        );
    }

    #[test]
    fn anchors_are_added_where_they_are_implied() {
        let given = [flag("verify")];
        assert!(is_needed(&plugin(), &given));
        let lent = lend_by(&Files::default(), &given).unwrap();
        assert_eq!(lent, [flag("verify"), argument("ca-file", "machine's")]);
    }

    #[test]
    fn what_is_not_lent_is_named_and_never_shown() {
        let given = [
            argument("hostname", "mx"),
            argument("key", "/no/such"),
            argument("source", "x"),
        ];
        let error = lend_by(&Files::default(), &given).unwrap_err();
        assert_eq!(error.before, 1);
        assert_eq!(
            error.misuse.message,
            "--key: cannot read '/no/such': No such file or directory"
        );
        for value in ["-----BEGIN PRIVATE KEY-----hunter2", "hunter2\n"] {
            let error = lend_by(&Files::default(), &[argument("key", value)]).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn the_policy_narrows_what_may_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(&folder).ok();
        let path = folder.join("key.pem");
        fs::write(&path, "contents").unwrap();
        let given = [argument("key", path.to_str().unwrap())];
        let only = |pattern: &str| Files {
            only: Some(vec![FilePattern::parse(pattern).unwrap()]),
        };
        let inside = only(&format!("{}/*", folder.display()));
        assert!(lend_by(&inside, &given).is_ok());
        let error = lend_by(&only("/etc/ssl/*"), &given).unwrap_err().misuse;
        assert!(
            error
                .message
                .ends_with("not among the only files that the policy allows")
        );
        assert!(error.hint.unwrap().contains(path.to_str().unwrap()));
        let error = lend_by(
            &only("/etc/ssl/*"),
            &[argument("ca-file", folder.to_str().unwrap())],
        );
        assert!(error.is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn much_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        fs::write(&path, "x".repeat(LIMIT)).unwrap();
        let given = vec![argument("key", path.to_str().unwrap()); 5];
        let error = lend_by(&Files::default(), &given).unwrap_err();
        assert_eq!(error.before, 4);
        assert!(lend_by(&Files::default(), &given[1..]).is_ok());
    }

    #[test]
    fn forms_and_addresses_are_checked() {
        let message = |given: &[Argument]| {
            let error = check(&plugin(), given).unwrap_err();
            (error.before, error.misuse.message)
        };
        for output in ["text", "json", "openmetrics"] {
            assert_eq!(check(&plugin(), &[argument("output", output)]), Ok(()));
        }
        let (before, text) = message(&[flag("verify"), argument("output", "JSON")]);
        assert_eq!(
            (before, &*text),
            (1, "--output: there is no such form - JSON")
        );
        for address in ["127.0.0.1", "::1", "[::1]"] {
            assert_eq!(check(&plugin(), &[argument("source", address)]), Ok(()));
        }
        let (_, text) = message(&[argument("source", "mx")]);
        assert_eq!(text, "--source must be an IP address of this machine - mx");
        let (_, text) = message(&[argument("hostname", "/run/s"), argument("source", "::1")]);
        assert!(text.ends_with("contradict each other - /run/s"), "{text}");
        let given = [argument("source", "127.0.0.1"), argument("source", "[::1]")];
        assert_eq!(source(&plugin(), &given), "::1".parse().ok());
    }

    #[test]
    fn strangers_may_name_nothing_of_this_machine() {
        for name in ["key", "ca-file", "source"] {
            let error =
                check_stranger(&plugin(), &[argument(name, "secret")], "a job").unwrap_err();
            assert!(
                error.starts_with(&format!("--{name} is not taken from a job: ")),
                "{error}"
            );
            assert!(!error.contains("secret"));
        }
        let given = [flag("verify"), argument("output", "json")];
        assert_eq!(check_stranger(&plugin(), &given, "a job"), Ok(()));
    }
}
