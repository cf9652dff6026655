//! `debug=true`: all about one probe, as text, in the sections that `blackbox_exporter` has.

use std::time::Duration;

use sandcheck::secrets;
use sandcheck::types::Kind;

use crate::checks::{Done, word};
use crate::config::Module;

/// What a person reads. Values of secret options are not in it, nor
/// names of files.
pub(crate) fn text(
    module: &Module,
    target: &str,
    within: Option<Duration>,
    done: &Done,
    metrics: &str,
) -> String {
    let time = within.map_or("the plugin's own".to_owned(), |time| {
        format!("{} s", time.as_secs_f64())
    });
    let state = word(done.state());
    let seconds = done.time.as_secs_f64();
    let reason = done
        .reason()
        .map(|reason| format!("no report: {reason}\n"))
        .unwrap_or_default();
    format!(
        "Logs for the probe:\nmodule {}, target {target}, time for the check: {time}\n{reason}{}\
         ended after {seconds:.6} s: {state}\n\n\n\
         Metrics that would have been returned:\n{metrics}\n\n\n\
         Module configuration:\n{}",
        module.name,
        done.text(),
        configuration(module)
    )
}

fn configuration(module: &Module) -> String {
    let plugin = &module.plugin;
    let manifest = &plugin.ready.manifest;
    let mut text = format!(
        "plugin: {} ({} {})\n",
        plugin.path.display(),
        manifest.name,
        manifest.version
    );
    if let Some(time) = module.timeout {
        text.push_str(&format!("timeout: {}\n", humantime::format_duration(time)));
    }
    for argument in &module.arguments {
        let mut options = manifest.options.iter();
        let option = options.find(|option| option.name == argument.name);
        let value = match (option.map(|option| option.kind), &argument.value) {
            _ if secrets::companion(manifest, &argument.name).is_some() => "<secret>",
            (Some(Kind::Secret), Some(_)) => "<secret>",
            (Some(Kind::File | Kind::Anchors), Some(_)) => "<file>",
            (_, Some(value)) => value,
            (_, None) => "true",
        };
        text.push_str(&format!(
            "options.{}: {}\n",
            argument.name,
            sandcheck::escape::line(value)
        ));
    }
    for target in &plugin.targets {
        text.push_str(&format!("targets: {target}\n"));
    }
    text
}
