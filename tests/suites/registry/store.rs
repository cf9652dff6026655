//! Stores that are full, read-only, damaged or somebody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use crate::place::{Place, component};
use crate::scripted::{Content, Scripted};

/// Runs a script of the shell in a namespace where it may mount; `$s` is the store.
fn mounted(place: &Place, script: &str, pull: &[&str]) -> (String, Output) {
    let program = place.command("pull", pull);
    let mut shell = Command::new("unshare");
    shell.args([
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-euc",
        script,
        "sh",
    ]);
    shell
        .arg(program.get_program())
        .env("s", place.path("store"))
        .env("HOME", place.path("home"));
    let output = shell.stdin(Stdio::null()).output().expect("unshare starts");
    (
        String::from_utf8(output.stdout.clone()).expect("UTF-8"),
        output,
    )
}

#[test]
fn a_full_store_says_so_and_stays_usable() {
    let place = Place::new();
    let registry = Scripted::start(Content::of(component("small")));
    let reference = registry.reference("a:1");
    fs::create_dir(place.path("store")).expect("a folder");
    let large = Scripted::start(Content::of(component(&"large ".repeat(100_000))));
    let large_reference = large.reference("large:1");
    let script = format!(
        "mount -t tmpfs -o size=96k,mode=755 none \"$s\"; \
         \"$1\" pull --store \"$s\" {reference}; \
         \"$1\" pull --store \"$s\" {large_reference} || echo \"code $?\"; \
         \"$1\" list --store \"$s\"; ls -A \"$s\"; \
         dd if=/dev/zero of=\"$s/filler\" bs=1k 2>/dev/null || true; \
         \"$1\" remove --store \"$s\" {reference}; \
         ls \"$s/blobs/sha256\" | wc -l; \"$1\" list --store \"$s\""
    );
    let (text, output) = mounted(&place, &script, &[]);
    let lines: Vec<_> = text.lines().collect();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        lines[0].starts_with(&format!("oci://{reference}: sha256:")),
        "{text}"
    );
    assert!(
        lines[1].starts_with("UNKNOWN - the store ") && lines[1].contains("cannot be written"),
        "{text}"
    );
    assert!(
        lines[1].ends_with("No space left on device (os error 28)"),
        "{text}"
    );
    assert_eq!(lines[2], "code 3");
    assert!(
        lines[3].starts_with(&format!("oci://{reference}  sha256:")),
        "{text}"
    );
    let rest = [
        "blobs",
        "index.json",
        "lock",
        "oci-layout",
        &format!("oci://{reference}: removed"),
        "0",
    ];
    assert_eq!(
        lines[4..],
        rest,
        "nothing half-written, and what is removed makes room"
    );
}

#[test]
fn a_read_only_store_says_so_and_stays_usable() {
    let place = Place::new();
    let registry = Scripted::start(Content::of(component("first")));
    let reference = registry.reference("a:1");
    place.done("pull", &[&reference]);
    registry.becomes(Content::of(component("second")), |_, answer| Some(answer));
    let script = format!(
        "mount --bind \"$s\" \"$s\"; mount -o remount,bind,ro \"$s\"; \
         \"$1\" pull --store \"$s\" {reference} || echo \"code $?\"; \
         \"$1\" remove --store \"$s\" {reference} || echo \"code $?\"; \
         \"$1\" list --store \"$s\""
    );
    let (text, output) = mounted(&place, &script, &[]);
    let lines: Vec<_> = text.lines().collect();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for at in [0, 2] {
        assert!(
            lines[at].starts_with("UNKNOWN - the store ")
                && lines[at].contains("cannot be written"),
            "{text}"
        );
        assert!(
            lines[at].ends_with("Read-only file system (os error 30)"),
            "{text}"
        );
        assert_eq!(lines[at + 1], "code 3");
    }
    assert_eq!(lines[4], place.done("list", &[]).trim_end());
}

#[test]
fn damage_is_noticed_and_repaired_by_pulling_again() {
    let place = Place::new();
    let content = Content::of(component("whole"));
    let registry = Scripted::start(content.clone());
    let reference = registry.reference("a:1");
    let name = format!("oci://{reference}");
    place.done("pull", &[&reference]);
    let blobs: Vec<_> = fs::read_dir(place.path("store/blobs/sha256"))
        .expect("blobs")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| fs::read(path).expect("a blob") != b"{}")
        .collect();
    assert_eq!(blobs.len(), 2, "the manifest and the component");
    for blob in blobs {
        let good = fs::read(&blob).expect("a blob");
        let mut changed = good.clone();
        changed[9] ^= 1;
        for damage in [&changed[..], &good[..good.len() / 2], b""] {
            fs::write(&blob, damage).expect("damage");
            let line = place.refused("run", &["--offline", &name, "--"]);
            assert!(
                line.contains("damaged") && line.contains("to repair it"),
                "{line}"
            );
            place.done("pull", &[&reference]);
            assert_eq!(fs::read(&blob).expect("a blob"), good);
        }
        fs::remove_file(&blob).expect("a blob");
        let line = place.refused("run", &["--offline", &name, "--"]);
        assert!(
            line.contains("damaged") && line.contains("to repair it"),
            "{line}"
        );
        place.done("pull", &[&reference]);
    }
    fs::write(place.path("store/index.json"), "{").expect("damage");
    let line = place.refused("list", &[]);
    assert!(
        line.contains("is damaged: ") && line.contains("index.json"),
        "{line}"
    );
}

#[test]
fn a_store_that_others_may_write_to_is_not_believed() {
    let place = Place::new();
    let registry = Scripted::start(Content::of(component("x")));
    place.done("pull", &[&registry.reference("a:1")]);
    let store = place.path("store");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o777)).expect("a mode");
    let line = place.refused("list", &[]);
    assert!(
        line.contains("others may write there: chmod go-w it"),
        "{line}"
    );
}

#[test]
fn what_a_killed_pull_left_is_no_hindrance() {
    let place = Place::new();
    let registry = Scripted::start(Content::of(component("x")));
    place.done("pull", &[&registry.reference("a:1")]);
    fs::write(place.path("store/.new"), "half").expect("a file");
    place.done("pull", &[&registry.reference("b:1")]);
    assert!(!place.path("store/.new").exists());
    assert_eq!(place.done("list", &[]).lines().count(), 2);
}
