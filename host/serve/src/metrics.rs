//! What the server tells of itself: `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sandcheck::exposition::{Family, Kind, Labels};
use sandcheck::settings::ENGINE;

use crate::checks::{Done, word};
use crate::process::{self, number};
use crate::reports::STATES;

/// Upper bounds of the durations of checks, in seconds.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The counts.
pub(crate) struct Metrics {
    concurrency: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    plugins: BTreeMap<String, OfPlugin>,
    limits: BTreeMap<&'static str, usize>,
    requests: BTreeMap<(&'static str, u16), usize>,
    running: usize,
    overloads: usize,
    logins: usize,
    connections: usize,
    reload: Option<Reload>,
}

#[derive(Default)]
struct OfPlugin {
    states: BTreeMap<&'static str, usize>,
    unreported: BTreeMap<&'static str, usize>,
    durations: Durations,
}

#[derive(Default)]
struct Durations {
    /// In no earlier one.
    buckets: [usize; BUCKETS.len()],
    count: usize,
    sum: f64,
}

struct Reload {
    was_good: bool,
    /// Seconds since 1970, of the last good one.
    time: f64,
}

impl Metrics {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            concurrency,
            counts: Mutex::default(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn began(&self) {
        self.counts().running += 1;
    }

    pub(crate) fn ended(&self) {
        self.counts().running -= 1;
    }

    /// A check was not run because too many run.
    pub(crate) fn count_overload(&self) {
        self.counts().overloads += 1;
    }

    /// Somebody was not let in.
    pub(crate) fn count_failed_login(&self) {
        self.counts().logins += 1;
    }

    pub(crate) fn connection_began(&self) {
        self.counts().connections += 1;
    }

    pub(crate) fn connection_ended(&self) {
        self.counts().connections -= 1;
    }

    pub(crate) fn count_request(&self, handler: &'static str, status: u16) {
        *self.counts().requests.entry((handler, status)).or_default() += 1;
    }

    pub(crate) fn count(&self, plugin: &str, done: &Done) {
        let mut counts = self.counts();
        if let Some(limit) = done.limit() {
            *counts.limits.entry(limit).or_default() += 1;
        }
        let plugin = counts.plugins.entry(plugin.to_owned()).or_default();
        *plugin.states.entry(word(done.state())).or_default() += 1;
        if let Some(reason) = done.reason() {
            *plugin.unreported.entry(reason).or_default() += 1;
        }
        plugin.durations.add(done.time.as_secs_f64());
    }

    pub(crate) fn reloaded(&self, was_good: bool) {
        let mut counts = self.counts();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let earlier = counts.reload.as_ref().map_or(0.0, |reload| reload.time);
        let time = if was_good { now.as_secs_f64() } else { earlier };
        counts.reload = Some(Reload { was_good, time });
    }

    /// All of it.
    pub(crate) fn families(&self) -> Vec<Family> {
        let counts = self.counts();
        let mut families = vec![build()];
        families.extend(counts.checks());
        families.extend([
            Family::gauge(
                "sandcheck_checks_running",
                "Checks that run now, each in an instance of its own",
                number(counts.running),
            ),
            Family::gauge(
                "sandcheck_checks_limit",
                "So many checks may run at a time",
                number(self.concurrency),
            ),
            counter(
                "sandcheck_checks_rejected",
                "Checks that were not run because too many ran",
                counts.overloads,
            ),
        ]);
        families.extend(counts.server());
        families.extend(process::families());
        families
    }
}

fn build() -> Family {
    let mut family = Family::new(
        "sandcheck_build_info",
        Kind::Gauge,
        "What this is; always 1",
    );
    let labels = vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("engine", ENGINE.to_owned()),
    ];
    family.add(labels, 1.0);
    family
}

fn counter(name: &str, help: &str, value: usize) -> Family {
    let mut family = Family::new(name, Kind::Counter, help);
    family.add(Vec::new(), number(value));
    family
}

impl Counts {
    fn checks(&self) -> [Family; 4] {
        [
            self.states(),
            self.unreported(),
            self.durations(),
            self.limits(),
        ]
    }

    fn states(&self) -> Family {
        let help = "Checks that ended, by what they found";
        let mut family = Family::new("sandcheck_checks", Kind::Counter, help);
        for (name, plugin) in &self.plugins {
            for state in STATES.map(word) {
                let count = plugin.states.get(state).copied().unwrap_or_default();
                let labels = vec![("plugin", name.clone()), ("state", state.to_owned())];
                family.add(labels, number(count));
            }
        }
        family
    }

    fn unreported(&self) -> Family {
        let help = "Checks without a report, by the reason";
        let mut family = Family::new("sandcheck_checks_unreported", Kind::Counter, help);
        for (name, plugin) in &self.plugins {
            for (reason, count) in &plugin.unreported {
                let labels = vec![("plugin", name.clone()), ("reason", (*reason).to_owned())];
                family.add(labels, number(*count));
            }
        }
        family
    }

    fn durations(&self) -> Family {
        let help = "How long checks took, in seconds";
        let mut family = Family::new("sandcheck_check_duration_seconds", Kind::Histogram, help);
        for (name, plugin) in &self.plugins {
            plugin
                .durations
                .add_to(&mut family, &vec![("plugin", name.clone())]);
        }
        family
    }

    fn limits(&self) -> Family {
        let help = "Checks that were ended by a limit";
        let mut family = Family::new("sandcheck_limits_exceeded", Kind::Counter, help);
        for (limit, count) in &self.limits {
            family.add(vec![("limit", (*limit).to_owned())], number(*count));
        }
        family
    }

    fn server(&self) -> Vec<Family> {
        let open = number(self.connections);
        let mut families = vec![
            self.requests(),
            counter(
                "sandcheck_http_logins_failed",
                "Requests without the right name and password",
                self.logins,
            ),
            Family::gauge("sandcheck_http_connections", "Open connections", open),
        ];
        families.extend(self.reload.iter().flat_map(Reload::families));
        families
    }

    fn requests(&self) -> Family {
        let help = "Requests, by what they asked for and how they were answered";
        let mut family = Family::new("sandcheck_http_requests", Kind::Counter, help);
        for ((handler, status), count) in &self.requests {
            let labels = vec![
                ("handler", (*handler).to_owned()),
                ("code", status.to_string()),
            ];
            family.add(labels, number(*count));
        }
        family
    }
}

impl Reload {
    fn families(&self) -> [Family; 2] {
        let good = if self.was_good { 1.0 } else { 0.0 };
        [
            Family::gauge(
                "sandcheck_config_last_reload_successful",
                "Whether the configuration could be read the last time",
                good,
            ),
            Family::gauge(
                "sandcheck_config_last_reload_success_timestamp_seconds",
                "When it could, in seconds since 1970",
                self.time,
            ),
        ]
    }
}

impl Durations {
    fn add(&mut self, seconds: f64) {
        let bucket = BUCKETS
            .iter()
            .zip(&mut self.buckets)
            .find(|(bound, _)| seconds <= **bound);
        if let Some((_, count)) = bucket {
            *count += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }

    fn add_to(&self, family: &mut Family, labels: &Labels) {
        let mut up_to = 0;
        let buckets: Vec<_> = BUCKETS
            .iter()
            .zip(&self.buckets)
            .map(|(bound, count)| {
                up_to += count;
                (*bound, number(up_to))
            })
            .collect();
        family.add_histogram(labels, &buckets, number(self.count), self.sum);
    }
}

#[cfg(test)]
mod tests {
    use sandcheck::exposition::{Format, render};

    use super::*;

    #[test]
    fn durations_are_counted_up_to_each_bound() {
        let mut durations = Durations::default();
        for seconds in [0.001, 0.005, 0.3, 20.0] {
            durations.add(seconds);
        }
        let mut family = Family::new("d", Kind::Histogram, "D");
        durations.add_to(&mut family, &Vec::new());
        let text = render(&[family], Format::Text);
        for line in [
            "d_bucket{le=\"0.005\"} 2\n",
            "d_bucket{le=\"0.25\"} 2\n",
            "d_bucket{le=\"0.5\"} 3\n",
            "d_bucket{le=\"+Inf\"} 4\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn a_bad_reload_keeps_the_time_of_the_good_one() {
        let metrics = Metrics::new(1);
        metrics.reloaded(true);
        metrics.reloaded(false);
        let text = render(&metrics.families(), Format::Text);
        assert!(
            text.contains("sandcheck_config_last_reload_successful 0\n"),
            "{text}"
        );
        assert!(!text.contains("_success_timestamp_seconds 0\n"), "{text}");
    }
}
