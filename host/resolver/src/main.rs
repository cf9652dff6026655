//! `sandcheck-resolve`: the process that asks name servers and validates what they say, started by
//! `check_smtp` and `sandcheck`, which themselves read no packet of the domain name system. It asks
//! one question and answers in lines on standard output ([`answer`]); what keeps it from asking is one
//! of these too.
//!
//! The name servers are those of resolv.conf(5). None of them is believed: signatures are checked
//! here, from the keys of the root zone on, whatever `trust-ad` says.

mod alias;
mod anchors;
mod answer;
mod confine;
mod question;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;

use crate::question::Question;

/// How long it goes on, should nobody end it before.
const TIME_LIMIT: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let question = match Question::parse(&words) {
        Ok(question) => question,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let lines = ask(&question).unwrap_or_else(|error| format!("failed {error:#}\n"));
    match io::stdout().write_all(lines.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn ask(question: &Question) -> Result<String> {
    let mut builder =
        TokioResolver::builder_tokio().context("/etc/resolv.conf names no name server")?;
    let options = builder.options_mut();
    options.validate = true;
    options.use_hosts_file = ResolveHosts::Never;
    let resolver = builder
        .with_trust_anchor(Arc::new(anchors::trusted()?))
        .build()
        .map_err(anyhow::Error::from)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    confine::confine()?;
    let result = runtime.block_on(async {
        let lookup = look_up(&resolver, question);
        let in_time = tokio::time::timeout(TIME_LIMIT, lookup).await;
        in_time.unwrap_or(Err(NetError::Timeout))
    });
    Ok(answer::lines(question, result))
}

/// RFC 7671 section 7: TLSA records are those of the host that the name is an alias of, and where it has
/// none that count, those of the name itself.
async fn look_up(resolver: &TokioResolver, question: &Question) -> Result<Lookup, NetError> {
    if let Some(host) = question.host() {
        let end = alias::end(resolver, &host).await?;
        if end != host
            && let Ok(name) = question.of_host(&end)
        {
            let found = resolver.lookup(name, question.kind).await;
            if !answer::is_nothing(question, &found) {
                return found;
            }
        }
    }
    resolver.lookup(question.name.clone(), question.kind).await
}
