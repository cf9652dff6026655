//! What Prometheus and Icinga say to a server of checks, and what they want to read: queries, targets,
//! timeouts, bodies of `ifw-api`. Text in, text out; there is
//! no socket and no clock in here, so that all of it can be fuzzed.

pub mod checker;
pub mod given;
pub mod query;
pub mod scrape_timeout;
pub mod target;
