//! The last results, so many and no more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sandcheck::types::State;

use crate::checks::Done;

/// The longest text that is kept, in bytes.
const TEXT_LIMIT: usize = 32 << 10;

/// A result.
pub(crate) struct Record {
    /// Which it is, counted from 1, once it is kept.
    pub(crate) number: u64,
    /// The module or the command.
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) began: SystemTime,
    pub(crate) time: Duration,
    pub(crate) state: State,
    /// The line that says most.
    pub(crate) summary: String,
    /// What the plugin's program would print.
    pub(crate) text: String,
    /// What Prometheus got.
    pub(crate) metrics: String,
}

impl Record {
    /// Of a check that has ended.
    pub(crate) fn new(name: &str, target: String, began: SystemTime, done: &Done) -> Self {
        Self {
            number: 0,
            name: name.to_owned(),
            target,
            began,
            time: done.time,
            state: done.state(),
            summary: done.summary(),
            text: done.text(),
            metrics: String::new(),
        }
    }
}

/// Results in the order in which they came.
pub(crate) struct History {
    limit: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    count: u64,
    records: VecDeque<Arc<Record>>,
}

impl History {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            inner: Mutex::default(),
        }
    }

    /// Keeps a result; the oldest one goes where there is no room.
    pub(crate) fn add(&self, mut record: Record) {
        if self.limit == 0 {
            return;
        }
        cut(&mut record.text);
        cut(&mut record.metrics);
        cut(&mut record.summary);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.count += 1;
        record.number = inner.count;
        if inner.records.len() == self.limit {
            inner.records.pop_front();
        }
        inner.records.push_back(Arc::new(record));
    }

    /// All that there are, the newest last.
    pub(crate) fn records(&self) -> Vec<Arc<Record>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.records.iter().cloned().collect()
    }
}

fn cut(text: &mut String) {
    if text.len() <= TEXT_LIMIT {
        return;
    }
    let mut end = TEXT_LIMIT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str("\n...\n");
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record(name: &str, target: &str, text: &str) -> Record {
        Record {
            number: 0,
            name: name.to_owned(),
            target: target.to_owned(),
            began: SystemTime::UNIX_EPOCH,
            time: Duration::from_millis(250),
            state: State::Warning,
            summary: text.to_owned(),
            text: text.to_owned(),
            metrics: "probe_success 0\n".to_owned(),
        }
    }

    #[test]
    fn the_oldest_goes_first() {
        let history = History::new(2);
        for target in ["a", "b", "c"] {
            history.add(record("smtp", target, &"\u{fc}".repeat(TEXT_LIMIT)));
        }
        let records = history.records();
        let kept: Vec<_> = records
            .iter()
            .map(|record| (record.number, record.target.as_str()))
            .collect();
        assert_eq!(kept, [(2, "b"), (3, "c")]);
        assert!(records[0].text.len() < TEXT_LIMIT + 8);
        let none = History::new(0);
        none.add(record("smtp", "a", ""));
        assert!(none.records().is_empty());
    }
}
