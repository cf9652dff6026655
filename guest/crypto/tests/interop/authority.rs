//! Certificates made for one test each, with the `openssl` program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::server;

/// The name that every certificate is for.
pub(crate) const HOST: &str = "localhost";

/// A kind of certificate: what key the server has. Its authority has one of the same family; the
/// digests and paddings of the authorities' signatures vary, so that each occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa2048,
    /// Its authority signs with PSS.
    Rsa3072,
    Rsa4096,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    pub(crate) fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The options of `openssl req` that make the authority's key. Long RSA keys take long.
    fn key_of_authority(self) -> &'static [&'static str] {
        if self.is_rsa() {
            Self::Rsa2048.key()
        } else {
            self.key()
        }
    }

    /// The options of `openssl req` that make the server's key.
    fn key(self) -> &'static [&'static str] {
        match self {
            Self::Rsa2048 => &["-newkey", "rsa:2048"],
            Self::Rsa3072 => &["-newkey", "rsa:3072"],
            Self::Rsa4096 => &["-newkey", "rsa:4096"],
            Self::P256 => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Self::P384 => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
            Self::Ed25519 => &["-newkey", "ed25519"],
        }
    }

    /// The options of `openssl req` with which the authority signs.
    fn signature(self) -> &'static [&'static str] {
        match self {
            Self::Rsa3072 => &[
                "-sha384",
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:48",
            ],
            Self::Rsa4096 => &["-sha512"],
            Self::P256 => &["-sha384"],
            Self::Rsa2048 | Self::P384 => &["-sha256"],
            Self::Ed25519 => &[],
        }
    }
}

/// A server's certificate and that of its authority, as files that go when this is dropped.
pub(crate) struct Issued {
    directory: PathBuf,
}

impl Issued {
    pub(crate) fn new(kind: Kind) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);

        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("interop-{}-{number}", process::id());
        let issued = Self {
            directory: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name),
        };
        fs::create_dir_all(&issued.directory).unwrap();
        fs::write(
            issued.configuration(),
            "[req]\ndistinguished_name = dn\n[dn]\n",
        )
        .unwrap();
        issued.issue(kind);
        issued
    }

    fn issue(&self, kind: Kind) {
        let authority = [
            ["-subj", "/CN=authority"],
            ["-out", "authority.pem"],
            ["-keyout", "authority.key"],
            ["-addext", "basicConstraints=critical,CA:TRUE"],
        ];
        self.request(kind, kind.key_of_authority(), authority.as_flattened());
        let server = [
            ["-subj", "/CN=server"],
            ["-out", "server.pem"],
            ["-keyout", "server.key"],
            ["-addext", "subjectAltName=DNS:localhost"],
            ["-CA", "authority.pem"],
            ["-CAkey", "authority.key"],
        ];
        self.request(kind, kind.key(), server.as_flattened());
    }

    /// Makes a key and a certificate for it.
    fn request(&self, kind: Kind, key: &[&str], options: &[&str]) {
        let mut command = Command::new("openssl");
        command
            .env("OPENSSL_CONF", self.configuration())
            .current_dir(&self.directory);
        command.args(["req", "-x509", "-nodes", "-days", "2"]);
        command.args(key).args(kind.signature()).args(options);
        let output = command
            .output()
            .unwrap_or_else(|error| server::missing("openssl", &error));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {errors}");
    }

    /// A configuration of OpenSSL that is the same everywhere.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.directory.join("openssl.cnf")
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("server.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.directory.join("server.key")
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }

    /// The server's certificate and its key, for a client to show.
    pub(crate) fn identity(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let certificate = CertificateDer::from_pem_file(self.certificate()).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.key()).unwrap();
        (vec![certificate], key)
    }

    /// The server's key in the form that its kind has of old, which is labelled so.
    pub(crate) fn traditional_key(&self, label: &str) -> PrivateKeyDer<'static> {
        let mut command = Command::new("openssl");
        command
            .args(["pkey", "-traditional", "-in"])
            .arg(self.key());
        let output = command
            .output()
            .unwrap_or_else(|error| server::missing("openssl", &error));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(label), "{text}");
        PrivateKeyDer::from_pem_slice(&output.stdout).unwrap()
    }

    /// What a client of the server trusts.
    pub(crate) fn trust_anchors(&self) -> RootCertStore {
        let authority = CertificateDer::from_pem_file(self.authority());
        let mut anchors = RootCertStore::empty();
        anchors.add(authority.unwrap()).unwrap();
        anchors
    }
}

/// A new key, by the arguments of `openssl genpkey`.
pub(crate) fn generated_key(arguments: &[&str]) -> PrivateKeyDer<'static> {
    let mut command = Command::new("openssl");
    command.arg("genpkey").args(arguments);
    let output = command
        .output()
        .unwrap_or_else(|error| server::missing("openssl", &error));
    PrivateKeyDer::from_pem_slice(&output.stdout).unwrap()
}

impl Drop for Issued {
    fn drop(&mut self) {
        // What is left over does no harm.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
