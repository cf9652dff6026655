//! What a chain may be wrong in, and the words for it.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use sandcheck_plugin::tls::{CertificateDer, PeerName, Trust, UnixTime};

/// 2026-11-24, noon.
const NOW: u64 = 1_795_521_600;

/// Certificates of this test: a root, an intermediate authority and a server.
struct Chain {
    root: CertificateParams,
    intermediate: CertificateParams,
    leaf: CertificateParams,
}

/// A chain in DER, made of parameters.
struct Made {
    root: String,
    intermediate: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2030, 1, 1);
    parameters
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = named(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

fn server(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    let usual = named("mx");
    parameters.distinguished_name = usual.distinguished_name;
    parameters.not_before = usual.not_before;
    parameters.not_after = usual.not_after;
    parameters
}

impl Chain {
    fn good() -> Self {
        Self {
            root: authority("Root"),
            intermediate: authority("Intermediate"),
            leaf: server(&["mx.example.org", "192.0.2.1"]),
        }
    }

    fn make(self) -> Made {
        let [root_key, intermediate_key, leaf_key] = [(); 3].map(|()| KeyPair::generate().unwrap());
        let root = self.root.self_signed(&root_key).unwrap().pem();
        let root_issuer = Issuer::new(self.root, root_key);
        let intermediate = self.intermediate.signed_by(&intermediate_key, &root_issuer);
        let intermediate_issuer = Issuer::new(self.intermediate, intermediate_key);
        let leaf = self.leaf.signed_by(&leaf_key, &intermediate_issuer);
        Made {
            root,
            intermediate: intermediate.unwrap().der().clone(),
            leaf: leaf.unwrap().der().clone(),
        }
    }
}

impl Made {
    fn verify(&self, name: &str) -> Result<usize, String> {
        let sent = [self.leaf.clone(), self.intermediate.clone()];
        verify(&self.root, &sent, name)
    }
}

/// How long the chain is, or why there is none.
fn verify(anchors: &str, sent: &[CertificateDer<'_>], name: &str) -> Result<usize, String> {
    let trust = Trust::new(anchors, PeerName::parse(name).unwrap()).unwrap();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW));
    let chain = trust.verify(sent, now);
    chain
        .map(|chain| chain.len())
        .map_err(|rejection| rejection.to_string())
}

fn wrong(chain: Chain) -> String {
    chain.make().verify("mx.example.org").unwrap_err()
}

#[test]
fn a_good_chain_is_verified_for_its_names_and_addresses() {
    let made = Chain::good().make();
    for name in ["mx.example.org", "MX.example.org.", "192.0.2.1"] {
        assert_eq!(made.verify(name), Ok(3), "{name}");
    }
    let is_for = "name mismatch: certificate is for mx.example.org, 192.0.2.1, not for";
    for name in ["example.org", "a.mx.example.org", "192.0.2.2", "::1"] {
        assert_eq!(made.verify(name), Err(format!("{is_for} {name}")));
    }
}

#[test]
fn a_common_name_is_no_name() {
    let mut chain = Chain::good();
    chain.leaf = named("mx.example.org");
    assert_eq!(
        wrong(chain),
        "name mismatch: certificate is for no host at all (its common name does not count), not for \
         mx.example.org"
    );
}

#[test]
fn the_certificate_with_the_wrong_dates_is_named() {
    type Part = fn(&mut Chain) -> &mut CertificateParams;
    let parts: [(&str, Part); 3] = [
        ("mx", |chain| &mut chain.leaf),
        ("Intermediate", |chain| &mut chain.intermediate),
        ("Root", |chain| &mut chain.root),
    ];
    for (name, part) in parts {
        let mut chain = Chain::good();
        part(&mut chain).not_after = date_time_ymd(2026, 11, 21);
        let expired = format!("'{name}' expired 3 days ago (2026-11-21)");
        assert_eq!(wrong(chain), expired);
        let mut chain = Chain::good();
        part(&mut chain).not_before = date_time_ymd(2026, 12, 30);
        let early = format!("'{name}' is not valid before 2026-12-30 (in 35 days)");
        assert_eq!(wrong(chain), early);
    }
}

#[test]
fn the_issuer_that_is_missing_is_named() {
    let made = Chain::good().make();
    let missing = |issuer: &str, subject: &str| {
        format!(
            "issuer unknown: '{issuer}', which signed '{subject}', is neither a trust anchor nor sent \
             by the server"
        )
    };
    let sent = [made.leaf.clone()];
    let without = verify(&made.root, &sent, "mx.example.org");
    assert_eq!(without, Err(missing("Intermediate", "mx")));
    let mut other = authority("Other");
    other.not_before = date_time_ymd(2021, 1, 1);
    let other = other.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let sent = [made.leaf.clone(), made.intermediate.clone()];
    let untrusted = verify(&other.pem(), &sent, "mx.example.org");
    assert_eq!(untrusted, Err(missing("Root", "Intermediate")));
    let root = rustls::pki_types::pem::PemObject::from_pem_slice(made.root.as_bytes());
    let sent = [made.leaf.clone(), made.intermediate.clone(), root.unwrap()];
    assert_eq!(
        verify(&other.pem(), &sent, "mx.example.org").unwrap_err(),
        "issuer unknown: root 'Root' is no trust anchor"
    );
}

#[test]
fn certificates_that_name_each_other_end_somewhere() {
    let made = Chain::good().make();
    let sent = vec![made.intermediate.clone(); 100];
    let sent = [vec![made.leaf.clone()], sent].concat();
    assert_eq!(verify(&made.root, &sent, "mx.example.org"), Ok(3));
    let other = authority("Other").self_signed(&KeyPair::generate().unwrap());
    let untrusted = verify(&other.unwrap().pem(), &sent, "mx.example.org");
    assert!(untrusted.unwrap_err().starts_with("issuer unknown: "));
}

#[test]
fn another_key_under_the_issuers_name_is_noticed() {
    let (one, other) = (Chain::good().make(), Chain::good().make());
    let sent = [one.leaf.clone(), one.intermediate.clone()];
    let forged = verify(&other.root, &sent, "mx.example.org").unwrap_err();
    assert!(forged.starts_with("wrong signature: 'mx'"), "{forged}");
}

#[test]
fn a_self_signed_certificate_is_trusted_by_itself_alone() {
    for parameters in [server(&["mx.example.org"]), authority("mx")] {
        let mut parameters = parameters;
        parameters.subject_alt_names = server(&["mx.example.org"]).subject_alt_names;
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let sent = [certificate.der().clone()];
        let pem = certificate.pem();
        assert_eq!(verify(&pem, &sent, "mx.example.org"), Ok(1));
        let mismatch = verify(&pem, &sent, "mail.example.org").unwrap_err();
        assert!(mismatch.starts_with("name mismatch: "), "{mismatch}");
        let other = Chain::good().make().root;
        let untrusted = verify(&other, &sent, "mx.example.org").unwrap_err();
        let begin = "'mx' is self-signed and no trust anchor; ";
        assert!(untrusted.starts_with(begin), "{untrusted}");
        parameters.not_after = date_time_ymd(2026, 11, 1);
        let expired = parameters.self_signed(&key).unwrap();
        let sent = [expired.der().clone()];
        let reason = verify(&expired.pem(), &sent, "mx.example.org").unwrap_err();
        assert!(reason.starts_with("'mx' expired 23 days ago"), "{reason}");
    }
}

#[test]
fn authorities_and_servers_are_told_apart() {
    let mut chain = Chain::good();
    chain.leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(
        wrong(chain),
        "'mx' is an authority's certificate, not a server's"
    );
    let mut chain = Chain::good();
    chain.intermediate.is_ca = IsCa::NoCa;
    assert_eq!(
        wrong(chain),
        "'mx' was issued by a certificate that is no authority's"
    );
    let mut chain = Chain::good();
    chain.leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert!(wrong(chain).ends_with("is not for servers (extended key usage)"));
}

#[test]
fn a_server_that_sends_nothing_or_nonsense_is_refused() {
    let root = Chain::good().make().root;
    assert_eq!(
        verify(&root, &[], "mx.example.org").unwrap_err(),
        "the server sent no certificate"
    );
    for nonsense in [&b""[..], b"\x30\x00", &[0xff; 40]] {
        let sent = [CertificateDer::from(nonsense)];
        let reason = verify(&root, &sent, "mx.example.org").unwrap_err();
        assert!(reason.ends_with("is malformed"), "{reason}");
    }
    let good = Chain::good().make();
    let sent = [good.leaf.clone(), CertificateDer::from(&[0xff; 40][..])];
    let reason = verify(&good.root, &sent, "mx.example.org").unwrap_err();
    let second = "issuer unknown: certificate 2 of those that the server sent is malformed";
    assert_eq!(reason, second);
}

#[test]
fn anchors_that_cannot_be_read_are_left_out() {
    let good = Chain::good().make();
    let nonsense = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let name = || PeerName::parse("mx.example.org").unwrap();
    let text = |anchors: &str| {
        Trust::new(anchors, name())
            .map(drop)
            .map_err(|e| e.to_string())
    };
    assert_eq!(text(&[nonsense, &good.root].concat()), Ok(()));
    assert!(text(nonsense).unwrap_err().contains("cannot be decoded"));
    assert!(text("").unwrap_err().starts_with("holds no certificate"));
}
