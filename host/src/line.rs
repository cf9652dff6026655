//! Plugins of both lines of the contract behind one face, which is that of the current one. A plugin of
//! the line before says the same in types of its own, and those are translated here.

use wasmtime::component::{Component, HasSelf, Linker, Resource};
use wasmtime::{Engine, Store};

use crate::bindings::before::monitoring::plugin::{sockets as old_sockets, types as old};
use crate::bindings::monitoring::plugin::sockets;
use crate::bindings::{self, before};
use crate::network::Connection;
use crate::state::State;
use crate::transport::Transport;
use crate::types::{self, Argument, Kind, Manifest, Metric, Misuse, OptionSpec, Report};
use crate::world::Line;

/// A component that is linked.
pub(crate) enum Linked<T: Transport> {
    Current(bindings::PluginPre<State<T>>),
    Before(before::PluginPre<State<T>>),
}

/// An instance of it.
pub(crate) enum Instantiated {
    Current(bindings::Plugin),
    Before(before::Plugin),
}

/// Links the sockets of a line.
pub(crate) fn link_sockets<T: Transport>(
    linker: &mut Linker<State<T>>,
    line: Line,
) -> wasmtime::Result<()> {
    match line {
        Line::Current => sockets::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
        Line::Before => old_sockets::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
    }
}

impl<T: Transport> Linked<T> {
    pub(crate) fn new(
        linker: &Linker<State<T>>,
        component: &Component,
        line: Line,
    ) -> wasmtime::Result<Self> {
        let pre = linker.instantiate_pre(component)?;
        Ok(match line {
            Line::Current => Self::Current(bindings::PluginPre::new(pre)?),
            Line::Before => Self::Before(before::PluginPre::new(pre)?),
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Self::Current(pre) => pre.engine(),
            Self::Before(pre) => pre.engine(),
        }
    }

    pub(crate) async fn instantiate(
        &self,
        store: &mut Store<State<T>>,
    ) -> wasmtime::Result<Instantiated> {
        Ok(match self {
            Self::Current(pre) => Instantiated::Current(pre.instantiate_async(store).await?),
            // In a box: what waits for a plugin is as large as the larger of the two.
            Self::Before(pre) => {
                Instantiated::Before(Box::pin(pre.instantiate_async(store)).await?)
            }
        })
    }
}

impl Instantiated {
    pub(crate) async fn describe<T: Transport>(
        &self,
        store: &mut Store<State<T>>,
    ) -> wasmtime::Result<Manifest> {
        match self {
            Self::Current(plugin) => plugin.monitoring_plugin_check().call_describe(store).await,
            Self::Before(plugin) => {
                let described = plugin.monitoring_plugin_check().call_describe(store);
                Box::pin(described).await.map(manifest)
            }
        }
    }

    pub(crate) async fn validate<T: Transport>(
        &self,
        store: &mut Store<State<T>>,
        arguments: &[Argument],
    ) -> wasmtime::Result<Result<(), Misuse>> {
        match self {
            Self::Current(plugin) => {
                let check = plugin.monitoring_plugin_check();
                check.call_validate(store, arguments).await
            }
            Self::Before(plugin) => {
                let arguments = old_arguments(arguments);
                let check = plugin.monitoring_plugin_check();
                let validated = Box::pin(check.call_validate(store, &arguments)).await?;
                Ok(validated.map_err(misuse))
            }
        }
    }

    pub(crate) async fn run<T: Transport>(
        &self,
        store: &mut Store<State<T>>,
        arguments: &[Argument],
    ) -> wasmtime::Result<Result<Report, Misuse>> {
        match self {
            Self::Current(plugin) => {
                let check = plugin.monitoring_plugin_check();
                check.call_run(store, arguments).await
            }
            Self::Before(plugin) => {
                let arguments = old_arguments(arguments);
                let check = plugin.monitoring_plugin_check();
                let done = Box::pin(check.call_run(store, &arguments)).await?;
                Ok(done.map(report).map_err(misuse))
            }
        }
    }
}

impl<T: Transport> old_sockets::Host for State<T> {
    async fn connect_tcp(
        &mut self,
        host: String,
        port: u16,
        family: old_sockets::Family,
        timeout: u64,
    ) -> wasmtime::Result<Result<Resource<Connection>, old_sockets::Error>> {
        let family = match family {
            old_sockets::Family::Any => sockets::Family::Any,
            old_sockets::Family::Ipv4 => sockets::Family::Ipv4,
            old_sockets::Family::Ipv6 => sockets::Family::Ipv6,
        };
        let connected = sockets::Host::connect_tcp(self, host, port, family, timeout).await?;
        Ok(connected.map_err(old_error))
    }

    async fn connect_unix(
        &mut self,
        path: String,
        timeout: u64,
    ) -> wasmtime::Result<Result<Resource<Connection>, old_sockets::Error>> {
        let connected = sockets::Host::connect_unix(self, path, timeout).await?;
        Ok(connected.map_err(old_error))
    }
}

impl<T: Transport> old_sockets::HostConnection for State<T> {
    async fn read(
        &mut self,
        connection: Resource<Connection>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, old_sockets::Error>> {
        let read = sockets::HostConnection::read(self, connection, max).await?;
        Ok(read.map_err(old_error))
    }

    async fn write(
        &mut self,
        connection: Resource<Connection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), old_sockets::Error>> {
        let written = sockets::HostConnection::write(self, connection, bytes).await?;
        Ok(written.map_err(old_error))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        sockets::HostConnection::drop(self, connection).await
    }
}

fn old_error(error: sockets::Error) -> old_sockets::Error {
    use old_sockets::Error as Old;
    use sockets::Error;
    match error {
        Error::AccessDenied(text) => Old::AccessDenied(text),
        Error::NotSupported => Old::NotSupported,
        Error::InvalidAddress(text) => Old::InvalidAddress(text),
        Error::NameNotFound(text) => Old::NameNotFound(text),
        Error::Refused => Old::Refused,
        Error::Unreachable(text) => Old::Unreachable(text),
        Error::TimedOut => Old::TimedOut,
        Error::Reset => Old::Reset,
        Error::Other(text) => Old::Other(text),
    }
}

fn old_arguments(arguments: &[Argument]) -> Vec<old::Argument> {
    let arguments = arguments.iter().map(|argument| old::Argument {
        name: argument.name.clone(),
        value: argument.value.clone(),
    });
    arguments.collect()
}

fn manifest(manifest: old::Manifest) -> Manifest {
    Manifest {
        name: manifest.name,
        version: manifest.version,
        summary: manifest.summary,
        description: manifest.description,
        word: manifest.word,
        options: manifest.options.into_iter().map(option_spec).collect(),
    }
}

fn option_spec(option: old::OptionSpec) -> OptionSpec {
    let implies = option.implies.into_iter().map(|said| Argument {
        name: said.name,
        value: said.value,
    });
    OptionSpec {
        name: option.name,
        short: option.short,
        aliases: option.aliases,
        kind: kind(option.kind),
        placeholder: option.placeholder,
        exact: option.exact,
        required: option.required,
        repeatable: option.repeatable,
        default: option.default,
        implies: implies.collect(),
        help: option.help,
    }
}

fn kind(kind: old::Kind) -> Kind {
    match kind {
        old::Kind::Flag => Kind::Flag,
        old::Kind::Text => Kind::Text,
        old::Kind::Integer => Kind::Integer,
        old::Kind::Number => Kind::Number,
        old::Kind::Duration => Kind::Duration,
        old::Kind::Range => Kind::Range,
        old::Kind::Host => Kind::Host,
        old::Kind::Port => Kind::Port,
        old::Kind::Secret => Kind::Secret,
        old::Kind::Timeout => Kind::Timeout,
        old::Kind::Nodename => Kind::Nodename,
    }
}

fn misuse(misuse: old::Misuse) -> Misuse {
    Misuse {
        message: misuse.message,
        hint: misuse.hint,
    }
}

fn report(report: old::Report) -> Report {
    Report {
        state: match report.state {
            old::State::Ok => types::State::Ok,
            old::State::Warning => types::State::Warning,
            old::State::Critical => types::State::Critical,
            old::State::Unknown => types::State::Unknown,
        },
        transcript: report.transcript,
        findings: report.findings,
        summary: report.summary,
        metrics: report.metrics.into_iter().map(metric).collect(),
        details: report.details,
    }
}

fn metric(metric: old::Metric) -> Metric {
    Metric {
        name: metric.name,
        value: metric.value,
        unit: metric.unit,
        precision: metric.precision,
        warning: metric.warning,
        critical: metric.critical,
        min: metric.min,
        max: metric.max,
    }
}
