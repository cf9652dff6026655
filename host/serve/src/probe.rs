//! `GET /probe?module=NAME&target=HOST[:PORT]`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap};
use sandcheck::exposition::{Format, render};
use sandcheck::types::{Argument, State};
use sandcheck_probe::query::Query;
use sandcheck_probe::scrape_timeout;
use sandcheck_probe::target::Target;
use tracing::{debug, info};

use crate::checks::{Done, Place, word};
use crate::config::Module;
use crate::history::Record;
use crate::reply::{self, Reply};
use crate::service::Service;
use crate::{debug_page, reports};

const PARAMETERS: [&str; 3] = ["module", "target", "debug"];

/// What Prometheus says of its own patience.
const TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

pub(crate) async fn probe(service: &Service, query: &str, headers: &HeaderMap) -> Reply {
    let request = match Probe::read(service, query, headers) {
        Ok(request) => request,
        Err(error) => return reply::bad_request(&error.to_string()),
    };
    let Some(place) = service.checks.place() else {
        return reply::too_many();
    };
    let began = SystemTime::now();
    let done = request.run(&place).await;
    request.tell(&done);
    let families = reports::families(&done, request.module.success);
    let metrics = render(&families, Format::Text);
    let answer = if request.is_debug {
        let (module, within) = (&request.module, request.within);
        let page = debug_page::text(module, &request.name, within, &done, &metrics);
        reply::text(StatusCode::OK, page)
    } else {
        let format = accepted(headers);
        reply::reply(
            StatusCode::OK,
            format.content_type(),
            render(&families, format),
        )
    };
    service.history.add(Record {
        metrics,
        ..Record::new(&request.module.name, request.name, began, &done)
    });
    answer
}

/// The format that a scrape gets.
pub(crate) fn accepted(headers: &HeaderMap) -> Format {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.map_or(Format::Text, Format::accepted)
}

struct Probe {
    module: Arc<Module>,
    target: Target,
    /// The target as it was given.
    name: String,
    within: Option<Duration>,
    is_debug: bool,
}

impl Probe {
    fn read(service: &Service, query: &str, headers: &HeaderMap) -> Result<Self> {
        let query = Query::parse(query, &PARAMETERS)?;
        let name = query.needed("module")?;
        let config = service.config();
        let Some(module) = config.modules.get(name) else {
            bail!("there is no module '{name}'");
        };
        let name = query.needed("target")?;
        let target = Target::parse(name)?;
        if target.port.is_some() && module.port.is_none() {
            let name = &module.name;
            bail!("the plugin of the module '{name}' has no option for a port");
        }
        let scrape = headers.get(TIMEOUT).map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            scrape_timeout::budget(&text, service.options.serve.timeout_offset)
        });
        let scrape = scrape.transpose()?;
        Ok(Self {
            module: Arc::clone(module),
            target,
            name: name.to_owned(),
            within: shorter(scrape, module.timeout),
            is_debug: query.value("debug") == Some("true"),
        })
    }

    async fn run(&self, place: &Place<'_>) -> Done {
        let plugin = &self.module.plugin;
        let arguments = arguments(&self.module, &self.target);
        place
            .run(&plugin.ready, plugin.rules.clone(), arguments, self.within)
            .await
    }

    fn tell(&self, done: &Done) {
        let (module, target) = (self.module.name.as_str(), self.name.as_str());
        let seconds = done.time.as_secs_f64();
        let state = word(done.state());
        if done.state() == State::Ok {
            debug!(module, target, state, seconds, "probed");
        } else {
            let output = done.text();
            info!(module, target, state, seconds, output, "probed");
        }
    }
}

fn shorter(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

/// What the module gives, and what the target does; its port counts instead of the module's.
fn arguments(module: &Module, target: &Target) -> Vec<Argument> {
    let mut arguments = module.arguments.clone();
    arguments.push(Argument {
        name: module.host.clone(),
        value: Some(target.host.clone()),
    });
    if let (Some(name), Some(port)) = (&module.port, target.port) {
        arguments.retain(|argument| argument.name != *name);
        arguments.push(Argument {
            name: name.clone(),
            value: Some(port.to_string()),
        });
    }
    arguments
}
