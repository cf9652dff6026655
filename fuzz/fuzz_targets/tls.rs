//! The session behind a real handshake: an in-memory TLS server with a fixed key and a certificate
//! that is any bytes. The input is a conversation (`src/conversation.rs`); what its server says is
//! the length of the certificate in two bytes, the certificate, and what comes over TLS.
//!
//! Property: as for `dialogue`; and no handshake is finished with a server whose certificate does not
//! hold its key.

#![no_main]

use check_smtp::dialogue;
use check_smtp::options::Security;
use libfuzzer_sys::fuzz_target;
use sandcheck_fuzz::conversation::Conversation;
use sandcheck_fuzz::tls_server::TlsServer;
use sandcheck_fuzz::verdict;

/// Some time in 2026, in seconds since 1970.
const NOW: i64 = 1_790_000_000;

/// What leads to TLS.
const UP_TO_STARTTLS: &[u8] = b"220 mx ESMTP\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n";

fuzz_target!(|input: &[u8]| {
    let conversation = Conversation::parse(input);
    let Some(options) = conversation.options() else {
        return;
    };
    let Some((length, rest)) = conversation.says.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (certificate, says) = rest.split_at(length);
    let clear = match options.security {
        Security::None => return,
        Security::StartTls => UP_TO_STARTTLS,
        Security::Implicit => b"",
    };
    let Ok(mut server) = TlsServer::new(certificate, conversation.manner, clear, says) else {
        return;
    };
    let outcome = dialogue::run(&options, &mut server, NOW);
    verdict::report(&conversation, &options, outcome);
    verdict::check_written(&options, &server.heard);
    let key = TlsServer::public_key();
    let holds_key = certificate.windows(key.len()).any(|part| part == key);
    assert!(
        holds_key || !server.is_secured(),
        "a certificate of somebody else"
    );
});
