//! How long each part of a check takes, and what limits there are for that.

use std::time::Duration;

use sandcheck_plugin::certificate::{self, Lifetime};
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::range::Range;
use sandcheck_plugin::report::Metric;
use sandcheck_plugin::state::{Finding, State};

use crate::options::Options;
use crate::phase::Phase;

/// All phases by their names, and what was done when the time ran out in one.
const PHASES: [(Phase, &str, &str); 11] = [
    (Phase::Resolve, "resolve", "while looking up the name"),
    (Phase::Connect, "connect", "while connecting"),
    (
        Phase::Greeting,
        "greeting",
        "while waiting for the greeting",
    ),
    (Phase::Ehlo, "ehlo", "while waiting for the reply to EHLO"),
    (
        Phase::StartTls,
        "starttls",
        "while waiting for the reply to STARTTLS",
    ),
    (Phase::Tls, "tls", "during the TLS handshake"),
    (Phase::Auth, "auth", "while logging in"),
    (Phase::Mail, "mail", "while waiting for the reply to MAIL"),
    (
        Phase::Rcpt,
        "rcpt",
        "while waiting for the reply to RCPT or RSET",
    ),
    (
        Phase::Command,
        "command",
        "while waiting for the reply to a command of -C",
    ),
    (Phase::Quit, "quit", "while waiting for the reply to QUIT"),
];

/// All of them together.
const TOTAL: &str = "total";

/// What is asked about times.
#[derive(Debug, Default)]
pub struct Timings {
    /// All times are asked for.
    all: bool,
    limits: Vec<Limit>,
}

/// What a phase may take; the whole check where it names none.
#[derive(Debug)]
struct Limit {
    severity: State,
    phase: Option<Phase>,
    range: Range,
}

impl Timings {
    /// Takes an option, if it is about times.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Misuse>> {
        let severity = match name {
            "timings" => {
                self.all = true;
                return Some(Ok(()));
            }
            "warning-phase" => State::Warning,
            "critical-phase" => State::Critical,
            _ => return None,
        };
        Some(limit(name, severity, value).map(|limit| {
            // The last one counts.
            self.limits
                .retain(|other| (other.severity, other.phase) != (severity, limit.phase));
            self.limits.push(limit);
        }))
    }

    /// Whether there is anything to measure.
    pub(crate) fn is_any(&self) -> bool {
        self.all || !self.limits.is_empty()
    }

    /// Whether the look-up of the name has to be told from the connection.
    pub(crate) fn wants_resolve_apart(&self) -> bool {
        let is_either =
            |limit: &Limit| matches!(limit.phase, Some(Phase::Resolve | Phase::Connect));
        self.all || self.limits.iter().any(is_either)
    }

    /// Refuses limits for what these options never do.
    pub(crate) fn check(&self, options: &Options) -> Result<(), Misuse> {
        let impossible = self.limits.iter().find_map(|limit| {
            let phase = limit.phase?;
            let needed = options.lacks(phase)?;
            Some((name(Some(phase)), needed))
        });
        let Some((name, needed)) = impossible else {
            return Ok(());
        };
        Err(Misuse::hinted(
            format!("There is no phase {name} with these options"),
            format!("it needs {needed}"),
        ))
    }

    fn limit(&self, severity: State, phase: Option<Phase>) -> Option<&Range> {
        let mut limits = self.limits.iter();
        limits
            .find(|limit| (limit.severity, limit.phase) == (severity, phase))
            .map(|limit| &limit.range)
    }

    /// Whether the time of a phase is shown.
    fn shows(&self, phase: Option<Phase>) -> bool {
        self.all || self.limits.iter().any(|limit| limit.phase == phase)
    }
}

fn limit(option: &str, severity: State, value: &str) -> Result<Limit, Misuse> {
    let (name, range) = value.split_once('=').unwrap_or((value, ""));
    let phase = if name == TOTAL {
        None
    } else {
        let phase = PHASES.iter().find(|(_, known, _)| *known == name);
        let unknown = || {
            let names: Vec<_> = PHASES.iter().map(|(_, name, _)| *name).collect();
            let form = "--{option} takes PHASE=RANGE, such as greeting=2";
            Misuse::hinted(
                format!("Unknown phase - {name}"),
                format!(
                    "{}; the phases are: {}, {TOTAL}",
                    form.replace("{option}", option),
                    names.join(", ")
                ),
            )
        };
        Some(phase.ok_or_else(unknown)?.0)
    };
    let range = Range::parse(range).ok_or_else(|| {
        Misuse::hinted(
            format!("Invalid range for the phase {name} - {range}"),
            format!(
                "--{option} takes PHASE=RANGE, seconds as in {name}=2, {name}=@1:2 or {name}=0.1:"
            ),
        )
    })?;
    Ok(Limit {
        severity,
        phase,
        range,
    })
}

pub(crate) fn name(phase: Option<Phase>) -> &'static str {
    let found = PHASES.iter().find(|(known, ..)| Some(*known) == phase);
    found.map_or(TOTAL, |(_, name, _)| name)
}

/// A clock that runs when somebody wants to know the time.
pub struct Stopwatch<'a> {
    /// The time since the check began.
    clock: Option<&'a dyn Fn() -> Duration>,
    laps: Laps,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Laps {
    done: Vec<(Phase, Duration)>,
    /// What was begun last and not ended, and when.
    under_way: Option<(Phase, Duration)>,
    /// Whole days, below zero when they are over, and the limits that they have.
    days_left: Option<(i64, Option<Lifetime>)>,
}

impl<'a> Stopwatch<'a> {
    /// One that `clock`, the time since the check began, is asked for if the options want it.
    #[must_use]
    pub fn new(options: &Options, clock: &'a dyn Fn() -> Duration) -> Self {
        let is_wanted = options.timings.is_any() || options.verbose > 1;
        Self {
            clock: is_wanted.then_some(clock),
            laps: Laps::default(),
        }
    }

    /// One that measures nothing.
    #[must_use]
    pub fn idle() -> Self {
        Self {
            clock: None,
            laps: Laps::default(),
        }
    }

    /// The time since the check began, where somebody wants to know.
    pub(crate) fn time(&self) -> Option<Duration> {
        self.clock.map(|clock| clock())
    }

    /// A phase begins. One that was under way did not come to its end.
    pub(crate) fn begin(&mut self, phase: Phase) {
        self.laps.under_way = self.time().map(|now| (phase, now));
    }

    /// The phase under way is done; returns how long it took.
    pub(crate) fn end(&mut self) -> Option<(Phase, Duration)> {
        let now = self.time()?;
        let (phase, began) = self.laps.under_way.take()?;
        let took = now.saturating_sub(began);
        self.note(phase, took);
        Some((phase, took))
    }

    /// A phase took so long, or so much longer.
    pub(crate) fn note(&mut self, phase: Phase, took: Duration) {
        match self.laps.done.iter_mut().find(|(done, _)| *done == phase) {
            Some((_, time)) => *time += took,
            None => self.laps.done.push((phase, took)),
        }
    }

    /// Notes how long a certificate (DER) is valid at `now`, seconds since 1970.
    pub(crate) fn note_certificate(&mut self, options: &Options, der: Option<&[u8]>, now: i64) {
        if !options.timings.all {
            return;
        }
        let limits = options.lifetime.filter(|_| !options.ignore_expiration);
        let days = der.and_then(|der| certificate::days_left(der, now));
        self.laps.days_left = days.map(|days| (days, limits));
    }

    /// What was measured.
    #[must_use]
    pub fn stop(self) -> Laps {
        self.laps
    }
}

/// What took longer, or shorter, than it may. `elapsed` is seconds.
pub(crate) fn judge(options: &Options, laps: &Laps, elapsed: f64) -> Vec<Finding> {
    let exceeded = |(phase, seconds): (Option<Phase>, f64)| {
        let severities = [State::Critical, State::Warning];
        severities.into_iter().find_map(|state| {
            let range = options.timings.limit(state, phase)?;
            let name = name(phase);
            range.alerts(seconds).then(|| Finding {
                state,
                text: format!("SMTP {state} - {name} took {seconds:.3} sec., the range is {range}"),
            })
        })
    };
    times(laps, elapsed).filter_map(exceeded).collect()
}

/// The times that are asked for, in seconds, and the days of the certificate.
pub(crate) fn metrics(options: &Options, laps: &Laps, elapsed: f64) -> Vec<Metric> {
    let timings = &options.timings;
    let shown = times(laps, elapsed).filter(|(phase, _)| timings.shows(*phase));
    let times = shown.map(|(phase, seconds)| {
        let range = |severity| timings.limit(severity, phase).map(ToString::to_string);
        Metric::seconds(format!("time_{}", name(phase)), seconds)
            .thresholds(range(State::Warning), range(State::Critical))
    });
    times.chain(days_left(laps)).collect()
}

fn times(laps: &Laps, elapsed: f64) -> impl Iterator<Item = (Option<Phase>, f64)> {
    let done = laps.done.iter();
    done.map(|(phase, time)| (Some(*phase), time.as_secs_f64()))
        .chain([(None, elapsed)])
}

#[allow(
    clippy::cast_precision_loss,
    reason = "days of a calendar are far below 2^52"
)]
fn days_left(laps: &Laps) -> Option<Metric> {
    let (days, limits) = laps.days_left?;
    // So many days, or fewer, alert.
    let range = |days: u32| format!("@~:{days}");
    let warning = limits.map(|limits| range(limits.warning));
    let critical = limits.map(|limits| range(limits.critical));
    Some(Metric::new("certificate_days", days as f64).thresholds(warning, critical))
}

/// Where the time ran out, for the end of a sentence, if that was asked for.
pub(crate) fn place(laps: &Laps) -> String {
    let found = laps
        .under_way
        .and_then(|(phase, _)| PHASES.iter().find(|(known, ..)| *known == phase));
    found.map_or_else(String::new, |(_, _, words)| format!(" {words}"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{self, Cursor, Read, Write};

    use super::*;
    use crate::outcome::Outcome;
    use crate::{dialogue, report};
    use sandcheck_plugin::report::Report;

    /// Says all that it has to say, and then that the time is used up.
    struct Server(Cursor<&'static [u8]>);

    impl Read for Server {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer) {
                Ok(0) => Err(io::ErrorKind::TimedOut.into()),
                read => read,
            }
        }
    }

    impl Write for Server {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const SESSION: &[u8] = b"220 mx\r\n250 mx\r\n250 ok\r\n221 bye\r\n";

    fn options(given: &[(&str, &str)]) -> Options {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        let given: Vec<_> = given.collect();
        Options::resolve(&given).expect("they make sense")
    }

    /// The report of a session in which it is a second later each time that the clock is looked at.
    fn session(options: &Options, said: &'static [u8]) -> Report {
        let seconds = Cell::new(0);
        let clock = || {
            seconds.set(seconds.get() + 1);
            Duration::from_secs(seconds.get())
        };
        let stopwatch = Stopwatch::new(options, &clock);
        let server = Server(Cursor::new(said));
        let outcome = dialogue::run_timed(options, server, 0, stopwatch);
        report::report(options, outcome, 9.0)
    }

    fn misuse(given: &[(&str, &str)]) -> (String, String) {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        let given: Vec<_> = given.collect();
        let misuse = Options::resolve(&given).err().expect("they make no sense");
        (misuse.message, misuse.hint.unwrap_or_default())
    }

    fn names(report: &Report) -> Vec<&str> {
        let names = report.metrics.iter().map(|metric| metric.name.as_str());
        names.collect()
    }

    #[test]
    fn each_phase_that_was_has_its_time() {
        let options = options(&[("timings", ""), ("from", "a@b")]);
        let report = session(&options, SESSION);
        let expected = [
            "time",
            "time_greeting",
            "time_ehlo",
            "time_mail",
            "time_quit",
            "time_total",
        ];
        assert_eq!(names(&report), expected);
        assert!(
            report.metrics[1..5]
                .iter()
                .all(|metric| (metric.value - 1.0).abs() < 1e-9)
        );
        assert!((report.metrics[5].value - 9.0).abs() < 1e-9);
    }

    #[test]
    fn the_clock_stands_when_nobody_asks() {
        let options = options(&[("verbose", "")]);
        let clock = || unreachable!("nobody asked");
        let mut stopwatch = Stopwatch::new(&options, &clock);
        stopwatch.begin(Phase::Connect);
        assert_eq!(stopwatch.end(), None);
        let laps = stopwatch.stop();
        let outcome = Outcome {
            laps,
            ..Outcome::default()
        };
        assert_eq!(names(&report::report(&options, outcome, 1.0)), ["time"]);
    }

    #[test]
    fn a_limit_names_phase_time_and_range() {
        let options = options(&[
            ("warning-phase", "greeting=0.5"),
            ("critical-phase", "ehlo=@1:2"),
            ("warning-phase", "ehlo=0"),
            ("critical-phase", "total=9"),
        ]);
        let report = session(&options, SESSION);
        assert_eq!(report.state, State::Critical);
        assert_eq!(
            report.findings,
            [
                "SMTP CRITICAL - ehlo took 1.000 sec., the range is @1:2",
                "SMTP WARNING - greeting took 1.000 sec., the range is 0.5"
            ]
        );
        assert_eq!(
            names(&report),
            ["time", "time_greeting", "time_ehlo", "time_total"]
        );
        assert_eq!(report.metrics[2].warning.as_deref(), Some("0"));
        assert_eq!(report.metrics[2].critical.as_deref(), Some("@1:2"));
    }

    #[test]
    fn a_phase_that_comes_again_takes_longer() {
        let options = options(&[("timings", "")]);
        let clock = || Duration::ZERO;
        let mut stopwatch = Stopwatch::new(&options, &clock);
        stopwatch.note(Phase::Resolve, Duration::from_secs(2));
        stopwatch.note(Phase::Resolve, Duration::from_secs(1));
        let metrics = metrics(&options, &stopwatch.stop(), 4.0);
        assert_eq!(metrics.len(), 2);
        assert_eq!(metrics[0].name, "time_resolve");
        assert!((metrics[0].value - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_look_up_is_apart_where_it_shows() {
        for (given, expected) in [
            (("timings", ""), true),
            (("warning-phase", "resolve=1"), true),
            (("critical-phase", "connect=1"), true),
            (("warning-phase", "greeting=1"), false),
            (("verbose", ""), false),
        ] {
            let options = options(&[("hostname", "mx"), given]);
            assert_eq!(options.timings.wants_resolve_apart(), expected, "{given:?}");
        }
    }

    #[test]
    fn the_last_limit_of_a_phase_counts() {
        let options = options(&[("warning-phase", "ehlo=0"), ("warning-phase", "ehlo=5")]);
        assert_eq!(session(&options, SESSION).state, State::Ok);
    }

    #[test]
    fn a_timeout_says_where_and_what_was_done() {
        for (said, place, done) in [
            (&b""[..], "while waiting for the greeting", 0),
            (b"220 mx\r\n", "while waiting for the reply to EHLO", 1),
            (
                b"220 mx\r\n250 mx\r\n",
                "while waiting for the reply to QUIT",
                2,
            ),
        ] {
            let report = session(&options(&[("timings", ""), ("timeout", "7:warning")]), said);
            let summary = format!("WARNING - Socket timeout after 7 seconds {place}");
            assert_eq!(report.summary, Some(summary));
            assert_eq!(report.state, State::Warning);
            assert_eq!(report.metrics.len(), done + 1, "{:?}", report.metrics);
        }
        let report = session(&options(&[("timeout", "7")]), b"");
        assert_eq!(
            report.summary.as_deref(),
            Some("CRITICAL - Socket timeout after 7 seconds")
        );
        assert!(report.metrics.is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_limit_is_told() {
        for (value, message, hint) in [
            (
                "dns=1",
                "Unknown phase - dns",
                "the phases are: resolve, connect, greeting,",
            ),
            ("", "Unknown phase - ", "PHASE=RANGE"),
            ("ehlo", "Invalid range for the phase ehlo - ", "ehlo=@1:2"),
            (
                "ehlo=fast",
                "Invalid range for the phase ehlo - fast",
                "ehlo=2",
            ),
            (
                "rcpt=1",
                "There is no phase rcpt with these options",
                "--rcpt",
            ),
            ("tls=1", "There is no phase tls with these options", "-S"),
            (
                "resolve=1",
                "There is no phase resolve with these options",
                "a host name",
            ),
        ] {
            let (found, way_out) = misuse(&[("warning-phase", value)]);
            assert_eq!(found, message);
            assert!(way_out.contains(hint), "{way_out}");
        }
    }

    #[test]
    fn days_have_the_limits_of_the_certificate() {
        let limits = Lifetime {
            warning: 30,
            critical: 10,
        };
        let metric = |limits| {
            let laps = Laps {
                days_left: Some((-1, limits)),
                ..Laps::default()
            };
            days_left(&laps).unwrap()
        };
        assert_eq!(metric(Some(limits)).warning.as_deref(), Some("@~:30"));
        assert_eq!(metric(Some(limits)).critical.as_deref(), Some("@~:10"));
        assert_eq!((metric(None).value, metric(None).warning), (-1.0, None));
    }
}
