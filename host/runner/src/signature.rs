//! Signatures as cosign makes them with a key pair: ECDSA over P-256 and SHA-256 of a payload that names
//! a manifest's digest ("simple signing"). The payloads are the layers of a manifest of their own, the
//! signatures their annotations, and its tag is `sha256-DIGEST.sig`.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use base64ct::{Base64, Encoding};
use p256::SecretKey;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey};
use serde::{Deserialize, Serialize};

use crate::artifact::{Annotations, Artifact, Descriptor, Manifest};
use crate::digest::Digest;

/// Where a layer has its signature: DER in base64.
pub(crate) const ANNOTATION: &str = "dev.cosignproject.cosign/signature";

const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const TYPE: &str = "cosign container image signature";

/// The largest file of a key, in bytes.
const KEY_LIMIT: u64 = 64 << 10;

/// A payload and its signature.
pub(crate) type Signed = (Vec<u8>, String);

/// What is signed.
#[derive(Deserialize, Serialize)]
struct Payload {
    critical: Critical,
    optional: Option<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    docker_reference: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: Digest,
}

/// Somebody whose signature can be recognised.
pub(crate) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From a file in PEM, as `cosign generate-key-pair` and `openssl ec -pubout` write it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let read = || {
            let text = read_key(path)?;
            let key = VerifyingKey::from_public_key_pem(text.trim());
            key.map(Self)
                .ok()
                .context("is no public key of the curve P-256 in PEM (BEGIN PUBLIC KEY)")
        };
        read().with_context(|| format!("key {}", path.display()))
    }

    /// Whether this key signed that manifest there.
    pub(crate) fn verifies(&self, digest: &Digest, payload: &[u8], signature: &str) -> bool {
        let signature = Base64::decode_vec(signature)
            .ok()
            .and_then(|der| Signature::from_der(&der).ok());
        let is_signed =
            signature.is_some_and(|signature| self.0.verify(payload, &signature).is_ok());
        let signed = serde_json::from_slice::<Payload>(payload);
        is_signed
            && signed.is_ok_and(|Payload { critical, .. }| {
                critical.kind == TYPE && critical.image.docker_manifest_digest == *digest
            })
    }
}

/// Signs a manifest that is known by that name; returns the payload and the signature.
pub(crate) fn sign(name: &str, digest: &Digest, key: &SigningKey) -> Result<Signed> {
    let payload = serde_json::to_vec(&Payload {
        critical: Critical {
            identity: Identity {
                docker_reference: name.to_owned(),
            },
            image: Image {
                docker_manifest_digest: digest.clone(),
            },
            kind: TYPE.to_owned(),
        },
        optional: None,
    })?;
    let signature: Signature = key.sign(&payload);
    let signature = Base64::encode_string(signature.to_der().as_bytes());
    Ok((payload, signature))
}

/// A private key from a file in PEM: PKCS #8, or what `openssl ecparam -genkey` writes.
pub(crate) fn private_key(path: &Path) -> Result<SigningKey> {
    let read = || {
        let text = read_key(path)?;
        ensure!(
            !text.contains("ENCRYPTED"),
            "is encrypted; to decrypt it: openssl pkcs8 -in FILE -out OTHER, in a folder that is yours alone"
        );
        let others = fs::metadata(path)?.mode() & 0o077;
        ensure!(others == 0, "others may read it: chmod 600 it");
        let text = text.trim();
        let key = SigningKey::from_pkcs8_pem(text).ok();
        let key = key.or_else(|| Some(SecretKey::from_sec1_pem(ec_part(text)?).ok()?.into()));
        key.context("is no private key of the curve P-256 in PEM (BEGIN PRIVATE KEY)")
    };
    read().with_context(|| format!("key {}", path.display()))
}

/// OpenSSL writes the curve's parameters in front of such a key.
fn ec_part(text: &str) -> Option<&str> {
    text.get(text.find("-----BEGIN EC PRIVATE KEY-----")?..)
}

/// The manifest of signatures, one more than there were.
pub(crate) fn add(before: Vec<Signed>, new: Signed) -> Result<Artifact> {
    let signatures: Vec<_> = before.into_iter().chain([new]).collect();
    let layers: Vec<_> = signatures
        .iter()
        .map(|(payload, signature)| layer(payload, signature))
        .collect();
    let digests: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let config = serde_json::to_vec(&serde_json::json!({
        "architecture": "",
        "config": {},
        "created": "0001-01-01T00:00:00Z",
        "history": vec![serde_json::json!({"created": "0001-01-01T00:00:00Z"}); layers.len()],
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": digests},
    }))?;
    let manifest = Manifest::new(Descriptor::of(CONFIG, &config), layers, Annotations::new());
    let payloads = signatures.into_iter().map(|(payload, _)| payload);
    Ok(Artifact {
        manifest: serde_json::to_vec(&manifest)?,
        objects: std::iter::once(config).chain(payloads).collect(),
    })
}

fn layer(payload: &[u8], signature: &str) -> Descriptor {
    let mut layer = Descriptor::of(PAYLOAD, payload);
    layer
        .annotations
        .insert(ANNOTATION.to_owned(), signature.to_owned());
    layer
}

fn read_key(path: &Path) -> Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        bail!("is no file");
    }
    file.take(KEY_LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> (SigningKey, PublicKey) {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let public = PublicKey(*key.verifying_key());
        (key, public)
    }

    #[test]
    fn a_signature_is_for_one_digest_and_by_one_key() {
        let ((key, public), (_, other)) = (key(1), key(2));
        let digest = Digest::of(b"manifest");
        let (payload, signature) = sign("r.example/a", &digest, &key).unwrap();
        assert!(public.verifies(&digest, &payload, &signature));
        assert!(!other.verifies(&digest, &payload, &signature));
        assert!(!public.verifies(&Digest::of(b"another one"), &payload, &signature));
        let mut changed = payload.clone();
        changed[0] ^= 1;
        assert!(!public.verifies(&digest, &changed, &signature));
        for signature in ["", "!", "AAAA", &signature[4..]] {
            assert!(
                !public.verifies(&digest, &payload, signature),
                "{signature}"
            );
        }
    }

    #[test]
    fn another_kind_of_payload_counts_for_nothing() {
        let (key, public) = key(1);
        let digest = Digest::of(b"manifest");
        let (payload, _) = sign("r.example/a", &digest, &key).unwrap();
        let other = String::from_utf8(payload)
            .unwrap()
            .replace(TYPE, "atomic container signature");
        let signature: Signature = key.sign(other.as_bytes());
        let signature = Base64::encode_string(signature.to_der().as_bytes());
        assert!(!public.verifies(&digest, other.as_bytes(), &signature));
    }
}
