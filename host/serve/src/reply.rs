//! What is answered.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use sandcheck::escape;

/// An answer, in one piece.
pub(crate) type Reply = Response<Full<Bytes>>;

/// Whatever should get into an answer, a browser neither loads nor runs anything of it.
const NOTHING: &str =
    "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

pub(crate) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    let always = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING),
    ];
    for (name, value) in always {
        reply
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// Text, which may have several lines.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    reply(status, "text/plain; charset=utf-8", body)
}

/// One line, whatever is in it.
pub(crate) fn line(status: StatusCode, line: &str) -> Reply {
    text(status, escape::line(line) + "\n")
}

pub(crate) fn bad_request(reason: &str) -> Reply {
    line(StatusCode::BAD_REQUEST, reason)
}

pub(crate) fn method_not_allowed(allowed: &'static str) -> Reply {
    let reply = line(
        StatusCode::METHOD_NOT_ALLOWED,
        &format!("only {allowed} is answered here"),
    );
    with(reply, ALLOW, allowed)
}

pub(crate) fn too_many() -> Reply {
    let reply = line(StatusCode::SERVICE_UNAVAILABLE, TOO_MANY);
    with(reply, RETRY_AFTER, "1")
}

/// For people.
pub(crate) const TOO_MANY: &str = "as many checks run as may at a time; scrape less often, or give the server more with --concurrency";

pub(crate) fn unauthorized() -> Reply {
    let reply = line(StatusCode::UNAUTHORIZED, "a name and a password are needed");
    with(reply, WWW_AUTHENTICATE, "Basic")
}

pub(crate) fn with(mut reply: Reply, name: HeaderName, value: &'static str) -> Reply {
    reply
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    reply
}
