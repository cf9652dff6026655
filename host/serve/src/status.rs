//! Pages for people: the last results, and one of them. They need no scripts and nothing from elsewhere,
//! and whatever a server said is text in them and never markup.

mod page;
mod picture;

use std::sync::LazyLock;

use base64ct::{Base64, Encoding};
use hyper::StatusCode;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use sandcheck_probe::query::Query;
use sha2::{Digest, Sha256};

use crate::reply::{self, Reply};
use crate::service::Service;

const STYLE: &str = include_str!("status/style.css");

/// Nothing is loaded and nothing is run; the one style sheet is known by its hash.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let hash = Base64::encode_string(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; frame-ancestors 'none'; \
         base-uri 'none'"
    );
    policy.parse().ok()
});

/// `/`: all that there is to see.
pub(crate) fn page(service: &Service) -> Reply {
    let records = service.history.records();
    html(
        StatusCode::OK,
        "sandcheck",
        &page::overview(&service.config(), &records),
    )
}

/// `/result?id=NUMBER`: one result in full.
pub(crate) fn result(service: &Service, query: &str) -> Reply {
    let query = match Query::parse(query, &["id"]) {
        Ok(query) => query,
        Err(error) => return reply::bad_request(&error.to_string()),
    };
    let number = query.value("id").and_then(|id| id.parse::<u64>().ok());
    let records = service.history.records();
    let record = records.iter().find(|record| Some(record.number) == number);
    match record {
        Some(record) => html(StatusCode::OK, "sandcheck: a result", &page::result(record)),
        None => reply::line(
            StatusCode::NOT_FOUND,
            "there is no such result, or none any more",
        ),
    }
}

fn html(status: StatusCode, title: &str, body: &str) -> Reply {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    );
    let mut reply = reply::reply(status, "text/html; charset=utf-8", page);
    if let Some(policy) = POLICY.as_ref() {
        reply
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    reply
}
