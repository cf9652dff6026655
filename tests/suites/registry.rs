//! Plugins from registries: `sandcheck pull`, `push`, `sign`, `verify`, `list`, `remove`, `catalog`, and
//! `run oci://`, against Debian's docker-registry and against a scripted registry that lies.

#[path = "registry/catalog.rs"]
mod catalog;
#[path = "registry/debian.rs"]
mod debian;
#[path = "registry/lies.rs"]
mod lies;
#[path = "registry/place.rs"]
mod place;
#[path = "registry/scripted.rs"]
mod scripted;
#[path = "registry/signatures.rs"]
mod signatures;
#[path = "registry/store.rs"]
mod store;

use std::thread;

use crate::debian::Registry;
use crate::place::{Place, component, digest_in};

#[test]
fn what_is_published_runs_elsewhere_and_later_without_the_registry() {
    let (publisher, user) = (Place::new(), Place::new());
    let registry = Registry::start();
    let reference = registry.reference("checks/check_smtp:0.1.0");
    let plugin = place::check_smtp();
    let pushed = publisher.done("push", &[&plugin, &reference]);
    let digest = digest_in(&pushed);
    assert!(
        pushed.starts_with(&format!("oci://{reference}: pushed, sha256:")),
        "{pushed}"
    );

    let server = place::mail_server();
    let words = ["--", "-H", "127.0.0.1", "-p", &server];
    let run = |plugin: &str| user.sandcheck("run", &[&[plugin], &words[..]].concat());
    let name = format!("oci://{reference}");
    let (code, text) = run(&name);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("SMTP OK - "), "{text}");

    drop(registry);
    assert_eq!(run(&name).0, Some(0), "the registry is gone");
    let pinned = format!("{}@{digest}", name.trim_end_matches(":0.1.0"));
    assert_eq!(run(&pinned).0, Some(0), "{pinned}");
    let (code, text) = user.sandcheck("inspect", &[&name]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("\nplugin    yes\nname      check_smtp "),
        "{text}"
    );
    let order = format!(
        "{{\"plugin\": \"{name}\", \"arguments\": [\"-H\", \"127.0.0.1\", \"-p\", \"{server}\"]}}\n"
    );
    let (code, text) = user.sandcheck_with_input("batch", &[], order.as_bytes());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\"state\":\"OK\""), "{text}");

    let listed = user.done("list", &[]);
    assert!(
        listed.starts_with(&format!("{name}  sha256:{}  ", &digest[7..19])),
        "{listed}"
    );
    assert!(listed.ends_with(" bytes  not signed\n"), "{listed}");
    assert_eq!(
        user.done("remove", &[&reference]),
        format!("{name}: removed\n")
    );
    assert_eq!(user.done("list", &[]), "");
    assert_eq!(user.blobs(), 0, "nobody needs them any more");
    let line = user.refused("remove", &[&reference]);
    assert!(line.contains(" is not in the store "), "{line}");
    let line = user.refused("run", &[&["--offline", &name], &words[..]].concat());
    assert!(
        line.contains("is not in the store") && line.contains("because of --offline"),
        "{line}"
    );
    let line = user.refused("run", &[&[name.as_str()], &words[..]].concat());
    assert!(
        line.contains("cannot be reached: Connection refused"),
        "{line}"
    );
}

#[test]
fn a_version_that_moves_leaves_the_earlier_one_usable() {
    let place = Place::new();
    let registry = Registry::start();
    let reference = registry.reference("a:1");
    let first = place.publish("first", &reference);
    assert!(
        place
            .done("pull", &[&reference])
            .contains(&format!("oci://{reference}: {first} ("))
    );
    let second = place.publish("second", &reference);
    assert_ne!(first, second);
    let shown = |text: &str| digest_in(&place.done("list", &["--format", "json", text]));
    assert_eq!(
        shown("--offline"),
        first,
        "nobody asked for the new one yet"
    );
    assert!(
        place
            .done("pull", &[&reference])
            .contains(&format!(": new version, {second} ("))
    );
    assert!(
        place
            .done("pull", &[&reference])
            .contains(&format!(": is what the store has, {second} ("))
    );
    let list = place.done("list", &[]);
    assert_eq!(list.lines().count(), 2, "{list}");
    let pinned = format!("{}@{first}", registry.reference("a"));
    assert!(
        place
            .sandcheck("inspect", &["--offline", &format!("oci://{pinned}")])
            .1
            .contains("sha256")
    );
    // A version may be named with the digest that it is expected to have.
    let expected = format!("{reference}@{first}");
    assert!(place.done("pull", &[&expected]).contains(&first));
    assert_eq!(
        place.done("remove", &[&pinned]),
        format!("oci://{pinned}: removed\n")
    );
}

#[test]
fn the_same_component_is_the_same_version_wherever_it_is_pushed_from() {
    let (one, two) = (Place::new(), Place::new());
    let registry = Registry::start();
    let digests = [&one, &two].map(|place| place.publish("same", &registry.reference("a:1")));
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn many_pulls_at_once_all_succeed() {
    let place = Place::new();
    let registry = Registry::start();
    let names: Vec<_> = (0..4)
        .map(|number| registry.reference(&format!("a{number}:1")))
        .collect();
    for name in &names {
        place.publish(name, name);
    }
    let place = &place;
    thread::scope(|scope| {
        for name in names.iter().chain(&names).chain(&names) {
            scope.spawn(move || place.done("pull", &[name]));
        }
    });
    assert_eq!(place.done("list", &[]).lines().count(), names.len());
    assert_eq!(
        place.blobs(),
        3 * names.len(),
        "a manifest, a config, a component each"
    );
    assert!(!place.path("store/.new").exists());
}

#[test]
fn a_registry_that_demands_a_login_gets_one() {
    let place = Place::new();
    let registry = Registry::with_password();
    let reference = registry.reference("a:1");
    let file = place.file("a.wasm", component("login"));
    let line = place.refused("push", &[&file, &reference]);
    assert!(
        line.contains("demands a login (401)") && line.contains("--password-file"),
        "{line}"
    );
    let wrong = place.file("wrong", "wrong\n");
    let line = place.refused(
        "push",
        &[
            "--username",
            "me",
            "--password-file",
            &wrong,
            &file,
            &reference,
        ],
    );
    assert!(line.contains("does not accept the login (401)"), "{line}");
    let right = place.file("right", "a secret\n");
    place.done(
        "push",
        &[
            "--username",
            "me",
            "--password-file",
            &right,
            &file,
            &reference,
        ],
    );

    let line = place.refused("pull", &[&reference]);
    assert!(line.contains("demands a login (401)"), "{line}");
    let pull = |variables: &[(&str, &str)]| place.outcome_with(variables, "pull", &[&reference]);
    let environment = [
        ("SANDCHECK_REGISTRY_USERNAME", "me"),
        ("SANDCHECK_REGISTRY_PASSWORD", "a secret"),
    ];
    let (code, text) = pull(&environment);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = pull(&environment[..1]);
    assert_eq!(code, Some(3));
    assert!(
        text.contains("SANDCHECK_REGISTRY_PASSWORD is not"),
        "{text}"
    );
    let config = format!(
        "{{\"auths\": {{\"{}\": {{\"auth\": \"bWU6YSBzZWNyZXQ=\"}}}}}}",
        registry.address()
    );
    place.file("config.json", config);
    let folder = place.path("").to_string_lossy().into_owned();
    let (code, text) = pull(&[("DOCKER_CONFIG", &folder)]);
    assert_eq!(code, Some(0), "{text}");
    let line = place.refused("pull", &["--username", "me", &reference]);
    assert!(line.contains("--username needs --password-file"), "{line}");
}

#[test]
fn a_registry_is_known_by_its_certificate() {
    let place = Place::new();
    let registry = Registry::with_tls(&place);
    let reference = registry.reference("a:1");
    let file = place.file("a.wasm", component("tls"));
    let anchor = place.path("server.pem").to_string_lossy().into_owned();
    let push = |variables: &[(&str, &str)]| {
        place.outcome_with(variables, "push", &["--https", &file, &reference])
    };
    let (code, text) = push(&[("SSL_CERT_FILE", &anchor)]);
    assert_eq!(code, Some(0), "{text}");
    let other = place.file("other.pem", place::other_certificate());
    let (code, text) = push(&[("SSL_CERT_FILE", &other)]);
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("cannot be trusted: ") && text.lines().count() == 1,
        "{text}"
    );
    let plain = Registry::start();
    let (code, text) = place.outcome_with(
        &[("SSL_CERT_FILE", &anchor)],
        "pull",
        &["--https", &plain.reference("a:1")],
    );
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("does not speak TLS; if that is meant to be so: --plain-http"),
        "{text}"
    );
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_named() {
    let place = Place::new();
    let registry = Registry::start();
    let file = place.file("a.wasm", component("x"));
    let text = place.file("text", "no component");
    let digest = format!("sha256:{}", "0".repeat(64));
    let (a, b, pinned) = (
        registry.reference("a:1"),
        registry.reference("b"),
        registry.reference(&format!("a@{digest}")),
    );
    place.done("push", &[&file, &a]);
    let other = registry.reference("a:2");
    for (command, words, part) in [
        ("pull", vec![other.as_str()], "has no version '2'"),
        ("pull", vec![&pinned], "has no version 'sha256:0000"),
        ("pull", vec![&b], "it says no version"),
        ("pull", vec!["check_smtp"], "names no version of a plugin"),
        ("pull", vec!["127.0.0.1:1/a:1"], "cannot be reached"),
        (
            "pull",
            vec!["no-such-host.invalid/a:1", "--plain-http"],
            "the registry no-such-host.invalid ",
        ),
        ("push", vec![&text, &a], "is no component"),
        ("push", vec!["/nonexistent", &a], "No such file"),
        ("push", vec![&file, &pinned], "without @sha256"),
        ("run", vec!["oci://a b"], "names no version of a plugin"),
        ("verify", vec![&a], "no key is named"),
        ("sign", vec![&a], "sign takes one private key"),
        ("sign", vec!["--key", &text, &a], "others may read it"),
        (
            "verify",
            vec!["--key", &text, &a],
            "is no public key of the curve P-256",
        ),
    ] {
        let line = place.refused(command, &words);
        assert!(line.contains(part), "{command} {words:?}: {line}");
    }
}
