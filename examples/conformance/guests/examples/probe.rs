//! Does what `--steps` says, one step after another, with `;` between them, and reports what came of
//! each in a line of the details.
//!
//! ```text
//! connect                         to what the options hostname and port name, within a minute
//! connect HOST PORT FAMILY MS     to something else; FAMILY is any, ipv4 or ipv6
//! unix PATH MS                    to a Unix socket
//! read N                          up to N bytes of the connection that was opened last
//! read-all                        all that there is, by 1000 bytes at a time
//! write TEXT                      and a line's end behind it
//! write-much N                    N bytes
//! drop                            the connection that was opened last
//! look-up NAME [FAMILY]           its addresses
//! exchanges DOMAIN                its mail exchangers
//! associations NAME PORT          its TLSA records, of which it only counts how many there are
//! spin MS                         computes for so long
//! monotonic, wall, random         whether they are fit for use
//! ```

use std::fmt::Write;

use sandcheck_hostile::resolver;
use sandcheck_hostile::sockets::{self, Connection, Error, Family};
use sandcheck_hostile::{Argument, manifest, option, plugin, report};
use sandcheck_hostile::{Kind, Manifest, Misuse, Plugin, Report, State, Words, clocks, random};

/// Nanoseconds of a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// When nothing else is said, in milliseconds.
const MINUTE: u64 = 60_000;

/// Bytes that are written at once.
const PIECE: usize = 64 << 10;

/// Seconds since 1970 at the beginning of 2025 and of 2100.
const AGE: std::ops::Range<u64> = 1_735_689_600..4_102_444_800;

struct Probe;

plugin!(Probe);

impl Plugin for Probe {
    fn describe() -> Manifest {
        let mut manifest = manifest();
        "probe".clone_into(&mut manifest.name);
        "Probes its host".clone_into(&mut manifest.summary);
        for option in &mut manifest.options {
            match option.name.as_str() {
                // It names nothing: a host grants what is given.
                "hostname" => option.default = Some("127.0.0.1".to_owned()),
                "port" => option.default = Some("9".to_owned()),
                _ => {}
            }
        }
        let mut secure = option("secure", None, Kind::Flag);
        secure.implies = vec![Argument {
            name: "port".to_owned(),
            value: Some("10".to_owned()),
        }];
        manifest.options.push(secure);
        manifest.options.push(option("steps", None, Kind::Text));
        manifest.options.push(option("domain", None, Kind::Domain));
        manifest.options.push(option("output", None, Kind::Output));
        manifest
    }

    fn run(words: &Words) -> Result<Report, Misuse> {
        let mut session = Session {
            words,
            open: Vec::new(),
        };
        let mut found = report(State::Ok, "PROBE OK");
        for step in words.value("steps").split(';') {
            let outcome = session.take(step.trim());
            found.details.push(format!("{}: {outcome}", step.trim()));
        }
        Ok(found)
    }
}

struct Session<'a> {
    words: &'a Words,
    open: Vec<Connection>,
}

impl Session<'_> {
    /// What came of a step, in a few words.
    fn take(&mut self, step: &str) -> String {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        let number = rest.parse().unwrap_or_default();
        match verb {
            "connect" => self.connect(rest),
            "unix" => self.unix(rest),
            "read" => self.with_last(|last| read(last, number)),
            "read-all" => self.with_last(read_all),
            "write" => self.with_last(|last| done(last.write(format!("{rest}\r\n").as_bytes()))),
            "write-much" => self.with_last(|last| write_much(last, number)),
            "drop" => done(self.open.pop().map(drop).ok_or(Error::NotSupported)),
            "look-up" => look_up(rest),
            "exchanges" => exchanges(rest),
            "associations" => associations(rest),
            "spin" => spin(number.into()),
            "monotonic" => monotonic(),
            "wall" => wall(),
            "random" => randomness(),
            _ => "no such step".to_owned(),
        }
    }

    fn connect(&mut self, rest: &str) -> String {
        let parts: Vec<_> = rest.split_ascii_whitespace().collect();
        let [host, port, family, time] = parts.as_slice() else {
            let port = self.words.value("port").parse().unwrap_or_default();
            let host = self.words.value("hostname");
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let timeout = MINUTE * MILLISECOND;
            return self.keep(sockets::connect_tcp(host, port, Family::Any, timeout));
        };
        let family = family_named(family);
        let timeout = time.parse().unwrap_or(MINUTE) * MILLISECOND;
        let port = port.parse().unwrap_or_default();
        self.keep(sockets::connect_tcp(host, port, family, timeout))
    }

    fn unix(&mut self, rest: &str) -> String {
        let (path, time) = rest.rsplit_once(' ').unwrap_or((rest, ""));
        let timeout = time.parse().unwrap_or(MINUTE) * MILLISECOND;
        self.keep(sockets::connect_unix(path, timeout))
    }

    fn keep(&mut self, connection: Result<Connection, Error>) -> String {
        done(connection.map(|connection| self.open.push(connection)))
    }

    fn with_last(&self, act: impl FnOnce(&Connection) -> String) -> String {
        self.open
            .last()
            .map_or_else(|| "no connection".to_owned(), act)
    }
}

fn done(result: Result<(), Error>) -> String {
    match result {
        Ok(()) => "done".to_owned(),
        Err(error) => name(&error).to_owned(),
    }
}

fn family_named(name: &str) -> Family {
    match name {
        "ipv4" => Family::Ipv4,
        "ipv6" => Family::Ipv6,
        _ => Family::Any,
    }
}

fn look_up(rest: &str) -> String {
    let (host, family) = rest.split_once(' ').unwrap_or((rest, ""));
    let family = family_named(family);
    looked_up(resolver::lookup_addresses(
        host,
        family,
        MINUTE * MILLISECOND,
    ))
}

fn exchanges(domain: &str) -> String {
    let found = resolver::lookup_exchanges(domain, MINUTE * MILLISECOND);
    looked_up(found.map(|found| found.hosts.into_iter().map(|it| it.host).collect()))
}

fn associations(rest: &str) -> String {
    let (host, port) = rest.split_once(' ').unwrap_or((rest, ""));
    let port = port.parse().unwrap_or_default();
    let found = resolver::lookup_associations(host, port, MINUTE * MILLISECOND);
    looked_up(found.map(|found| vec![found.records.len().to_string()]))
}

fn looked_up(found: Result<Vec<String>, resolver::Error>) -> String {
    match found {
        Ok(found) if found.is_empty() => "found nothing".to_owned(),
        Ok(found) => format!("found {}", found.join(" ")),
        Err(resolver::Error::NotSupported(_)) => "not-supported".to_owned(),
        Err(resolver::Error::AccessDenied(_)) => "access-denied".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

fn read(connection: &Connection, most: u32) -> String {
    match connection.read(most) {
        Ok(bytes) if bytes.is_empty() => "end".to_owned(),
        Ok(bytes) if bytes.len() > most.max(1) as usize => "too many bytes".to_owned(),
        Ok(bytes) => shown(&bytes),
        Err(error) => name(&error).to_owned(),
    }
}

/// What was read, if it is short, and how it ended.
fn read_all(connection: &Connection) -> String {
    let mut all = Vec::new();
    let end = loop {
        match connection.read(1000) {
            Ok(bytes) if bytes.is_empty() => break "end",
            Ok(bytes) => all.extend(bytes),
            Err(error) => break name(&error),
        }
    };
    match all.len() {
        0 => end.to_owned(),
        1..=100 => format!("{}, {end}", shown(&all)),
        length => format!("{length} bytes, {end}"),
    }
}

fn write_much(connection: &Connection, length: u32) -> String {
    let bytes = vec![b'x'; length as usize];
    for piece in bytes.chunks(PIECE) {
        if let Err(error) = connection.write(piece) {
            return name(&error).to_owned();
        }
    }
    "done".to_owned()
}

fn spin(milliseconds: u64) -> String {
    let end = clocks::monotonic_clock::now() + milliseconds * MILLISECOND;
    while clocks::monotonic_clock::now() < end {}
    "done".to_owned()
}

/// It never goes back, and it goes on.
fn monotonic() -> String {
    let first = clocks::monotonic_clock::now();
    let mut last = first;
    for _ in 0..10_000 {
        let now = clocks::monotonic_clock::now();
        if now < last {
            return "it goes back".to_owned();
        }
        last = now;
    }
    if last == first { "it stands" } else { "fit" }.to_owned()
}

fn wall() -> String {
    let now = clocks::wall_clock::now();
    let is_right = AGE.contains(&now.seconds) && now.nanoseconds < 1_000_000_000;
    if is_right { "fit" } else { "wrong" }.to_owned()
}

/// As many bytes as were asked for, no two numbers alike.
fn randomness() -> String {
    let lengths = [0, 1, 32, 1000];
    let bytes = lengths.map(random::random::get_random_bytes);
    if bytes.each_ref().map(|bytes| bytes.len() as u64) != lengths {
        return "another length".to_owned();
    }
    let again = random::random::get_random_bytes(32);
    let numbers = [0; 4].map(|_| random::random::get_random_u64());
    let mut sorted = numbers;
    sorted.sort_unstable();
    let is_alike = sorted.windows(2).any(|pair| pair[0] == pair[1]);
    if is_alike || bytes[2] == again || bytes[3].iter().all(|byte| *byte == bytes[3][0]) {
        return "the same again".to_owned();
    }
    "fit".to_owned()
}

/// Bytes in quotes; what is no printable ASCII is `\x..`.
fn shown(bytes: &[u8]) -> String {
    let mut text = "\"".to_owned();
    for byte in bytes {
        match byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text + "\""
}

/// The words for people are the host's own.
fn name(error: &Error) -> &'static str {
    match error {
        Error::AccessDenied(_) => "access-denied",
        Error::NotSupported => "not-supported",
        Error::InvalidAddress(_) => "invalid-address",
        Error::NameNotFound(_) => "name-not-found",
        Error::Refused => "refused",
        Error::Unreachable(_) => "unreachable",
        Error::TimedOut => "timed-out",
        Error::Reset => "reset",
        Error::Other(_) => "other",
    }
}
