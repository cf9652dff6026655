//! Registries that lie, break off, stall or fail: one clear line, and the store stays as it was.

use serde_json::json;

use crate::place::{Place, component};
use crate::scripted::{Answer, Content, Request, Scripted};

/// What a script does to the answers, and what the line has to say.
type Lie = (
    &'static str,
    fn(&Request, Answer) -> Option<Answer>,
    &'static str,
);

fn is_component(request: &Request, answer: &Answer) -> bool {
    request.path.starts_with("blobs/") && answer.body.len() > 2
}

fn status(request: &Request, answer: Answer, status: &'static str, body: &str) -> Answer {
    if request.path.starts_with("manifests/") {
        Answer::new(status, body)
    } else {
        answer
    }
}

const LIES: [Lie; 16] = [
    (
        "a truncated blob",
        |request, mut answer| {
            if is_component(request, &answer) {
                answer.body.truncate(10);
            }
            Some(answer)
        },
        " cut off sha256:",
    ),
    (
        "a blob that is shorter than its manifest says",
        |request, mut answer| {
            if is_component(request, &answer) {
                answer.body.truncate(10);
                answer.length = 10;
            }
            Some(answer)
        },
        ": 10 of ",
    ),
    (
        "a blob with other content",
        |request, mut answer| {
            if is_component(request, &answer) {
                answer.body[9] ^= 1;
            }
            Some(answer)
        },
        "it was changed or damaged",
    ),
    (
        "a blob that is longer",
        |request, mut answer| {
            if is_component(request, &answer) {
                answer.body.push(0);
                answer.length += 1;
            }
            Some(answer)
        },
        " sent more than ",
    ),
    (
        "a registry that stalls at once",
        |_, mut answer| {
            answer.body.clear();
            answer.stalls = true;
            Some(answer)
        },
        "was not done within 1s; to wait longer: --timeout",
    ),
    (
        "a registry that stalls in a blob",
        |request, mut answer| {
            if is_component(request, &answer) {
                answer.body.truncate(10);
                answer.stalls = true;
            }
            Some(answer)
        },
        "was not done within 1s; to wait longer: --timeout",
    ),
    (
        "a registry that hangs up",
        |_, _| None,
        "the registry 127.0.0.1:",
    ),
    (
        "no HTTP",
        |_, _| Some(Answer::new("\r\n\r\n\0\0", "220 mx ESMTP\r\n")),
        "the registry 127.0.0.1:",
    ),
    (
        "401",
        |request, answer| Some(status(request, answer, "401 Unauthorized", "")),
        "demands a login (401)",
    ),
    (
        "403",
        |request, answer| {
            Some(status(
                request,
                answer,
                "403 Forbidden",
                r#"{"errors": [{"code": "DENIED", "message": "not\nyou\u001b[2J"}]}"#,
            ))
        },
        "forbids that to this login (403): not you\\x1b[2J",
    ),
    (
        "404",
        |request, answer| Some(status(request, answer, "404 Not Found", "<html>")),
        "has no version '1'",
    ),
    (
        "500",
        |request, answer| {
            Some(status(
                request,
                answer,
                "500 Internal Server Error",
                "<html>",
            ))
        },
        "failed (500 Internal Server Error)",
    ),
    (
        "a manifest that is none",
        |request, answer| Some(status(request, answer, "200 OK", "<html>")),
        "is no manifest of a component",
    ),
    (
        "an index of manifests",
        |request, answer| {
            Some(status(
                request,
                answer,
                "200 OK",
                r#"{"schemaVersion": 2, "manifests": []}"#,
            ))
        },
        "is no manifest of a component",
    ),
    (
        "a digest that leads elsewhere",
        |request, answer| {
            let body = r#"{"schemaVersion": 2, "config": {"mediaType": "x", "digest": "../../x", "size": 1}, "layers": []}"#;
            Some(status(request, answer, "200 OK", body))
        },
        "'../../x', which is no sha256 digest",
    ),
    (
        "a component that is too large",
        |request, answer| {
            let digest = "0".repeat(64);
            let body = json!({"schemaVersion": 2, "config": {"mediaType": "x", "digest": format!("sha256:{digest}"), "size": u64::MAX}, "layers": []});
            Some(status(request, answer, "200 OK", &body.to_string()))
        },
        "exceeds the limit component-size",
    ),
];

#[test]
fn a_registry_that_lies_changes_nothing() {
    let place = Place::new();
    let registry = Scripted::start(Content::of(component("honest")));
    let reference = registry.reference("a:1");
    place.done("pull", &[&reference]);
    let (list, blobs) = (place.done("list", &[]), place.blobs());
    for (what, lie, part) in LIES {
        registry.becomes(Content::of(component("a new version")), lie);
        let line = place.refused("pull", &["--timeout", "1s", &reference]);
        assert!(line.contains(part), "{what}: {line}");
        assert_eq!(
            (place.done("list", &[]), place.blobs()),
            (list.clone(), blobs),
            "{what}"
        );
        assert!(!place.path("store/.new").exists(), "{what}");
    }
    registry.becomes(Content::of(component("a new version")), |_, answer| {
        Some(answer)
    });
    assert!(
        place
            .done("pull", &[&reference])
            .contains(": new version, ")
    );
}

#[test]
fn a_pinned_version_is_that_version_or_none() {
    let place = Place::new();
    let honest = Content::of(component("honest"));
    let registry = Scripted::start(honest.clone());
    let pinned = registry.reference(&format!("a:1@{}", honest.digest("1")));
    let other = Content::of(component("another one"));
    registry.becomes(other.clone(), move |request, answer| {
        let is_asked_for = request.path.starts_with("manifests/sha256:");
        Some(if is_asked_for {
            Answer::new("200 OK", other.bytes("manifests/1"))
        } else {
            answer
        })
    });
    let line = place.refused("pull", &[&pinned]);
    assert!(
        line.contains(&format!(" for {}", honest.digest("1"))),
        "{line}"
    );
    assert_eq!(place.done("list", &[]), "");
}

#[test]
fn what_is_no_component_is_not_taken() {
    let place = Place::new();
    let mut content = Content::default();
    let config = content.blob("application/vnd.oci.image.config.v1+json", b"{}".to_vec());
    let layer = content.blob(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        b"layer".to_vec(),
    );
    content.manifest(
        "1",
        &json!({"schemaVersion": 2, "config": config, "layers": [layer]}),
    );
    let registry = Scripted::start(content);
    let line = place.refused("pull", &[&registry.reference("a:1")]);
    assert!(line.contains("it is no component"), "{line}");
    assert_eq!(place.blobs(), 0);
}

/// The way that hubs want it: a token for the repository, from another place, with the password.
#[test]
fn a_registry_that_wants_a_token_gets_one() {
    let place = Place::new();
    let registry = Scripted::start(Content::default());
    let reference = registry.reference("a:1");
    let realm = registry.reference("token");
    registry.becomes(Content::of(component("token")), move |request, answer| {
        if request.path.contains("token?") {
            assert_eq!(request.path, "/token?service=a%20registry&scope=repository%3Aa%3Apull");
            let is_me = request.authorization.as_deref() == Some("Basic bWU6YSBzZWNyZXQ=");
            let token = if is_me { "{\"token\": \"t0ken\"}" } else { "{\"token\": \"\"}" };
            return Some(Answer::new("200 OK", token));
        }
        if request.authorization.as_deref() == Some("Bearer t0ken") {
            return Some(answer);
        }
        let mut refusal = Answer::new("401 Unauthorized", "");
        refusal.header = Some(format!(
            "WWW-Authenticate: Bearer realm=\"http://{realm}\",service=\"a registry\",scope=\"repository:a:pull\""
        ));
        Some(refusal)
    });
    let line = place.refused("pull", &[&reference]);
    assert!(line.contains("gives something that is no token"), "{line}");
    let password = place.file("password", "a secret");
    place.done(
        "pull",
        &["--username", "me", "--password-file", &password, &reference],
    );
    let (code, text) = place.outcome_with(
        &[("SANDCHECK_REGISTRY_TOKEN", "t0ken")],
        "pull",
        &[&reference],
    );
    assert_eq!(code, Some(0), "{text}");
}
