//! What the host grants, compared with what the check would connect to.

use check_smtp::options::Options;
use sandcheck::types::{Argument, Manifest};
use sandcheck::{Grants, Rules};
use sandcheck_plugin::host_name::Host;

/// Fails unless the endpoint of the options is granted, and another port of it is not. Of a domain it is the question for
/// the hosts that take its mail.
pub fn check(manifest: &Manifest, arguments: &[Argument], options: &Options) {
    let rules = Rules {
        trust_defaults: true,
        ..Rules::default()
    };
    let grants = Grants::named_by(manifest, arguments, rules);
    let allows = |host: &str, port| grants.allow_host(host, port).is_ok();
    if let Host::Path(path) = &options.host {
        assert!(grants.allow_unix(path).is_ok(), "{path} is not granted");
        assert!(!allows(path, options.port));
    } else if arguments.iter().any(|argument| argument.name == "mx") {
        let domain = options.host.to_string();
        assert!(
            grants.allow_exchanges(&domain).is_ok(),
            "{domain} is not granted"
        );
    } else {
        let host = options.host.to_string();
        assert!(
            allows(&host, options.port),
            "{host}:{} is not granted",
            options.port
        );
        assert!(
            !allows(&host, options.port ^ 1),
            "{host} is granted as a whole"
        );
        assert!(grants.allow_unix(&host).is_err());
    }
}
