//! What all requests share, and how it is replaced while they go on.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use sandcheck_runner::arguments::Options;
use sandcheck_runner::plugins::Plugins;
use sandcheck_system as system;
use tokio::sync::{Mutex, watch};
use tracing::{error, info};

use crate::cached::Cached;
use crate::checks::Checks;
use crate::config::Config;
use crate::history::History;
use crate::metrics::Metrics;
use crate::web_config::WebConfig;

/// The server, apart from its connections.
pub(crate) struct Service {
    pub(crate) options: Options,
    pub(crate) checks: Checks,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) history: History,
    plugins: Plugins,
    config: RwLock<Arc<Config>>,
    web: Cached<WebConfig>,
    /// One at a time.
    reloading: Mutex<()>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Reads all that there is to read; the first mistake is an error.
    pub(crate) async fn prepare(options: Options) -> Result<Self> {
        // When the configuration is read anew, a plugin looks at its options beside checks that run.
        let mut room = options.clone();
        room.concurrency += 1;
        let plugins = Plugins::new(&room)?;
        system::advance_epochs(plugins.engines());
        let config = Config::load(&options, &plugins).await?;
        let path = options.serve.web_config_file.clone();
        let web = Cached::new(move || WebConfig::load(path.as_deref()))?;
        let metrics = Arc::new(Metrics::new(options.concurrency));
        metrics.reloaded(true);
        Ok(Self {
            checks: Checks::new(options.concurrency, Arc::clone(&metrics)),
            history: History::new(options.serve.history),
            metrics,
            plugins,
            config: RwLock::new(Arc::new(config)),
            web,
            reloading: Mutex::default(),
            stop: watch::channel(false).0,
            options,
        })
    }

    /// What is configured now.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// TLS and users as they are now; a changed file is noticed.
    pub(crate) fn web(&self) -> Arc<WebConfig> {
        self.web.current()
    }

    /// Reads everything anew. What cannot be read leaves everything as it was, and is logged, counted and
    /// returned.
    pub(crate) async fn reload(&self) -> Result<(), String> {
        let _turn = self.reloading.lock().await;
        let outcome = self.try_reload().await;
        self.metrics.reloaded(outcome.is_ok());
        match outcome {
            Ok(config) => {
                info!(
                    modules = config.modules.len(),
                    commands = config.commands.len(),
                    "configuration read anew"
                );
                Ok(())
            }
            Err(reason) => {
                let reason = format!("{reason:#}");
                error!(
                    reason,
                    "the configuration cannot be read; the old one stays"
                );
                Err(reason)
            }
        }
    }

    async fn try_reload(&self) -> Result<Arc<Config>> {
        let config = Arc::new(Config::load(&self.options, &self.plugins.afresh()).await?);
        self.web.renew()?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&config);
        Ok(config)
    }

    /// From now on no connection is accepted, and those that are idle are closed.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until it is told to stop.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender is here, so there is no error.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// For somebody who only wants the configuration to be checked.
    pub(crate) fn summary(&self) -> String {
        let config = self.config();
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let (modules, commands) = (config.modules.len(), config.commands.len());
        let file = sandcheck::escape::line(&self.options.serve.config_file.display().to_string());
        format!(
            "{file}: {} and {}\n",
            count(modules, "module"),
            count(commands, "command")
        )
    }
}
