//! From a [`Plugin`] to the exports of a component: a thin layer between the contract's types and
//! ours.

// The code that the bindings generate, and the symbols below, need what the rest does without.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::pedantic)]

pub mod bindings {
    wit_bindgen::generate!({
        world: "monitoring:plugin/plugin",
        path: "../wit",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "sandcheck_plugin::component::bindings",
    });
}
pub(crate) mod connection;
pub(crate) mod look_up;
mod no_stdio;

use std::marker::PhantomData;

use self::bindings::exports::monitoring::plugin::check::{
    Argument, Guest, Manifest, Misuse, Report,
};
use self::bindings::monitoring::plugin::types;
use crate::plugin::Plugin;
use crate::state::State;
use crate::table::{Kind, Spec};
use crate::values::Values;
use crate::{misuse, report};

/// A plugin with its exports.
pub struct Exported<P>(PhantomData<P>);

impl<P: Plugin> Guest for Exported<P> {
    fn describe() -> Manifest {
        let about = P::about();
        Manifest {
            name: about.name.to_owned(),
            version: about.version.to_owned(),
            summary: about.summary.to_owned(),
            description: about.description.to_owned(),
            word: about.word.map(ToOwned::to_owned),
            options: P::options().iter().map(option_spec).collect(),
        }
    }

    fn validate(arguments: Vec<Argument>) -> Result<(), Misuse> {
        P::validate(&values::<P>(arguments)).map_err(contract_misuse)
    }

    fn run(arguments: Vec<Argument>) -> Result<Report, Misuse> {
        P::run(&values::<P>(arguments))
            .map(contract_report)
            .map_err(contract_misuse)
    }
}

fn values<P: Plugin>(arguments: Vec<Argument>) -> Values {
    let given = arguments
        .into_iter()
        .map(|argument| (argument.name, argument.value))
        .collect();
    Values::new(P::options(), given)
}

fn contract_misuse(misuse: misuse::Misuse) -> Misuse {
    Misuse {
        message: misuse.message,
        hint: misuse.hint,
    }
}

fn option_spec(spec: &Spec) -> types::OptionSpec {
    types::OptionSpec {
        name: spec.name.to_owned(),
        short: spec.short,
        aliases: spec
            .aliases
            .iter()
            .map(|alias| (*alias).to_owned())
            .collect(),
        kind: kind(spec.kind),
        placeholder: spec.placeholder.to_owned(),
        exact: spec.exact,
        required: spec.required,
        repeatable: spec.repeatable,
        default: spec.default.map(ToOwned::to_owned),
        implies: spec.implies.iter().map(argument).collect(),
        help: spec.help.to_owned(),
    }
}

fn argument((name, value): &(&str, Option<&str>)) -> Argument {
    Argument {
        name: (*name).to_owned(),
        value: value.map(ToOwned::to_owned),
    }
}

fn kind(kind: Kind) -> types::Kind {
    match kind {
        Kind::Flag => types::Kind::Flag,
        Kind::Text => types::Kind::Text,
        Kind::Integer => types::Kind::Integer,
        Kind::Number => types::Kind::Number,
        Kind::Duration => types::Kind::Duration,
        Kind::Range => types::Kind::Range,
        Kind::Host => types::Kind::Host,
        Kind::Port => types::Kind::Port,
        Kind::Secret => types::Kind::Secret,
        Kind::Timeout => types::Kind::Timeout,
        Kind::Nodename => types::Kind::Nodename,
        Kind::File => types::Kind::File,
        Kind::Anchors => types::Kind::Anchors,
        Kind::Output => types::Kind::Output,
        Kind::Source => types::Kind::Source,
        Kind::Domain => types::Kind::Domain,
    }
}

fn contract_report(report: report::Report) -> Report {
    Report {
        state: match report.state {
            State::Ok => types::State::Ok,
            State::Warning => types::State::Warning,
            State::Critical => types::State::Critical,
            State::Unknown => types::State::Unknown,
        },
        transcript: report.transcript,
        findings: report.findings,
        summary: report.summary,
        metrics: report.metrics.into_iter().map(contract_metric).collect(),
        details: report.details,
    }
}

fn contract_metric(metric: report::Metric) -> types::Metric {
    types::Metric {
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
