//! Signatures: made here and by OpenSSL, good, absent, tampered with, and by the wrong key.

use std::fs;
use std::process::Command;

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::debian::Registry;
use crate::place::{Place, component, digest_in};
use crate::scripted::{Content, Scripted};

const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

fn openssl(words: &[&str]) {
    let output = Command::new("openssl")
        .args(words)
        .output()
        .expect("openssl starts");
    assert!(
        output.status.success(),
        "openssl {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A key pair that OpenSSL made; returns the files of the private and the public key.
fn key_pair(place: &Place, name: &str) -> (String, String) {
    let path = |end: &str| {
        place
            .path(&format!("{name}.{end}"))
            .to_string_lossy()
            .into_owned()
    };
    let (private, public) = (path("key"), path("pub"));
    openssl(&[
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        &private,
    ]);
    openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    (private, public)
}

/// A policy that demands the signature of one of these keys.
fn policy(place: &Place, pattern: &str, keys: &[&str]) -> String {
    place.file(
        "policy.toml",
        format!("[[signed]]\nname = \"{pattern}\"\nkeys = {keys:?}\n"),
    )
}

#[test]
fn what_is_signed_runs_and_what_is_not_does_not() {
    let (publisher, user) = (Place::new(), Place::new());
    let registry = Registry::start();
    let reference = registry.reference("checks/a:1");
    let name = format!("oci://{reference}");
    let digest = publisher.publish("signed", &reference);
    let (private, public) = key_pair(&publisher, "ops");
    let (_, stranger) = key_pair(&publisher, "stranger");
    let pattern = registry.reference("checks/*");
    let demanding = policy(&user, &pattern, &[&public]);

    let demands = "is not signed (";
    let line = user.refused("pull", &["--policy", &demanding, &reference]);
    assert!(line.contains(demands) && line.contains(&pattern), "{line}");
    assert_eq!(user.done("list", &[]), "", "it was not taken in");
    user.done("pull", &[&reference]);
    for (command, words) in [
        ("run", &["--policy", &demanding, &name, "--"][..]),
        ("inspect", &["--policy", &demanding, &name]),
    ] {
        let line = user.refused(command, words);
        assert!(line.contains(demands), "{line}");
    }
    let order = format!("{{\"plugin\": \"{name}\"}}\n");
    let (_, text) = user.sandcheck_with_input("batch", &["--policy", &demanding], order.as_bytes());
    assert!(text.contains(demands), "{text}");

    let signed = publisher.done("sign", &["--key", &private, &reference]);
    assert_eq!(digest_in(&signed), digest);
    assert!(
        publisher
            .done("sign", &["--key", &private, &reference])
            .contains("has that signature already")
    );
    user.done("pull", &["--policy", &demanding, &reference]);
    let (code, text) = user.sandcheck("inspect", &["--offline", "--policy", &demanding, &name]);
    assert_eq!(code, Some(3), "it is no plugin: {text}");
    assert!(text.contains("\nplugin    no\n"), "{text}");
    assert!(user.done("list", &[]).ends_with("  1 signature\n"));
    let verified = user.done(
        "verify",
        &["--key", &stranger, "--key", &public, &reference],
    );
    assert_eq!(verified, format!("{name}: signed by {public}, {digest}\n"));

    let line = user.refused("verify", &["--key", &stranger, &reference]);
    assert!(line.contains("is signed by none of these keys"), "{line}");
    let other = policy(&user, &pattern, &[&stranger]);
    for (command, word) in [("pull", &reference), ("run", &name)] {
        let line = user.refused(command, &["--policy", &other, word]);
        assert!(
            line.contains("none of its signatures is a good one") && line.contains(&stranger),
            "{line}"
        );
    }
    let elsewhere = policy(&user, "r.example.org/*", &[&stranger]);
    user.done("pull", &["--policy", &elsewhere, &reference]);
}

#[test]
fn a_signature_that_was_tampered_with_in_the_store_counts_for_nothing() {
    let place = Place::new();
    let registry = Registry::start();
    let (one, two) = (registry.reference("a:1"), registry.reference("a:2"));
    let (private, public) = key_pair(&place, "ops");
    let first = place.publish("one", &one);
    let second = place.publish("two", &two);
    place.done("sign", &["--key", &private, &one]);
    place.done("pull", &[&one]);
    place.done("pull", &[&two]);
    let demanding = policy(&place, &registry.reference("a"), &[&public]);
    let run = |reference: &str| {
        place.refused(
            "run",
            &[
                "--offline",
                "--policy",
                &demanding,
                &format!("oci://{reference}"),
            ],
        )
    };
    assert!(
        run(&one).contains("does not export"),
        "signed, but no plugin"
    );
    assert!(run(&two).contains("is not signed"));

    // Another version's signatures.
    let index = place.path("store/index.json");
    let good = fs::read_to_string(&index).expect("the index");
    let tag = |digest: &str| digest.replace(':', "-");
    fs::write(&index, good.replace(&tag(&first), &tag(&second))).expect("the index");
    let line = run(&two);
    assert!(
        line.contains("none of its signatures is a good one"),
        "{line}"
    );
    // The version's name on another version's content.
    let swapped = good
        .replace(&format!("\"{first}\""), "\"x\"")
        .replace(&format!("\"{second}\""), &format!("\"{first}\""));
    fs::write(&index, swapped.replace("\"x\"", &format!("\"{second}\""))).expect("the index");
    assert!(run(&one).contains("is not signed"));
    // The payload itself.
    fs::write(&index, good).expect("the index");
    let payload = fs::read_dir(place.path("store/blobs/sha256"))
        .expect("blobs")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| {
            fs::read(path)
                .expect("a blob")
                .starts_with(b"{\"critical\"")
        })
        .expect("a payload");
    let text = fs::read_to_string(&payload)
        .expect("a payload")
        .replace(&first, &second);
    fs::write(&payload, text).expect("the payload");
    assert!(run(&one).contains("its content is not what it is called"));
}

#[test]
fn openssl_verifies_what_is_signed_here() {
    let place = Place::new();
    let registry = Registry::start();
    let reference = registry.reference("a:1");
    let digest = place.publish("x", &reference);
    // The form in which OpenSSL's older command writes keys, too.
    let private = place.path("ops.key").to_string_lossy().into_owned();
    openssl(&[
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-out",
        &private,
    ]);
    let public = place.path("ops.pub").to_string_lossy().into_owned();
    openssl(&["ec", "-in", &private, "-pubout", "-out", &public]);
    place.done("sign", &["--key", &private, &reference]);
    place.done("pull", &[&reference]);

    let index: Value =
        serde_json::from_slice(&fs::read(place.path("store/index.json")).expect("the index"))
            .expect("JSON");
    let tag = format!(":{}.sig", digest.replace(':', "-"));
    let name = "org.opencontainers.image.ref.name";
    let manifests = index["manifests"].as_array().expect("a list");
    let signed = manifests.iter().find(|it| {
        it["annotations"][name]
            .as_str()
            .expect("a name")
            .ends_with(&tag)
    });
    let signed = signed.expect("signatures")["digest"]
        .as_str()
        .expect("a digest")
        .to_owned();
    let manifest: Value =
        serde_json::from_slice(&fs::read(place.blob(&signed)).expect("a manifest")).expect("JSON");
    let layer = &manifest["layers"][0];
    assert_eq!(layer["mediaType"], PAYLOAD);
    let payload = place.blob(layer["digest"].as_str().expect("a digest"));
    let signature = layer["annotations"]["dev.cosignproject.cosign/signature"]
        .as_str()
        .expect("a signature");
    let signature = place.file("signature", Base64::decode_vec(signature).expect("base64"));
    openssl(&[
        "dgst",
        "-sha256",
        "-verify",
        &public,
        "-signature",
        &signature,
        &payload.to_string_lossy(),
    ]);
    let payload: Value =
        serde_json::from_slice(&fs::read(payload).expect("a payload")).expect("JSON");
    assert_eq!(
        payload["critical"]["image"]["docker-manifest-digest"],
        digest
    );
    assert_eq!(
        payload["critical"]["type"],
        "cosign container image signature"
    );
}

#[test]
fn what_openssl_signs_is_verified_here() {
    let place = Place::new();
    let (private, public) = key_pair(&place, "ops");
    let mut content = Content::of(component("signed by OpenSSL"));
    let digest = content.digest("1");
    // As cosign writes it, blanks and all.
    let payload = format!(
        "{{\"critical\":{{\"identity\":{{\"docker-reference\":\"r.example/a\"}}, \
         \"image\":{{\"docker-manifest-digest\":\"{digest}\"}},\"type\":\"cosign container image signature\"}},\
         \"optional\":{{\"creator\":\"me\"}}}}"
    );
    let file = place.file("payload", &payload);
    let signature = place.path("signature").to_string_lossy().into_owned();
    openssl(&[
        "dgst", "-sha256", "-sign", &private, "-out", &signature, &file,
    ]);
    let signature = Base64::encode_string(&fs::read(&signature).expect("a signature"));
    let mut publish = |payload: &str, signature: &str| {
        let config = content.blob("application/vnd.oci.image.config.v1+json", b"{}".to_vec());
        let mut layer = content.blob(PAYLOAD, payload.as_bytes().to_vec());
        layer["annotations"] = json!({"dev.cosignproject.cosign/signature": signature});
        let tag = format!("{}.sig", digest.replace(':', "-"));
        content.manifest(
            &tag,
            &json!({"schemaVersion": 2, "config": config, "layers": [layer]}),
        );
        content.clone()
    };
    let registry = Scripted::start(publish(&payload, &signature));
    let reference = registry.reference("a:1");
    let demanding = policy(&place, "*", &[&public]);
    place.done("pull", &["--policy", &demanding, &reference]);
    assert!(
        place
            .done("verify", &["--policy", &demanding, &reference])
            .contains(&public)
    );

    let other = payload.replace("creator", "crea7or");
    for (payload, signature) in [
        (&other, signature.as_str()),
        (&payload, "AAAA"),
        (&payload, "no base64"),
    ] {
        registry.becomes(publish(payload, signature), |_, answer| Some(answer));
        let line = Place::new().refused("pull", &["--policy", &demanding, &reference]);
        assert!(
            line.contains("none of its signatures is a good one"),
            "{line}"
        );
    }
    // A rule for every plugin is one for files too.
    let file = place.file("a.wasm", component("x"));
    let line = place.refused("run", &["--policy", &demanding, &file]);
    assert!(line.contains("is a file, which has no signature"), "{line}");
}

#[test]
fn keys_are_what_they_should_be() {
    let place = Place::new();
    let registry = Registry::start();
    let reference = registry.reference("a:1");
    place.publish("x", &reference);
    let path = |name: &str| place.path(name).to_string_lossy().into_owned();
    let (private, public) = key_pair(&place, "ops");
    openssl(&[
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-384",
        "-out",
        &path("p384.key"),
    ]);
    openssl(&[
        "pkcs8",
        "-topk8",
        "-in",
        &private,
        "-passout",
        "pass:x",
        "-out",
        &path("encrypted.key"),
    ]);
    for name in ["p384.key", "encrypted.key"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(place.path(name), mode).expect("a mode");
    }
    for (key, part) in [
        (public.as_str(), "others may read it: chmod 600 it"),
        (&path("p384.key"), "is no private key of the curve P-256"),
        (
            &path("encrypted.key"),
            "is encrypted; to decrypt it: openssl pkcs8",
        ),
        ("/nonexistent", "No such file"),
        ("/dev/zero", "is no file"),
    ] {
        let line = place.refused("sign", &["--key", key, &reference]);
        assert!(line.contains(part), "{key}: {line}");
    }
    let demanding = policy(&place, "*", &["/nonexistent"]);
    let line = place.refused("pull", &["--policy", &demanding, &reference]);
    assert!(line.contains("key /nonexistent: No such file"), "{line}");
}
