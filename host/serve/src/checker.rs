//! `POST /v1/checker?command=NAME`: Icinga's `ifw-api`. Whatever is wrong is said in the documented
//! shape too, because Icinga shows nothing else.

use std::time::SystemTime;

use hyper::StatusCode;
use sandcheck::types::{Argument, Kind, Manifest, Report};
use sandcheck::{escape, lend, render};
use sandcheck_probe::checker::{Arguments, Outcome};
use sandcheck_probe::query::Query;
use tracing::debug;

use crate::arguments;
use crate::checks::{Done, word};
use crate::config::Callable;
use crate::history::Record;
use crate::reply::{self, Reply};
use crate::service::Service;

const PARAMETERS: [&str; 1] = ["command"];

const JSON: &str = "application/json";

pub(crate) async fn checker(service: &Service, query: &str, body: &[u8]) -> Reply {
    let query = Query::parse(query, &PARAMETERS);
    let name = query
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|query| query.needed("command"));
    let name = match name {
        Ok(name) => name,
        Err(error) => return reply::bad_request(&error.to_string()),
    };
    match check(service, name, body).await {
        Ok(done) => reply::reply(StatusCode::OK, JSON, outcome(&done).json(name)),
        Err((status, reason)) => refused(status, name, &reason),
    }
}

/// What came of it, or why nothing was checked.
async fn check(service: &Service, name: &str, body: &[u8]) -> Result<Done, (StatusCode, String)> {
    let config = service.config();
    let Some(command) = config.commands.get(name) else {
        let reason = format!("'{name}' is no command of this server");
        return Err((StatusCode::NOT_FOUND, reason));
    };
    let plugin = &command.plugin;
    let arguments = read(&plugin.ready.manifest, body);
    let arguments = arguments.map_err(|reason| (StatusCode::BAD_REQUEST, reason))?;
    let Some(place) = service.checks.place() else {
        return Err((StatusCode::SERVICE_UNAVAILABLE, reply::TOO_MANY.to_owned()));
    };
    let (began, target) = (SystemTime::now(), target(plugin, &arguments));
    let done = place
        .run(&plugin.ready, plugin.rules.clone(), arguments, None)
        .await;
    let (state, seconds) = (word(done.state()), done.time.as_secs_f64());
    debug!(command = name, target, state, seconds, "checked");
    service.history.add(Record::new(name, target, began, &done));
    Ok(done)
}

/// The arguments that a body has, as the plugin calls them.
fn read(manifest: &Manifest, body: &[u8]) -> Result<Vec<Argument>, String> {
    let sent = Arguments::parse(body).map_err(|error| error.to_string())?;
    let mut read = Vec::new();
    for (word, given) in &sent.0 {
        let option = arguments::spelled(manifest, word)?;
        arguments::add(&mut read, option, given)?;
    }
    lend::check_stranger(manifest, &read, "a request")?;
    Ok(read)
}

fn refused(status: StatusCode, command: &str, reason: &str) -> Reply {
    let outcome = Outcome {
        exitcode: sandcheck_runner::UNKNOWN,
        checkresult: format!("UNKNOWN - {}", escape::line(reason)),
        perfdata: Vec::new(),
    };
    reply::reply(status, JSON, outcome.json(command))
}

fn outcome(done: &Done) -> Outcome {
    let exitcode = render::exit_code(done.state());
    match &done.result {
        Err(_) => Outcome {
            exitcode,
            checkresult: trimmed(done.text()),
            perfdata: Vec::new(),
        },
        Ok(report) => {
            let text = Report {
                metrics: Vec::new(),
                ..report.clone()
            };
            let metrics = report.metrics.iter();
            Outcome {
                exitcode,
                checkresult: trimmed(render::text(&text)),
                perfdata: metrics
                    .map(|metric| render::performance_data(std::slice::from_ref(metric)))
                    .collect(),
            }
        }
    }
}

fn trimmed(mut text: String) -> String {
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// What is checked, for people.
fn target(plugin: &Callable, arguments: &[Argument]) -> String {
    let options = &plugin.ready.manifest.options;
    let of_kind = |kind| {
        let is_meant = |argument: &&Argument| {
            options
                .iter()
                .any(|option| option.kind == kind && option.name == argument.name)
        };
        arguments
            .iter()
            .rev()
            .find(is_meant)
            .and_then(|argument| argument.value.clone())
    };
    let host = of_kind(Kind::Host).or_else(|| of_kind(Kind::Domain));
    let host = host.unwrap_or_default();
    match of_kind(Kind::Port) {
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}
