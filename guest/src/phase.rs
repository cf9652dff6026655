//! The parts of a check, in the order in which they come.

/// One part. What is done twice, as EHLO before and behind STARTTLS, is one part nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What is looked up before there is a connection: the addresses of a name, TLSA records.
    Resolve,
    /// Connecting; the look-up of the name, too, where that was not done apart.
    Connect,
    /// Until the whole greeting is there; a PROXY header is sent first.
    Greeting,
    /// EHLO, HELO or LHLO, and the reply to it.
    Ehlo,
    /// STARTTLS, and the reply to it.
    StartTls,
    /// The handshake.
    Tls,
    /// The login.
    Auth,
    /// MAIL FROM, and the reply to it.
    Mail,
    /// RCPT TO for all recipients, and RSET.
    Rcpt,
    /// The commands of `-C`.
    Command,
    /// QUIT, and the reply to it.
    Quit,
}
