//! SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding: each side proves that it knows the
//! password, and neither says it.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::exchange::Client;

/// The most iterations that are calculated; no more than a second of this sandbox.
const ITERATION_LIMIT: u32 = 1_000_000;

/// The least that RFC 7677 section 4 allows.
const LEAST_ITERATIONS: u32 = 4096;

/// No channel binding, no other identity (RFC 5802 section 7).
const HEADER: &str = "n,,";

const NONCE: usize = 18;

type Hash = [u8; 32];

pub(super) struct Scram {
    password: String,
    nonce: String,
    /// The client's first message, without the header.
    first: String,
    /// What the server has to sign with, once it is known.
    expected: Option<Hash>,
    is_proved: bool,
}

impl Scram {
    pub(super) fn new(user: &str, password: &str) -> Result<Self, String> {
        let mut random = [0; NONCE];
        getrandom::fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
        Ok(Self::with_nonce(
            user,
            password,
            &Base64::encode_string(&random),
        ))
    }

    fn with_nonce(user: &str, password: &str, nonce: &str) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            password: password.to_owned(),
            nonce: nonce.to_owned(),
            first: format!("n={user},r={nonce}"),
            expected: None,
            is_proved: false,
        }
    }

    /// The proof, and what the server has to answer it with.
    fn prove(&mut self, challenge: &str) -> Result<String, String> {
        let server = ServerFirst::parse(challenge).ok_or("the challenge makes no sense")?;
        if !server.nonce.starts_with(&self.nonce) || server.nonce.len() == self.nonce.len() {
            return Err("the challenge is not about this login".to_owned());
        }
        if !(LEAST_ITERATIONS..=ITERATION_LIMIT).contains(&server.iterations) {
            return Err(format!(
                "{} iterations are asked for, from {LEAST_ITERATIONS} to {ITERATION_LIMIT} are calculated",
                server.iterations
            ));
        }
        let mut salted = Hash::default();
        let key = self.password.as_bytes();
        pbkdf2::pbkdf2_hmac::<Sha256>(key, &server.salt, server.iterations, &mut salted);
        let client_key = signature(&salted, b"Client Key");
        let bare = format!(
            "c={},r={}",
            Base64::encode_string(HEADER.as_bytes()),
            server.nonce
        );
        let message = format!("{},{challenge},{bare}", self.first);
        let stored = Hash::from(Sha256::digest(client_key));
        let client_signature = signature(&stored, message.as_bytes());
        let proof: Vec<u8> = client_key
            .iter()
            .zip(client_signature)
            .map(|(key, signature)| key ^ signature)
            .collect();
        let server_key = signature(&salted, b"Server Key");
        self.expected = Some(signature(&server_key, message.as_bytes()));
        Ok(format!("{bare},p={}", Base64::encode_string(&proof)))
    }

    fn verify(&mut self, expected: &Hash, answer: &str) -> Result<(), String> {
        let signature = answer.strip_prefix("v=").and_then(|text| {
            let text = text.split(',').next()?;
            Base64::decode_vec(text).ok()
        });
        if signature.as_deref() == Some(expected) {
            self.is_proved = true;
            return Ok(());
        }
        Err("the server did not prove that it knows the password".to_owned())
    }
}

impl Client for Scram {
    fn first(&mut self) -> Option<Vec<u8>> {
        Some(format!("{HEADER}{}", self.first).into_bytes())
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, String> {
        let challenge = str::from_utf8(challenge).map_err(|_| "the challenge is no text")?;
        if let Some(expected) = self.expected.take() {
            self.verify(&expected, challenge)?;
            return Ok(Vec::new());
        }
        if self.is_proved {
            return Err("the server asks for more".to_owned());
        }
        self.prove(challenge).map(String::into_bytes)
    }

    fn is_satisfied(&self) -> bool {
        self.is_proved
    }
}

/// The server's first message.
struct ServerFirst {
    nonce: String,
    salt: Vec<u8>,
    iterations: u32,
}

impl ServerFirst {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let nonce = parts.next()?.strip_prefix("r=")?.to_owned();
        let salt = Base64::decode_vec(parts.next()?.strip_prefix("s=")?).ok()?;
        let iterations = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        Some(Self {
            nonce,
            salt,
            iterations,
        })
    }
}

fn signature(key: &Hash, message: &[u8]) -> Hash {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Hash::default();
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: &[u8] = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn client() -> Scram {
        Scram::with_nonce("user", "pencil", "rOprNGfwEbeRWgbNEkqO")
    }

    /// RFC 7677 section 3.
    #[test]
    fn speaks_as_the_standard_shows() {
        let mut client = client();
        assert_eq!(client.first().unwrap(), b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert_eq!(
            client.answer(FIRST).unwrap(),
            &b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="[..]
        );
        assert!(!client.is_satisfied());
        let proof = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(client.answer(proof), Ok(Vec::new()));
        assert!(client.is_satisfied());
        assert!(client.answer(FIRST).is_err());
    }

    #[test]
    fn a_server_has_to_prove_itself() {
        for bad in [
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
            "v=",
            "e=other-error",
            "",
        ] {
            let mut client = client();
            client.answer(FIRST).unwrap();
            assert!(client.answer(bad.as_bytes()).is_err(), "{bad}");
            assert!(!client.is_satisfied());
        }
    }

    #[test]
    fn challenges_have_to_make_sense() {
        for bad in [
            "",
            "r=other,s=AAAA,i=4096",
            "r=rOprNGfwEbeRWgbNEkqO,s=AAAA,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=1",
            "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=4294967295",
            "r=rOprNGfwEbeRWgbNEkqOx,s=?,i=4096",
            "m=x,r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=4096",
        ] {
            assert!(client().answer(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(challenge in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = client().answer(&challenge);
        }
    }
}
