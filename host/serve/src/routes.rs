//! From a request to an answer.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use sandcheck::exposition::render;

use crate::reply::{self, Reply};
use crate::service::Service;
use crate::{checker, probe, status};

/// The longest body, in bytes, and how long it may take.
const BODY_LIMIT: usize = 64 << 10;
const BODY_TIME: Duration = Duration::from_secs(10);

/// What a request is for; its name is a label of `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handler {
    Page,
    Result,
    Probe,
    Metrics,
    Healthy,
    Ready,
    Reload,
    Checker,
    Unknown,
}

impl Handler {
    fn of(path: &str) -> Self {
        match path {
            "/" => Self::Page,
            "/result" => Self::Result,
            "/probe" => Self::Probe,
            "/metrics" => Self::Metrics,
            "/-/healthy" => Self::Healthy,
            "/-/ready" => Self::Ready,
            "/-/reload" => Self::Reload,
            "/v1/checker" => Self::Checker,
            _ => Self::Unknown,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Page => "/",
            Self::Result => "/result",
            Self::Probe => "/probe",
            Self::Metrics => "/metrics",
            Self::Healthy => "/-/healthy",
            Self::Ready => "/-/ready",
            Self::Reload => "/-/reload",
            Self::Checker => "/v1/checker",
            Self::Unknown => "other",
        }
    }

    /// The methods that it has, unless this is one of them.
    fn refuses(self, method: &Method) -> Option<&'static str> {
        let (allowed, names): (&[Method], _) = match self {
            Self::Reload => (&[Method::POST, Method::PUT], "POST"),
            Self::Checker => (&[Method::POST], "POST"),
            _ => (&[Method::GET, Method::HEAD], "GET"),
        };
        (!allowed.contains(method)).then_some(names)
    }

    /// Whether something happens, so that no page from elsewhere may ask for it.
    fn has_effect(self) -> bool {
        matches!(self, Self::Probe | Self::Reload | Self::Checker)
    }
}

/// Answers a request, whatever it is, and counts it.
pub(crate) async fn answer(service: &Arc<Service>, request: Request<Incoming>) -> Reply {
    let handler = Handler::of(request.uri().path());
    let is_head = request.method() == Method::HEAD;
    let web = service.web();
    let authorization = request
        .headers()
        .get(AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    let is_known = match &web.users {
        Some(users) => users.let_in(authorization).await,
        None => true,
    };
    let mut reply = if is_known {
        route(service, handler, request).await
    } else {
        service.metrics.count_failed_login();
        reply::unauthorized()
    };
    service
        .metrics
        .count_request(handler.name(), reply.status().as_u16());
    for (name, value) in &web.headers {
        reply.headers_mut().insert(name, value.clone());
    }
    if is_head {
        *reply.body_mut() = Full::default();
    }
    reply
}

async fn route(service: &Arc<Service>, handler: Handler, request: Request<Incoming>) -> Reply {
    if let Some(refusal) = refusal(handler, &request) {
        return refusal;
    }
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    match handler {
        Handler::Page => status::page(service),
        Handler::Result => status::result(service, query),
        Handler::Probe => probe::probe(service, query, &head.headers).await,
        Handler::Metrics => metrics(service, &head.headers),
        Handler::Healthy => reply::line(StatusCode::OK, "Healthy"),
        Handler::Ready => ready(service),
        Handler::Reload => reload(service).await,
        Handler::Checker => match read(body).await {
            Ok(body) => checker::checker(service, query, &body).await,
            Err(reply) => reply,
        },
        Handler::Unknown => unknown(),
    }
}

/// What is answered without looking any further.
fn refusal(handler: Handler, request: &Request<Incoming>) -> Option<Reply> {
    if handler == Handler::Unknown {
        return Some(unknown());
    }
    if let Some(allowed) = handler.refuses(request.method()) {
        return Some(reply::method_not_allowed(allowed));
    }
    let headers = request.headers();
    if handler.has_effect() && is_from_another_site(headers) {
        let line = "a page of another site may not ask for this";
        return Some(reply::line(StatusCode::FORBIDDEN, line));
    }
    if handler == Handler::Checker && !is_json(headers) {
        let line = "the body has to be application/json";
        return Some(reply::line(StatusCode::UNSUPPORTED_MEDIA_TYPE, line));
    }
    None
}

fn unknown() -> Reply {
    let line = "there is nothing here; / is a page with all there is";
    reply::line(StatusCode::NOT_FOUND, line)
}

fn metrics(service: &Service, headers: &HeaderMap) -> Reply {
    let format = probe::accepted(headers);
    let text = render(&service.metrics.families(), format);
    reply::reply(StatusCode::OK, format.content_type(), text)
}

fn ready(service: &Service) -> Reply {
    if service.is_stopped() {
        let line = "it ends when its checks have ended";
        return reply::line(StatusCode::SERVICE_UNAVAILABLE, line);
    }
    reply::line(StatusCode::OK, "Ready")
}

async fn reload(service: &Service) -> Reply {
    match service.reload().await {
        Ok(()) => reply::line(StatusCode::OK, "read anew"),
        Err(reason) => reply::line(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}

/// Browsers say so (Fetch Metadata); a form of another page could otherwise use what they know of a
/// password, or where they are.
fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let media = kind.and_then(|kind| kind.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

async fn read(body: Incoming) -> Result<Bytes, Reply> {
    let body = Limited::new(body, BODY_LIMIT).collect();
    match tokio::time::timeout(BODY_TIME, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let line = format!("the body is longer than {BODY_LIMIT} bytes");
            Err(reply::line(StatusCode::PAYLOAD_TOO_LARGE, &line))
        }
        Ok(Err(_)) => Err(reply::line(
            StatusCode::BAD_REQUEST,
            "the body cannot be read",
        )),
        Err(_) => Err(reply::line(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come in time",
        )),
    }
}
