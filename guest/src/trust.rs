//! What is asked of TLS beyond that there is some: a certificate that is verified, a version, a client's
//! certificate.

use std::io::{Read, Write};
use std::sync::Arc;

use sandcheck_plugin::certificate::{self, Lifetime};
use sandcheck_plugin::host_name::Host;
use sandcheck_plugin::misuse::Misuse;
use sandcheck_plugin::state::{Finding, State};
pub(crate) use sandcheck_plugin::tls::Terms;
use sandcheck_plugin::tls::{
    CertificateDer, Identity, IdentityError, PeerName, Pin, TlsError, Trust, Version,
};

use crate::dialogue::Session;
use crate::options::{Options, Security};
use crate::trace;
use crate::wire::Wire;

/// The options as they come.
#[derive(Default)]
pub(crate) struct Given {
    /// The first of these options, for a message.
    first: Option<String>,
    verify: bool,
    name: Option<String>,
    /// PEM.
    anchors: Option<String>,
    /// PEM.
    revoked: Option<String>,
    version: Version,
    pins: Vec<Pin>,
    /// PEM.
    certificate: Option<String>,
    /// PEM.
    key: Option<String>,
}

impl Given {
    /// Takes an option, if it is one of these.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), Misuse>> {
        let text = || Some(value.to_owned());
        match name {
            "verify" => self.verify = true,
            "verify-name" => (self.verify, self.name) = (true, text()),
            "ca-file" => (self.verify, self.anchors) = (true, text()),
            "crl-file" => (self.verify, self.revoked) = (true, text()),
            "min-tls" => match version(value) {
                Ok(version) => self.version = version,
                Err(misuse) => return Some(Err(misuse)),
            },
            "fingerprint" => match pin(value) {
                Ok(pin) => self.pins.push(pin),
                Err(misuse) => return Some(Err(misuse)),
            },
            "client-cert" => self.certificate = text(),
            "client-key" => self.key = text(),
            _ => return None,
        }
        self.first.get_or_insert_with(|| name.to_owned());
        Some(Ok(()))
    }

    /// The terms of these options; none without any.
    pub(crate) fn resolve(
        self,
        host: &Host,
        security: Security,
        ignores_expiration: bool,
    ) -> Result<Option<Terms>, Misuse> {
        let Some(first) = &self.first else {
            return Ok(None);
        };
        if security == Security::None {
            let message = format!("--{first} needs TLS");
            return Err(Misuse::hinted(message, "add -S/--starttls or -s/--ssl"));
        }
        if self.verify && ignores_expiration {
            return Err(Misuse::hinted(
                "Set either --verify or --ignore-certificate-expiration, they contradict",
                "an expired certificate is never verified; --fingerprint does not look at dates",
            ));
        }
        let peer = self.verify.then(|| self.peer(host)).transpose()?;
        let asked = peer.as_ref().and_then(PeerName::host_name);
        let asked = asked.or(host.name()).map(ToOwned::to_owned);
        let trust = peer.map(|peer| self.trust(peer)).transpose()?;
        Ok(Some(Terms {
            name: asked,
            version: self.version,
            trust: trust.map(Arc::new),
            dane: None,
            identity: self.identity()?,
            pins: self.pins,
        }))
    }

    fn trust(&self, peer: PeerName) -> Result<Trust, Misuse> {
        let anchors = self.anchors.as_deref().ok_or_else(|| {
            Misuse::hinted(
                "--verify needs trust anchors",
                "--ca-file names them where the host lends none of its own",
            )
        })?;
        let trust = Trust::new(anchors, peer)
            .map_err(|error| Misuse::new(format!("--ca-file: the file {error}")))?;
        match &self.revoked {
            Some(lists) => trust
                .with_revocation_lists(lists)
                .map_err(|error| Misuse::new(format!("--crl-file: the file {error}"))),
            None => Ok(trust),
        }
    }

    /// Whom the certificate has to be for.
    fn peer(&self, host: &Host) -> Result<PeerName, Misuse> {
        if let Some(name) = &self.name {
            return PeerName::parse(name).map_err(|_| {
                Misuse::hinted(
                    format!("Invalid name to verify - {name}"),
                    "--verify-name takes a host name in ASCII, or an address",
                )
            });
        }
        if let Host::Path(_) = host {
            return Err(Misuse::hinted(
                "--verify needs --verify-name with a Unix socket",
                "no certificate can be for a path",
            ));
        }
        PeerName::parse(&host.to_string()).map_err(|_| {
            Misuse::hinted(
                format!("No certificate can be for {host}"),
                "--verify-name tells for which host it has to be",
            )
        })
    }

    fn identity(&self) -> Result<Option<Identity>, Misuse> {
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err(Misuse::hinted(
                    "--client-key needs --client-cert",
                    "a key without a certificate proves nothing to the server",
                ));
            }
            // As with curl, one file may hold both.
            (Some(certificate), None) => (certificate, certificate),
            (Some(certificate), Some(key)) => (certificate, key),
        };
        let identity = Identity::parse(certificate, key).map_err(|error| match error {
            IdentityError::NoKey if self.key.is_none() => Misuse::hinted(
                "--client-cert needs --client-key",
                "or a file that holds both, the certificate and its private key",
            ),
            IdentityError::Certificate(_) => Misuse::new(format!("--client-cert: {error}")),
            _ => Misuse::new(format!("--client-key: {error}")),
        })?;
        Ok(Some(identity))
    }
}

/// `1.2` or `1.3`, with `TLSv` before it or not.
fn version(value: &str) -> Result<Version, Misuse> {
    match value.strip_prefix("TLSv").unwrap_or(value) {
        "1.2" => Ok(Version::V1_2),
        "1.3" => Ok(Version::V1_3),
        _ => Err(Misuse::hinted(
            format!("Invalid version of TLS - {value}"),
            "--min-tls takes 1.2 or 1.3; older versions are never spoken",
        )),
    }
}

fn pin(value: &str) -> Result<Pin, Misuse> {
    Pin::parse(value).ok_or_else(|| {
        Misuse::hinted(
            format!("Invalid fingerprint - {value}"),
            "--fingerprint takes a SHA-256: 64 hexadecimal digits, colons between them or not, or \
             sha256// and Base64",
        )
    })
}

/// Goes over to TLS, on the terms that there are.
pub(crate) fn secure<S: Read + Write>(
    wire: &mut Wire<S>,
    options: &Options,
) -> Result<(), TlsError> {
    match &options.terms {
        Some(terms) => wire.secure_on(terms),
        None => wire.secure(options.host.name()),
    }
}

/// What there is to say when a server's certificate is not accepted. Nothing of it begins like what is
/// said of a certificate's lifetime.
pub(crate) fn rejection(error: &TlsError, options: &Options) -> Option<Finding> {
    let TlsError::Rejected(reason) = error else {
        return None;
    };
    let reason = if options.no_server_text {
        reason.clone().with_names(trace::HIDDEN)
    } else {
        reason.clone()
    };
    Some(Finding {
        state: State::Critical,
        text: format!("CRITICAL - Certificate not verified: {reason}"),
    })
}

/// Judges what is left of the certificates that the server's own one depends on. Those that are good
/// for long are not mentioned.
pub(crate) fn check_chain<S: Read + Write>(session: &mut Session<'_, S>, limits: Lifetime) {
    let (now, is_hidden) = (session.now, session.options.no_server_text);
    let judge = |der: &CertificateDer<'_>| {
        if is_hidden {
            certificate::judge_as(Some(trace::HIDDEN), der, now, limits)
        } else {
            certificate::judge_authority(der, now, limits)
        }
    };
    let authorities = session.verified_chain().iter().skip(1);
    let findings: Vec<_> = authorities
        .filter_map(|der| judge(der).ok())
        .filter(|finding| finding.state != State::Ok)
        .collect();
    for finding in findings {
        session.find(finding.state, &finding.text);
    }
}

/// Says that the server ended TLS after the handshake, beside what came of that.
pub(crate) fn tell_refusal<S: Read + Write>(session: &mut Session<'_, S>, state: State) {
    let Some(alert) = session.refusal() else {
        return;
    };
    let terms = session.options.terms.as_ref();
    if terms.is_some_and(|terms| terms.identity.is_some()) {
        let text = format!("CRITICAL - the server refused the client certificate: alert {alert:?}");
        session.find(State::Critical, &text);
    } else {
        session.find(state, &TlsError::Refused(alert).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandcheck_plugin::host_name;

    fn terms(given: &[(&str, &str)], host: &str) -> Result<Option<Terms>, Misuse> {
        let mut options = Given::default();
        for (name, value) in given {
            options.take(name, value).expect("one of these")?;
        }
        let host = host_name::parse(host)?;
        options.resolve(&host, Security::StartTls, false)
    }

    fn refused(given: &[(&str, &str)], host: &str) -> String {
        terms(given, host).expect_err("refused").message
    }

    #[test]
    fn without_these_options_there_are_no_terms() {
        assert!(terms(&[], "mx.example.org").unwrap().is_none());
        assert!(Given::default().take("hostname", "mx").is_none());
    }

    #[test]
    fn versions_are_1_2_and_1_3() {
        for (value, version) in [
            ("1.2", Version::V1_2),
            ("1.3", Version::V1_3),
            ("TLSv1.3", Version::V1_3),
        ] {
            let terms = terms(&[("min-tls", value)], "mx").unwrap().unwrap();
            assert_eq!(terms.version, version);
        }
        for bad in ["", "1", "1.1", "1.4", "13", "SSLv3", "1.2 "] {
            assert_eq!(
                refused(&[("min-tls", bad)], "mx"),
                format!("Invalid version of TLS - {bad}")
            );
        }
    }

    #[test]
    fn all_of_it_needs_tls() {
        let mut options = Given::default();
        options.take("min-tls", "1.3").unwrap().unwrap();
        options
            .take("ca-file", "lent by the host")
            .unwrap()
            .unwrap();
        let resolved = options.resolve(&Host::Name("mx".into()), Security::None, false);
        assert_eq!(resolved.unwrap_err().message, "--min-tls needs TLS");
    }

    #[test]
    fn an_expired_certificate_cannot_be_verified() {
        let mut options = Given::default();
        options.take("verify", "").unwrap().unwrap();
        let resolved = options.resolve(&Host::Name("mx".into()), Security::Implicit, true);
        assert!(resolved.unwrap_err().message.starts_with("Set either"));
    }

    #[test]
    fn the_name_has_to_be_one_that_a_certificate_can_have() {
        let socket = "--verify needs --verify-name with a Unix socket";
        assert_eq!(refused(&[("verify", "")], "/run/lmtp"), socket);
        let zone = "No certificate can be for fe80::1%eth0";
        assert_eq!(refused(&[("verify", "")], "fe80::1%eth0"), zone);
        for bad in ["", "a b", "mx..org", "\u{fc}ml.example", "-x.example"] {
            let message = format!("Invalid name to verify - {bad}");
            assert_eq!(refused(&[("verify-name", bad)], "mx"), message);
        }
        for (name, host) in [("mx.example.org.", "/run/lmtp"), ("::1", "mx")] {
            let message = refused(&[("verify-name", name)], host);
            assert_eq!(message, "--verify needs trust anchors", "{name}");
        }
        assert_eq!(
            refused(&[("verify", "")], "::1"),
            "--verify needs trust anchors"
        );
    }

    #[test]
    fn files_hold_what_they_must() {
        let none = "--ca-file: the file holds no certificate (PEM: -----BEGIN CERTIFICATE-----)";
        assert_eq!(refused(&[("ca-file", "/etc/ssl")], "mx"), none);
        let damaged = "-----BEGIN CERTIFICATE-----\nMII";
        assert!(refused(&[("ca-file", damaged)], "mx").ends_with("cannot be decoded"));
        let alone = refused(&[("client-key", "x")], "mx");
        assert_eq!(alone, "--client-key needs --client-cert");
        assert!(refused(&[("client-cert", "x")], "mx").starts_with("--client-cert: "));
    }
}
