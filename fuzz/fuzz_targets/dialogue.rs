//! The whole session, over a connection in memory. The input is options and what the server says
//! (`src/conversation.rs`).
//!
//! Property: the session ends, and its report is bounded and never shows the password. What is
//! written is one line a write; where TLS is wanted, nothing but the way to it is ever written in
//! clear, whatever the server answers. No bytes pass for TLS, so such a session never ends well.

#![no_main]

use check_smtp::dialogue;
use check_smtp::options::Security;
use libfuzzer_sys::fuzz_target;
use sandcheck_fuzz::conversation::Conversation;
use sandcheck_fuzz::server::Server;
use sandcheck_fuzz::verdict;
use sandcheck_plugin::state::State;

/// Some time in 2026, in seconds since 1970.
const NOW: i64 = 1_790_000_000;

fuzz_target!(|input: &[u8]| {
    let conversation = Conversation::parse(input);
    let Some(options) = conversation.options() else {
        return;
    };
    let mut server = Server::new(&conversation);
    let outcome = dialogue::run(&options, &mut server, NOW);
    let report = verdict::report(&conversation, &options, outcome);
    verdict::check_written(&options, &server.heard);
    assert!(options.security == Security::None || report.state != State::Ok);
});
