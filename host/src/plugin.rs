//! Plugins: a component that fits the world, instantiated anew for every check.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::error::{PluginError, RunError};
use crate::grants::Grants;
use crate::limits::{LimitExceeded, Limits};
use crate::line::{Instantiated, Linked};
use crate::manifest;
use crate::meter::Meter;
use crate::state::{Budget, State, link};
use crate::transport::{Alone, Shared, Transport};
use crate::types::{Argument, Manifest, Misuse, Report};
use crate::world;

/// How often a plugin that computes is asked whether its time is used up.
const TICK: Duration = Duration::from_millis(50);

/// How much longer than its time budget a plugin may wait for something that is no connection.
const LATE: Duration = Duration::from_millis(250);

/// A component that is ready to be run: beside others in a tokio runtime, or alone.
pub struct Plugin<T: Transport = Shared> {
    pre: Linked<T>,
    limits: Arc<Limits>,
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
    /// Links a component, to be run in a tokio runtime. It fails when the component does not fit the
    /// world.
    ///
    /// The limit of the stack belongs to the engine that the component was loaded with:
    /// [`crate::settings::set_stack`].
    pub fn new(
        component: &Component,
        limits: Limits,
        clock: EpochClock,
    ) -> Result<Self, PluginError> {
        let pre = fit(component)?;
        let ticker = match clock {
            EpochClock::Thread => Some(Arc::new(
                Ticker::start(component.engine()).map_err(PluginError::Type)?,
            )),
            EpochClock::Caller => None,
        };
        Ok(Self {
            pre,
            limits: Arc::new(limits),
            ticker,
        })
    }
}

impl Plugin<Alone> {
    /// Links a component for a process that does one check, by [`block_on`](crate::block_on), and
    /// advances the engine's epoch itself: [`EpochClock::Caller`].
    pub fn alone(component: &Component, limits: Limits) -> Result<Self, PluginError> {
        Ok(Self {
            pre: fit(component)?,
            limits: Arc::new(limits),
            ticker: None,
        })
    }
}

impl<T: Transport> Plugin<T> {
    /// What a run of it may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Makes a fresh instance, for one check.
    pub async fn instantiate(&self) -> Result<Instance<T>, RunError> {
        let state = State::new(Arc::clone(&self.limits));
        let meter = Arc::clone(&state.meter);
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(self.limits.call);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| context.data_mut().tick());
        // In a box: what is moved from one future into the next is moved as a whole.
        let instantiate = Box::pin(self.pre.instantiate(&mut store));
        let instantiate = meter.count(instantiate);
        let plugin = in_start_time::<T, _>(&self.limits, instantiate)
            .await?
            .map_err(|error| RunError::from_start(error, &self.limits))?;
        Ok(Instance {
            store,
            plugin,
            meter,
            limits: Arc::clone(&self.limits),
            _ticker: self.ticker.clone(),
        })
    }
}

/// Checks that a component fits the world, by names first: those can be explained.
fn fit<T: Transport>(component: &Component) -> Result<Linked<T>, PluginError> {
    let engine = component.engine();
    let shape = component.component_type();
    let imports: Vec<_> = shape.imports(engine).map(|(name, _)| name).collect();
    let exports = shape.exports(engine).map(|(name, _)| name);
    let line = world::line(imports.iter().copied(), exports).map_err(PluginError::Misfit)?;
    let mut linker = Linker::new(engine);
    link(&mut linker, &imports, line)
        .and_then(|()| Linked::new(&linker, component, line))
        .map_err(PluginError::Type)
}

/// Before a check begins nothing is worth waiting for.
async fn in_start_time<T: Transport, D>(
    limits: &Limits,
    work: impl Future<Output = D> + Send,
) -> Result<D, LimitExceeded> {
    let done = T::by(Instant::now() + 2 * limits.start, work).await;
    done.ok_or_else(|| limits.exceeded("start"))
}

/// An instance of a plugin: describes itself, and does one check.
pub struct Instance<T: Transport = Shared> {
    store: Store<State<T>>,
    plugin: Instantiated,
    meter: Arc<Meter>,
    limits: Arc<Limits>,
    _ticker: Option<Arc<Ticker>>,
}

impl<T: Transport> Instance<T> {
    /// What the plugin says about itself, if that makes sense.
    pub async fn describe(&mut self) -> Result<Manifest, RunError> {
        let describe = self.meter.count(self.plugin.describe(&mut self.store));
        let manifest = in_start_time::<T, _>(&self.limits, describe)
            .await?
            .map_err(|error| RunError::from_call(error, &self.limits))?;
        self.limits.check("options", manifest.options.len())?;
        manifest::check(&manifest)?;
        Ok(manifest)
    }

    /// The first argument whose value the plugin does not accept.
    pub async fn validate(
        &mut self,
        arguments: &[Argument],
    ) -> Result<Result<(), Misuse>, RunError> {
        let validate = self.plugin.validate(&mut self.store, arguments);
        let validate = self.meter.count(validate);
        in_start_time::<T, _>(&self.limits, validate)
            .await?
            .map_err(|error| RunError::from_call(error, &self.limits))
    }

    /// Does the check. It may connect to what is granted, and it is over when the budget is, which
    /// is never longer than the limit. A connection that had to be refused fails the run, whatever
    /// the plugin makes of it.
    pub async fn run(
        mut self,
        arguments: &[Argument],
        grants: Grants,
        budget: Duration,
    ) -> Result<Report, RunError> {
        let report = self.report(arguments, grants, budget).await;
        if T::ENDS_WITH_CHECK {
            std::mem::forget(self);
        }
        report
    }

    async fn report(
        &mut self,
        arguments: &[Argument],
        grants: Grants,
        budget: Duration,
    ) -> Result<Report, RunError> {
        let budget = Budget::new(budget.min(self.limits.time));
        let state = self.store.data_mut();
        state.grants = grants;
        state.budget = Some(budget);
        let run = Box::pin(self.plugin.run(&mut self.store, arguments));
        let run = self.meter.count(run);
        let report = match T::by(budget.end + LATE, run).await {
            Some(done) => done.map_err(|error| RunError::from_call(error, &self.limits))?,
            None => return Err(budget.exceeded().into()),
        };
        if let Some(refusal) = self.store.data_mut().refusal.take() {
            return Err(RunError::Refused(refusal));
        }
        let report = report.map_err(RunError::Misuse)?;
        check_size(&report, &self.limits)?;
        Ok(report)
    }
}

/// Nobody reads more than that, and whoever sends it has something else in mind.
fn check_size(report: &Report, limits: &Limits) -> Result<(), LimitExceeded> {
    let texts = report
        .transcript
        .iter()
        .chain(&report.findings)
        .chain(&report.details);
    let (lines, longest) = texts
        .chain(&report.summary)
        .fold((0, 0), |(lines, longest), text| {
            (lines + 1, text.len().max(longest))
        });
    limits.check("lines", lines)?;
    limits.check("text", longest)?;
    limits.check("metrics", report.metrics.len())?;
    let labels = report
        .metrics
        .iter()
        .map(|metric| metric.name.chars().count());
    limits.check("label", labels.max().unwrap_or_default())
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
