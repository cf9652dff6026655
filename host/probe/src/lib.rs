//! What Prometheus and Icinga say to a server of checks, and what they want to read: queries, targets,
//! timeouts, bodies of `ifw-api`, names of metrics, the exposition formats. Text in, text out; there is
//! no socket and no clock in here, so that all of it can be fuzzed.

pub mod checker;
pub mod expiry;
pub mod exposition;
pub mod given;
pub mod naming;
pub mod query;
pub mod range;
pub mod scrape_timeout;
pub mod target;
