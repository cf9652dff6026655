//! Attacks nothing: checks that a TCP server greets, in time, and with what is expected.

use std::time::Instant;

use sandcheck_hostile::sockets::Connection;
use sandcheck_hostile::{
    Kind, Manifest, Metric, Misuse, Plugin, Report, State, Words, manifest, metric, option, plugin,
    report,
};

struct Banner;

plugin!(Banner);

impl Plugin for Banner {
    fn describe() -> Manifest {
        let mut manifest = Manifest {
            name: "check_banner".to_owned(),
            summary: "Checks that a TCP server greets".to_owned(),
            ..manifest()
        };
        manifest.options.truncate(3);
        manifest
            .options
            .push(option("expect", Some('e'), Kind::Text));
        manifest
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        if words.value("hostname").is_empty() {
            return Err(Misuse {
                message: "No host".to_owned(),
                hint: Some("Name one with -H".to_owned()),
            });
        }
        let began = Instant::now();
        let mut report = match words.connect().and_then(|connection| greeting(&connection)) {
            Ok(greeting) => judged(&greeting, words.value("expect")),
            Err(error) => report(State::Critical, &format!("BANNER CRITICAL - {error:?}")),
        };
        report.metrics = vec![time(began)];
        Ok(report)
    }
}

fn greeting(connection: &Connection) -> Result<String, sandcheck_hostile::sockets::Error> {
    let bytes = connection.read(512)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn judged(greeting: &str, expected: &str) -> Report {
    if !greeting.is_empty() && greeting.starts_with(expected) {
        report(State::Ok, &format!("BANNER OK - {greeting}"))
    } else {
        report(State::Warning, &format!("BANNER WARNING - {greeting}"))
    }
}

fn time(began: Instant) -> Metric {
    Metric {
        unit: "s".to_owned(),
        precision: 6,
        min: Some(0.0),
        ..metric("time", began.elapsed().as_secs_f64())
    }
}
