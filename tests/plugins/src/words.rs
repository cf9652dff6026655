//! What a plugin was asked.

use crate::sockets::{self, Connection, Error, Family};
use crate::{Argument, Report, State, report};

/// A time span that no host waits for, in nanoseconds.
const FOR_EVER: u64 = u64::MAX;

/// The arguments of a call.
pub struct Words(pub Vec<Argument>);

impl Words {
    /// The value of an option; empty without it.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let given = self.0.iter().rev().find(|argument| argument.name == name);
        given
            .and_then(|argument| argument.value.as_deref())
            .unwrap_or_default()
    }

    /// Which attack to make.
    #[must_use]
    pub fn case(&self) -> &str {
        self.value("case")
    }

    /// A connection to the endpoint that the words name, which is granted.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn connect(&self) -> Result<Connection, Error> {
        let port = self.value("port").parse().unwrap_or_default();
        sockets::connect_tcp(self.value("hostname"), port, Family::Any, FOR_EVER)
    }

    /// A connection to what `--target` says: `tcp://HOST:PORT` or `unix:PATH`, which is granted
    /// only where the endpoint's own options name the same.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn connect_to_target(&self) -> Result<Connection, Error> {
        let target = self.value("target");
        if let Some(path) = target.strip_prefix("unix:") {
            return sockets::connect_unix(path, FOR_EVER);
        }
        let target = target.strip_prefix("tcp://").unwrap_or(target);
        let (host, port) = target.rsplit_once(':').unwrap_or((target, "0"));
        let port = port.parse().unwrap_or_default();
        sockets::connect_tcp(host, port, Family::Any, FOR_EVER)
    }
}

/// A failed call, called a success all the same.
impl From<Error> for Report {
    fn from(error: Error) -> Self {
        report(State::Ok, &format!("OK - never mind {error:?}"))
    }
}
