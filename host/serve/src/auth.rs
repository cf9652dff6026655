//! Names and passwords. A password is compared with its bcrypt hash once, on another thread and one at a
//! time, and then remembered; a name that does not exist takes as long as one that does.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use base64ct::{Base64, Encoding};
use bcrypt::HashParts;
use rustls::crypto::ring;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

/// So many passwords are remembered.
const REMEMBERED: usize = 100;

/// What stands behind the cost in a hash that no password has.
const FAKE: &str = "$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/// Who may come in.
pub(crate) struct Users {
    hashes: BTreeMap<String, String>,
    /// For names that do not exist, as costly as the costliest one.
    fake: String,
    /// What is remembered is of no use to anybody who reads it.
    salt: [u8; 32],
    good: Mutex<HashSet<[u8; 32]>>,
    turn: tokio::sync::Mutex<()>,
}

impl Users {
    pub(crate) fn new(hashes: BTreeMap<String, String>) -> Result<Self> {
        let mut most = 0;
        for (name, hash) in &hashes {
            let parts: HashParts = hash.parse().ok().with_context(|| {
                format!(
                    "{name}: its password is no bcrypt hash; to make one: htpasswd -nBC 10 {name}"
                )
            })?;
            most = most.max(parts.get_cost());
        }
        let mut salt = [0; 32];
        let provider = ring::default_provider();
        provider
            .secure_random
            .fill(&mut salt)
            .ok()
            .context("there is no randomness")?;
        Ok(Self {
            hashes,
            fake: format!("$2y${most:02}{FAKE}"),
            salt,
            good: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Whether a header `Authorization` is right.
    pub(crate) async fn let_in(&self, authorization: Option<&[u8]>) -> bool {
        let Some((name, password)) = authorization.and_then(credentials) else {
            return false;
        };
        let known = self.hashes.get(&name);
        let hash = known.unwrap_or(&self.fake).clone();
        let key = self.key(&name, &hash, &password);
        if self
            .good
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&key)
        {
            return true;
        }
        let _turn = self.turn.lock().await;
        let verified =
            spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false)).await;
        let is_good = known.is_some() && verified.unwrap_or(false);
        if is_good {
            self.remember(key);
        }
        is_good
    }

    fn remember(&self, key: [u8; 32]) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= REMEMBERED {
            good.clear();
        }
        good.insert(key);
    }

    fn key(&self, name: &str, hash: &str, password: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        for part in [name.as_bytes(), hash.as_bytes(), password] {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// RFC 7617 section 2.
fn credentials(header: &[u8]) -> Option<(String, Vec<u8>)> {
    let (scheme, encoded) = header.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = Base64::decode_vec(str::from_utf8(encoded).ok()?.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let name = String::from_utf8(decoded.get(..colon)?.to_vec()).ok()?;
    Some((name, decoded.get(colon + 1..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read() {
        let header = |text: &str| format!("Basic {}", Base64::encode_string(text.as_bytes()));
        let read = |header: &str| credentials(header.as_bytes());
        assert_eq!(
            read(&header("a:b:c")),
            Some(("a".to_owned(), b"b:c".to_vec()))
        );
        assert_eq!(read(&header(":")), Some((String::new(), Vec::new())));
        for wrong in [
            "",
            "Basic",
            "Basic ",
            "Basic !",
            "Bearer YTpi",
            &header("a"),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_knows_a_password_is_let_in() {
        let hash = bcrypt::hash("secret", 4).unwrap();
        let users = Users::new(BTreeMap::from([("a".to_owned(), hash)])).unwrap();
        assert!(bcrypt::verify("x", &users.fake).is_ok(), "{}", users.fake);
        let header =
            |text: &str| format!("Basic {}", Base64::encode_string(text.as_bytes())).into_bytes();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            for (text, expected) in [
                ("a:secret", true),
                ("a:secret", true),
                ("a:other", false),
                ("b:secret", false),
                ("a:", false),
            ] {
                assert_eq!(users.let_in(Some(&header(text))).await, expected, "{text}");
            }
            assert!(!users.let_in(None).await);
        });
        assert_eq!(users.good.lock().unwrap().len(), 1);
    }
}
