//! Plugins: a component that fits the world, instantiated anew for every check.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::bindings::PluginPre;
use crate::bindings::monitoring::plugin::types::{Argument, Manifest, Misuse, Report};
use crate::error::{RunError, TimeUsedUp};
use crate::grants::Grants;
use crate::limits::Limits;
use crate::state::{State, link};

/// How often a plugin that computes is asked whether its time is used up.
const TICK: Duration = Duration::from_millis(50);

/// A component that is ready to be run.
pub struct Plugin {
    pre: PluginPre<State>,
    limits: Limits,
    ticker: Option<Arc<Ticker>>,
}

/// Who advances the engine's epoch. Without that a plugin that computes without end is not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochClock {
    /// A thread that the plugin starts, for as long as it is needed.
    Thread,
    /// The caller, several times a second while the process uses the processor.
    Caller,
}

impl Plugin {
    /// Links a component. It fails when the component does not fit the world.
    pub fn new(component: &Component, limits: Limits, clock: EpochClock) -> wasmtime::Result<Self> {
        let engine = component.engine();
        let mut linker = Linker::new(engine);
        link(&mut linker)?;
        let pre = PluginPre::new(linker.instantiate_pre(component)?)?;
        let ticker = match clock {
            EpochClock::Thread => Some(Arc::new(Ticker::start(engine)?)),
            EpochClock::Caller => None,
        };
        Ok(Self {
            pre,
            limits,
            ticker,
        })
    }

    /// Makes a fresh instance, for one check.
    pub async fn instantiate(&self) -> Result<Instance, RunError> {
        let mut store = Store::new(self.pre.engine(), State::new(&self.limits));
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(self.limits.call);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if Instant::now() < context.data().stop_at {
                Ok(UpdateDeadline::Yield(1))
            } else {
                Err(TimeUsedUp.into())
            }
        });
        let plugin = self.pre.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            plugin,
            grace: self.limits.grace,
            _ticker: self.ticker.clone(),
        })
    }
}

/// An instance of a plugin: describes itself, and does one check.
pub struct Instance {
    store: Store<State>,
    plugin: crate::bindings::Plugin,
    grace: Duration,
    _ticker: Option<Arc<Ticker>>,
}

impl Instance {
    /// What the plugin says about itself.
    pub async fn describe(&mut self) -> Result<Manifest, RunError> {
        let check = self.plugin.monitoring_plugin_check();
        Ok(check.call_describe(&mut self.store).await?)
    }

    /// The first argument whose value the plugin does not accept.
    pub async fn validate(
        &mut self,
        arguments: &[Argument],
    ) -> Result<Result<(), Misuse>, RunError> {
        let check = self.plugin.monitoring_plugin_check();
        Ok(check.call_validate(&mut self.store, arguments).await?)
    }

    /// Does the check. It may connect to what is granted, and it is over when the budget is.
    pub async fn run(
        mut self,
        arguments: &[Argument],
        grants: Grants,
        budget: Duration,
    ) -> Result<Report, RunError> {
        let state = self.store.data_mut();
        state.grants = grants;
        state.budget_end = Instant::now() + budget;
        state.stop_at = state.budget_end + self.grace;
        let check = self.plugin.monitoring_plugin_check();
        check
            .call_run(&mut self.store, arguments)
            .await?
            .map_err(RunError::Misuse)
    }
}

/// Advances an engine's epoch from a thread, as long as somebody needs it.
struct Ticker {
    _stop: mpsc::Sender<()>,
}

impl Ticker {
    fn start(engine: &Engine) -> wasmtime::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let engine = engine.weak();
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else {
                    return;
                };
                engine.increment_epoch();
            }
        };
        let builder = thread::Builder::new()
            .name("epoch".to_owned())
            .stack_size(64 * 1024);
        builder.spawn(tick)?;
        Ok(Self { _stop: stop })
    }
}
