//! The table of all options.

use sandcheck_plugin::table::{Kind, Spec};

/// All options that this build of the check understands, in the order of the help text.
pub static SPECS: &[Spec] = &[
    Spec {
        name: "hostname",
        short: Some('H'),
        kind: Kind::Host,
        placeholder: "ADDRESS",
        default: Some("127.0.0.1"),
        help: "The server: a name, an IPv4 or IPv6 address, or the absolute path of a Unix socket",
        ..Spec::FLAG
    },
    Spec {
        name: "port",
        short: Some('p'),
        kind: Kind::Port,
        placeholder: "INTEGER",
        default: Some("25"),
        help: "The TCP port (25, or 465 with --ssl)",
        ..Spec::FLAG
    },
    Spec {
        name: "use-ipv4",
        short: Some('4'),
        help: "Connect over IPv4 only",
        ..Spec::FLAG
    },
    Spec {
        name: "use-ipv6",
        short: Some('6'),
        help: "Connect over IPv6 only; of -4 and -6 the last one counts",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "all-addresses",
        exact: true,
        help: "Check every address of the host (of the family, with -4 or -6); the worst counts",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "mx",
        kind: Kind::Domain,
        placeholder: "DOMAIN",
        exact: true,
        help: "Check every host that takes mail for the domain (its MX records) instead of -H, each\n\
               with all other options; the worst counts",
        ..Spec::FLAG
    },
    Spec {
        name: "expect",
        short: Some('e'),
        kind: Kind::Text,
        placeholder: "STRING",
        default: Some("220"),
        help: "Text that the greeting or the reply to HELO, EHLO or LHLO must contain.\n\
               220 stands for the reply code of the greeting",
        ..Spec::FLAG
    },
    Spec {
        name: "command",
        short: Some('C'),
        kind: Kind::Text,
        placeholder: "STRING",
        repeatable: true,
        help: "A command to send after the greeting; may be given several times",
        ..Spec::FLAG
    },
    #[cfg(feature = "pattern")]
    Spec {
        name: "response",
        short: Some('R'),
        kind: Kind::Text,
        placeholder: "STRING",
        repeatable: true,
        help: "What the reply to the command of the same rank must match: a POSIX extended\n\
               regular expression; may be given several times",
        ..Spec::FLAG
    },
    Spec {
        name: "from",
        short: Some('f'),
        kind: Kind::Text,
        placeholder: "STRING",
        help: "Send MAIL FROM with this address; empty for the null sender",
        ..Spec::FLAG
    },
    Spec {
        name: "fqdn",
        short: Some('F'),
        kind: Kind::Nodename,
        placeholder: "STRING",
        help: "The name to greet with (default: the name of this machine)",
        ..Spec::FLAG
    },
    #[cfg(feature = "tls")]
    Spec {
        name: "certificate",
        short: Some('D'),
        kind: Kind::Text,
        placeholder: "INTEGER[,INTEGER]",
        help: "Days that the server's certificate has to be valid: WARNING[,CRITICAL].\n\
               Without --ssl it is fetched by STARTTLS",
        ..Spec::FLAG
    },
    #[cfg(feature = "tls")]
    Spec {
        name: "ignore-certificate-expiration",
        exact: true,
        help: "A certificate that is expired, or soon will be, is no problem",
        ..Spec::FLAG
    },
    #[cfg(feature = "tls")]
    Spec {
        name: "starttls",
        short: Some('S'),
        help: "Use STARTTLS (RFC 3207)",
        ..Spec::FLAG
    },
    #[cfg(feature = "tls")]
    Spec {
        name: "ssl",
        short: Some('s'),
        aliases: &["--tls"],
        exact: true,
        implies: &[("port", Some("465"))],
        help: "Speak TLS from the first byte (RFC 8314); the port is 465 unless -p is given",
        ..Spec::FLAG
    },
    #[cfg(feature = "tls")]
    Spec {
        name: "sni",
        exact: true,
        help: "Send the host name in the TLS handshake; always done for names",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "verify",
        exact: true,
        implies: &[("ca-file", Some("system"))],
        help: "Verify the server's certificate: its chain to a trust anchor, its dates, the strength of\n\
               its keys, and that it is for the host of -H. CRITICAL before anything is sent when it is\n\
               not. With -D the whole chain has to be valid for so many days",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "verify-name",
        kind: Kind::Text,
        placeholder: "NAME",
        exact: true,
        implies: &[("verify", None), ("ca-file", Some("system"))],
        help: "Verify that the certificate is for this host name or address instead; the name is sent in\n\
               the handshake, too. Implies --verify",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "ca-file",
        kind: Kind::Anchors,
        placeholder: "PATH",
        exact: true,
        implies: &[("verify", None)],
        help: "The trust anchors, in PEM (default: those of the system). A self-signed certificate is its\n\
               own. Implies --verify",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "crl-file",
        kind: Kind::File,
        placeholder: "PATH",
        exact: true,
        implies: &[("verify", None), ("ca-file", Some("system"))],
        help: "Revocation lists, in PEM, of every authority of the chain. Implies --verify",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "fingerprint",
        kind: Kind::Text,
        placeholder: "SHA256",
        exact: true,
        repeatable: true,
        help: "The SHA-256 of the certificate or of its key, in hexadecimal digits, or sha256// and Base64:\n\
               CRITICAL before anything is sent when it has another one. With --verify or without; may\n\
               be given several times, then one has to be right",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "min-tls",
        kind: Kind::Text,
        placeholder: "VERSION",
        exact: true,
        help: "The least version of TLS, 1.2 or 1.3 (default: 1.2)",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "client-cert",
        kind: Kind::File,
        placeholder: "PATH",
        exact: true,
        help: "The certificate to show to a server that asks for one, its chain behind it, in PEM",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "client-key",
        kind: Kind::File,
        placeholder: "PATH",
        exact: true,
        help: "Its private key, in PEM; not needed when the certificate's file holds it",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "dane",
        exact: true,
        help: "The certificate has to match the server's TLSA records (RFC 7672), which DNSSEC has to\n\
               vouch for: usages 2 and 3; needs -S or -s and a host name",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "source",
        kind: Kind::Source,
        placeholder: "ADDRESS",
        exact: true,
        help: "Connect from this address of the machine, IPv4 or IPv6; addresses of the server of the other\n\
               family are left out. Not with a Unix socket",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "ehlo",
        exact: true,
        help: "Greet with EHLO where HELO would do, and with HELO when EHLO is refused",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "expect-keyword",
        kind: Kind::Text,
        placeholder: "KEYWORD",
        exact: true,
        repeatable: true,
        help: "CRITICAL when the reply to EHLO or LHLO, the one behind STARTTLS with -S, does not\n\
               offer this, such as SIZE or 'AUTH PLAIN'; may be given several times",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "require-starttls-before-auth",
        exact: true,
        help: "CRITICAL when AUTH is offered without TLS",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "rcpt",
        kind: Kind::Text,
        placeholder: "ADDRESS",
        exact: true,
        repeatable: true,
        help: "A recipient that must be accepted after MAIL FROM (-f, or the null sender): CRITICAL\n\
               when it is refused for good, WARNING when for now. RSET follows, nothing is sent;\n\
               may be given several times",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "no-relay",
        kind: Kind::Text,
        placeholder: "ADDRESS",
        exact: true,
        repeatable: true,
        help: "A recipient elsewhere that must be refused, or else the server is an open relay:\n\
               CRITICAL when it is accepted, WARNING when it is refused for now, as greylisting does;\n\
               may be given several times",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "smtputf8",
        exact: true,
        help: "Announce the sender (-f, or the null sender) with SMTPUTF8 (RFC 6531), for addresses with\n\
               other letters than ASCII: CRITICAL when the server does not offer or take it",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "strict",
        exact: true,
        help: "A command that is refused is a problem, those of -C without -R too: WARNING when for\n\
               now (4yz), CRITICAL when for good (5yz)",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "authtype",
        short: Some('A'),
        kind: Kind::Text,
        placeholder: "STRING",
        help: "Log in with this mechanism: LOGIN, PLAIN, CRAM-MD5, SCRAM-SHA-256, SCRAM-SHA-256-PLUS,\n\
               XOAUTH2, OAUTHBEARER, EXTERNAL, or AUTO for the best that is offered. Where the\n\
               password would go in clear, only LOGIN does without --allow-cleartext-auth",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "authuser",
        short: Some('U'),
        kind: Kind::Text,
        placeholder: "STRING",
        help: "The user name to log in with",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "authpass",
        short: Some('P'),
        kind: Kind::Secret,
        placeholder: "STRING",
        help: "The password to log in with, or the token for XOAUTH2 and OAUTHBEARER",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "allow-cleartext-auth",
        exact: true,
        help: "A password may go over a connection without TLS",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "expect-auth-failure",
        exact: true,
        help: "The login has to be refused: CRITICAL when it is accepted",
        ..Spec::FLAG
    },
    Spec {
        name: "lmtp",
        short: Some('L'),
        help: "Speak LMTP (RFC 2033): greet with LHLO",
        ..Spec::FLAG
    },
    Spec {
        name: "ignore-quit-failure",
        short: Some('q'),
        help: "A QUIT that cannot be sent is no problem",
        ..Spec::FLAG
    },
    Spec {
        name: "proxy",
        short: Some('r'),
        exact: true,
        help: "Send a PROXY protocol header first: PROXY TCP4 0.0.0.0 0.0.0.0 25 25",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "proxy-version",
        kind: Kind::Text,
        placeholder: "INTEGER",
        exact: true,
        help: "Send a header of this version of the PROXY protocol, 1 or 2 (1 when only addresses are given);\n\
               without --proxy-source it announces nobody: UNKNOWN, or LOCAL in version 2",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "proxy-source",
        kind: Kind::Text,
        placeholder: "ADDRESS",
        exact: true,
        help: "The client's address in the header of the PROXY protocol",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "proxy-source-port",
        kind: Kind::Integer,
        placeholder: "INTEGER",
        exact: true,
        help: "The client's port there (25)",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "proxy-dest",
        kind: Kind::Text,
        placeholder: "ADDRESS",
        exact: true,
        help: "The server's address there (that of -H, if it is one of the same family)",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "proxy-dest-port",
        kind: Kind::Integer,
        placeholder: "INTEGER",
        exact: true,
        help: "The server's port there (that of -p)",
        ..Spec::FLAG
    },
    Spec {
        name: "warning",
        short: Some('w'),
        aliases: &["-wt"],
        kind: LIMIT,
        placeholder: "RANGE",
        help: "WARNING when the response time is longer than this many seconds, or outside of a range\n\
               such as 0.1:5",
        ..Spec::FLAG
    },
    Spec {
        name: "critical",
        short: Some('c'),
        aliases: &["-ct"],
        kind: LIMIT,
        placeholder: "RANGE",
        help: "CRITICAL when the response time is longer than this many seconds, or outside of a range",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "timings",
        exact: true,
        help: "Add the time of each phase to the performance data, and the days that are left of the\n\
               certificate; when the time runs out, say where",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "warning-phase",
        kind: Kind::Text,
        placeholder: "PHASE=RANGE",
        exact: true,
        repeatable: true,
        help: "WARNING when a phase takes longer than this, such as greeting=2: resolve, connect,\n\
               greeting, ehlo, starttls, tls, auth, mail, rcpt, command, quit, or total; may be given\n\
               several times",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "critical-phase",
        kind: Kind::Text,
        placeholder: "PHASE=RANGE",
        exact: true,
        repeatable: true,
        help: "CRITICAL when a phase takes longer than this; may be given several times",
        ..Spec::FLAG
    },
    Spec {
        name: "timeout",
        short: Some('t'),
        aliases: &["-to"],
        kind: Kind::Timeout,
        placeholder: "INTEGER[:STATE]",
        default: Some("10"),
        help: "Seconds for the whole check, name look-up included, and the state when they are over:\n\
               ok, warning, critical (as without it) or unknown, or 0 to 3",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "output",
        kind: Kind::Output,
        placeholder: "FORM",
        exact: true,
        help: "How the result is shown: text, json (one line, for programs) or openmetrics (for\n\
               Prometheus)",
        ..Spec::FLAG
    },
    #[cfg(feature = "extended")]
    Spec {
        name: "no-server-text",
        exact: true,
        help: "Show nothing that the server says but its codes, for what is passed on to others",
        ..Spec::FLAG
    },
    Spec {
        name: "verbose",
        short: Some('v'),
        repeatable: cfg!(feature = "extended"),
        help: "Show what is said on the wire (a monitoring system may cut it). -vv: with times and\n\
               directions, and what TLS came to; -vvv: why things are done as they are, and the\n\
               whole chain of certificates",
        ..Spec::FLAG
    },
];

/// Of what -w and -c take; what is more than a number is for the build that knows ranges.
const LIMIT: Kind = if cfg!(feature = "extended") {
    Kind::Range
} else {
    Kind::Number
};
