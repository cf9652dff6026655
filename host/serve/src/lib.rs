//! `sandcheck serve`: answers Prometheus (`/probe`, `/metrics`) and Icinga's `ifw-api`
//! (`/v1/checker`) with checks, all in one process, and shows a person how it is.
//!
//! Requests go through [`server`] (connections, TLS, their bounds), [`auth`] and [`routes`]; what they
//! ask for is looked up in [`config`], done by [`checks`], and counted in [`metrics`]. One thread does
//! all of it but the hashing of passwords.

mod arguments;
mod auth;
mod cached;
mod certificates;
mod checker;
mod checks;
mod config;
mod debug_page;
mod history;
mod log;
mod metrics;
mod probe;
mod process;
mod reply;
mod reports;
mod routes;
mod server;
mod service;
mod status;
mod web_config;
mod yaml;

use std::ffi::OsString;
use std::sync::Arc;

use anyhow::{Result, bail};
use sandcheck::escape;
use sandcheck_runner::UNKNOWN;
use sandcheck_runner::arguments::{self as command_line, Command, Options};
use sandcheck_runner::many::{self, Interruptions, Reloads};
use sandcheck_system as system;
use tracing::{error, info};

use crate::service::Service;

/// It ended before its checks did.
const CUT_SHORT: u8 = 1;

/// Serves until it is told to end; returns the exit code. The words are those of `sandcheck serve`.
#[must_use]
pub fn start(words: Vec<OsString>) -> u8 {
    sandcheck_runner::report_panics();
    match run(words) {
        Ok(code) => code,
        Err(error) => {
            let line = escape::line(&format!("UNKNOWN - {error:#}"));
            system::print(&format!("{line}\n"));
            UNKNOWN
        }
    }
}

fn run(words: Vec<OsString>) -> Result<u8> {
    let options = match command_line::parse(words)? {
        Command::Serve(options) => options,
        Command::Text(text) => {
            system::print(&text);
            return Ok(0);
        }
        _ => bail!("this program is started by: sandcheck serve"),
    };
    let (runtime, interruptions, reloads) = many::prepare_to_reload()?;
    log::start(options.serve.log_level, options.serve.log_format)?;
    let code = runtime.block_on(serve(options, interruptions, reloads));
    // A name may still be being looked up.
    std::mem::forget(runtime);
    code
}

async fn serve(
    options: Options,
    mut interruptions: Interruptions,
    mut reloads: Reloads,
) -> Result<u8> {
    let is_check = options.serve.is_check;
    let service = Arc::new(Service::prepare(options).await?);
    if is_check {
        system::print(&service.summary());
        return Ok(0);
    }
    let server = server::start(&service).await?;
    let reloading = Arc::clone(&service);
    let reload = tokio::spawn(async move {
        loop {
            reloads.next().await;
            // What came of it is logged and counted.
            let _ = reloading.reload().await;
        }
    });
    interruptions.next().await;
    info!("accepts no more connections, and ends when its checks have ended");
    service.stop();
    tokio::select! {
        () = server.drain() => {
            reload.abort();
            Ok(0)
        }
        () = interruptions.next() => {
            error!("ends at once");
            Ok(CUT_SHORT)
        }
    }
}
