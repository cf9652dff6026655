//! The kinds of certificates that a scenario can name.

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// A kind of certificate: everything but the key.
#[derive(Debug)]
pub struct Kind {
    pub(super) name: &'static str,
    pub(super) subject: Subject,
    pub(super) begins: Moment,
    pub(super) ends: Moment,
    /// Whether each use needs a new one, because what is left of it is short.
    pub(super) ages_quickly: bool,
}

impl Kind {
    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut kinds = std::iter::once(&DAYS_1000).chain(&KINDS);
        kinds.find(|kind| kind.name == name)
    }
}

/// The subject, which is the issuer too: an organization, and a common name unless said otherwise.
#[derive(Debug)]
pub(super) enum Subject {
    Nameless,
    Named(&'static str),
    /// A common name encoded as a `BMPString`.
    Bmp(&'static str),
    Two(&'static str, &'static str),
}

/// A moment, as seconds from now or as a date.
#[derive(Debug)]
pub(super) enum Moment {
    In(i64),
    At(OffsetDateTime),
}

impl Moment {
    pub(super) fn after(&self, now: OffsetDateTime) -> OffsetDateTime {
        match *self {
            Self::In(seconds) => now + Duration::seconds(seconds),
            Self::At(when) => when,
        }
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Half a day more than whole days: "days left" stays the same for twelve hours.
const fn days(count: i64) -> i64 {
    count * DAY + 12 * HOUR
}

/// Valid since yesterday.
const fn ending(name: &'static str, seconds: i64) -> Kind {
    Kind {
        name,
        subject: Subject::Named("mx.example.org"),
        begins: Moment::In(-DAY),
        ends: Moment::In(seconds),
        ages_quickly: false,
    }
}

const fn ending_soon(name: &'static str, seconds: i64) -> Kind {
    Kind {
        ages_quickly: true,
        ..ending(name, seconds)
    }
}

/// Valid for long.
const fn of(name: &'static str, subject: Subject) -> Kind {
    Kind {
        subject,
        ..ending(name, days(1000))
    }
}

/// What most scenarios use.
pub(super) static DAYS_1000: Kind = ending("days1000", days(1000));

static KINDS: [Kind; 20] = [
    ending("days100", days(100)),
    ending("days30", days(30)),
    ending("days20", days(20)),
    ending("days10", days(10)),
    ending("days5", days(5)),
    ending("days1", days(1)),
    ending_soon("hours5", 5 * HOUR + 30 * MINUTE),
    ending_soon("minutes30", 30 * MINUTE + 40),
    ending_soon("seconds50", 50),
    Kind {
        begins: Moment::In(-40 * DAY),
        ..ending("expired", -days(10))
    },
    Kind {
        begins: Moment::In(-40 * DAY),
        ..ending_soon("expiredhour", -HOUR)
    },
    Kind {
        begins: Moment::In(days(10)),
        ..ending("future", days(400))
    },
    Kind {
        ends: Moment::At(datetime!(2060-02-03 04:05:06 UTC)),
        ..ending("year2060", 0)
    },
    of("nocn", Subject::Nameless),
    of("pipecn", Subject::Named("evil|x=1")),
    of("newlinecn", Subject::Named("evil\nOK fake")),
    of("quotecn", Subject::Named("it's \u{fc}ml")),
    of("bmpcn", Subject::Bmp("bmp.example.org")),
    of(
        "twocn",
        Subject::Two("zeroth.example.org", "first.example.org"),
    ),
    of("localhost", Subject::Named("localhost")),
];
