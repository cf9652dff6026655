//! In the place of the longer transcripts where nobody can ask for them.

use std::io::{Read, Write};
use std::time::Duration;

use crate::dialogue::Session;
use crate::phase::Phase;
use crate::reply::Reply;

pub(crate) const HIDDEN: &str = "";

#[derive(Default)]
pub(crate) struct Tracer;

pub(crate) fn in_force(_: u8, _: &[(String, Option<String>)]) -> Vec<String> {
    Vec::new()
}

pub(crate) fn connected<S: Read + Write>(_: &mut Session<'_, S>) {}

pub(crate) fn sent<S: Read + Write>(_: &mut Session<'_, S>, _: &str) {}

pub(crate) fn received<S: Read + Write>(_: &mut Session<'_, S>, _: &Reply) {}

pub(crate) fn secured<S: Read + Write>(_: &mut Session<'_, S>) {}

pub(crate) fn ended<S: Read + Write>(_: &mut Session<'_, S>, _: Phase, _: Duration) {}

pub(crate) fn note<S: Read + Write>(_: &mut Session<'_, S>, _: impl FnOnce() -> String) {}

pub(crate) fn reason<S: Read + Write>(_: &mut Session<'_, S>, _: impl FnOnce() -> String) {}
