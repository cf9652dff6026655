//! The catalogue, as a browser sees it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::debian::Registry;
use crate::place::{self, Place};

/// What a plugin may say of itself. A browser that took it for markup would show another title.
const HOSTILE: &str = "</td></style><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">\u{202e}";

/// The check, with that as its description: a custom section at its end.
fn hostile_check() -> Vec<u8> {
    let mut component = fs::read(place::check_smtp()).expect("the check");
    let mut section = vec![u8::try_from("description".len()).expect("short")];
    section.extend(b"description");
    section.extend(HOSTILE.as_bytes());
    component.push(0);
    // LEB128 of a length below 2^14.
    let length = section.len();
    let byte = |number: usize| u8::try_from(number).expect("short");
    component.extend([byte(length % 128 + 128), byte(length / 128)]);
    component.extend(section);
    component
}

/// The document as a browser has it after loading.
fn document(page: &str, place: &Place) -> String {
    let profile = format!("--user-data-dir={}", place.path("profile").display());
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            &profile,
            "--dump-dom",
        ])
        .arg(format!("file://{page}"))
        .env("HOME", place.path("home"))
        .output()
        .expect("chromium starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_browser_shows_plugins_as_text() {
    let place = Place::new();
    let registry = Registry::start();
    let file = place.file("check.wasm", hostile_check());
    let reference = registry.reference("checks/check_smtp:1");
    place.done("push", &[&file, &reference]);
    place.done("pull", &[&reference]);
    let other = registry.reference("other:1");
    place.publish("no plugin", &other);
    place.done("pull", &[&other]);
    let folder = place.path("catalog");
    let shown = place.done("catalog", &[&folder.to_string_lossy()]);
    assert!(shown.ends_with("index.html: 2 plugins\n"), "{shown}");

    let page = folder.join("index.html").to_string_lossy().into_owned();
    let document = document(&page, &place);
    assert!(
        document.contains("<title>Monitoring plugins</title>"),
        "{document}"
    );
    for tag in ["<script", "<img", "<iframe", "<link"] {
        assert!(!document.contains(tag), "{tag}: {document}");
    }
    // A browser writes text without quotation marks as entities.
    assert!(
        document.contains("&lt;script&gt;document.title = 'owned'&lt;/script&gt;"),
        "{document}"
    );
    assert_eq!(document.matches("<article id=").count(), 2);
    assert_eq!(document.matches(">not signed</span>").count(), 4);
    for part in [
        "<h2>check_smtp <small>",
        "<code>-H, --hostname</code>",
        ">TCP</li>",
        "monitoring:plugin/sockets@0.2.0",
        "does not export",
        &reference,
    ] {
        assert!(document.contains(part), "{part}: {document}");
    }

    let json = fs::read_to_string(folder.join("catalog.json")).expect("the JSON");
    let catalog: Value = serde_json::from_str(&json).expect("JSON");
    let plugins = catalog["plugins"].as_array().expect("a list");
    let check = &plugins[0];
    assert_eq!(check["reference"], format!("oci://{reference}"));
    assert_eq!(check["facts"]["metadata"]["description"], HOSTILE);
    assert_eq!(check["facts"]["plugin"], true);
    assert_eq!(plugins[1]["facts"]["plugin"], false);
}

#[test]
fn an_empty_store_is_an_empty_page() {
    let place = Place::new();
    let folder = place.path("catalog");
    place.done("catalog", &[&folder.to_string_lossy()]);
    let page = fs::read_to_string(folder.join("index.html")).expect("a page");
    assert!(page.contains("The store is empty."), "{page}");
    let line = place.refused("catalog", &["/proc/nowhere"]);
    assert!(line.contains("/proc/nowhere"), "{line}");
}
