//! SCRAM-SHA-256 (RFC 5802, RFC 7677), with channel binding where it is PLUS: each side proves that it
//! knows the password, and neither says it.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::exchange::Client;

/// The most iterations that are calculated; no more than a second of this sandbox.
const ITERATION_LIMIT: u32 = 1_000_000;

/// The least that RFC 7677 section 4 allows.
const LEAST_ITERATIONS: u32 = 4096;

const NONCE: usize = 18;

type Hash = [u8; 32];

/// What a login says about the connection that it goes over (RFC 5802 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// Nothing: it cannot be bound, or is not to be.
    None,
    /// It could be bound, and the server did not offer that. One that does offer it refuses such a
    /// login: somebody has changed what it said.
    NotOffered,
    /// It is good for the connection with this `tls-exporter` alone (RFC 9266).
    Exporter([u8; 32]),
}

impl Binding {
    /// RFC 5802 section 7: the binding, and no other identity.
    fn header(self) -> &'static str {
        match self {
            Self::None => "n,,",
            Self::NotOffered => "y,,",
            Self::Exporter(_) => "p=tls-exporter,,",
        }
    }

    /// What the proof is about beside the messages.
    fn input(&self) -> Vec<u8> {
        let data: &[u8] = match self {
            Self::None | Self::NotOffered => &[],
            Self::Exporter(data) => data,
        };
        [self.header().as_bytes(), data].concat()
    }
}

pub(super) struct Scram {
    binding: Binding,
    password: String,
    nonce: String,
    /// The client's first message, without the header.
    first: String,
    /// What the server has to sign with, once it is known.
    expected: Option<Hash>,
    is_proved: bool,
    /// The error that the server named.
    error: Option<String>,
}

impl Scram {
    pub(super) fn new(user: &str, password: &str, binding: Binding) -> Result<Self, String> {
        let mut random = [0; NONCE];
        getrandom::fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
        let nonce = Base64::encode_string(&random);
        Ok(Self::with_nonce(user, password, &nonce, binding))
    }

    fn with_nonce(user: &str, password: &str, nonce: &str, binding: Binding) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            binding,
            password: password.to_owned(),
            nonce: nonce.to_owned(),
            first: format!("n={user},r={nonce}"),
            expected: None,
            is_proved: false,
            error: None,
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
            Base64::encode_string(&self.binding.input()),
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
        Some(format!("{}{}", self.binding.header(), self.first).into_bytes())
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, String> {
        let challenge = str::from_utf8(challenge).map_err(|_| "the challenge is no text")?;
        if self.is_proved || self.error.is_some() {
            return Err("the server asks for more".to_owned());
        }
        // What comes of it is in the reply to nothing at all.
        if let Some(error) = challenge.strip_prefix("e=") {
            self.error = Some(error.to_owned());
            return Ok(Vec::new());
        }
        if let Some(expected) = self.expected.take() {
            self.verify(&expected, challenge)?;
            return Ok(Vec::new());
        }
        self.prove(challenge).map(String::into_bytes)
    }

    fn is_satisfied(&self) -> bool {
        self.is_proved
    }

    /// RFC 5802 section 7. What else it may name is the password's fault, or tells no more than the reply.
    fn reason(&self) -> Option<&'static str> {
        match self.error.as_deref()? {
            "channel-bindings-dont-match" => Some(
                "the channel binding does not match: TLS ends before the server that judges the login",
            ),
            "server-does-support-channel-binding" => {
                Some("the server does offer SCRAM-SHA-256-PLUS: its offer was changed on the way")
            }
            "channel-binding-not-supported" | "unsupported-channel-binding-type" => {
                Some("the server does not take the channel binding tls-exporter")
            }
            _ => None,
        }
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
        bound(Binding::None)
    }

    fn bound(binding: Binding) -> Scram {
        Scram::with_nonce("user", "pencil", "rOprNGfwEbeRWgbNEkqO", binding)
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
        for bad in ["v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "v=", ""] {
            let mut client = client();
            client.answer(FIRST).unwrap();
            assert!(client.answer(bad.as_bytes()).is_err(), "{bad}");
            assert!(!client.is_satisfied());
        }
    }

    #[test]
    fn the_binding_is_said_first_and_proved_with_the_rest() {
        let begin = |binding| String::from_utf8(bound(binding).first().unwrap()).unwrap();
        let answer = |binding| {
            let answer = bound(binding).answer(FIRST).unwrap();
            let answer = String::from_utf8(answer).unwrap();
            let (bare, proof) = answer.split_once(",p=").unwrap();
            let input = bare.split(',').next().and_then(|c| c.strip_prefix("c="));
            let input = Base64::decode_vec(input.unwrap()).unwrap();
            (input, proof.to_owned())
        };
        let exporter = Binding::Exporter([0xa5; 32]);
        assert!(begin(Binding::NotOffered).starts_with("y,,n=user,"));
        assert!(begin(exporter).starts_with("p=tls-exporter,,n=user,"));
        let (input, proof) = answer(exporter);
        assert_eq!(input, [&b"p=tls-exporter,,"[..], &[0xa5; 32]].concat());
        assert_ne!(proof, answer(Binding::Exporter([0x5a; 32])).1);
        assert_eq!(answer(Binding::NotOffered).0, b"y,,");
    }

    #[test]
    fn an_error_is_answered_with_nothing_and_explained() {
        for (error, reason) in [
            (
                "e=channel-bindings-dont-match",
                Some("the channel binding does not match"),
            ),
            (
                "e=server-does-support-channel-binding",
                Some("the server does offer SCRAM"),
            ),
            (
                "e=unsupported-channel-binding-type",
                Some("the server does not take"),
            ),
            ("e=invalid-proof", None),
            ("e=", None),
        ] {
            let mut early = client();
            assert_eq!(early.answer(error.as_bytes()), Ok(Vec::new()), "{error}");
            let mut client = client();
            client.answer(FIRST).unwrap();
            assert_eq!(client.answer(error.as_bytes()), Ok(Vec::new()), "{error}");
            assert!(!client.is_satisfied() && !early.is_satisfied());
            assert!(client.answer(FIRST).is_err());
            let told = client
                .reason()
                .map(|told| told.starts_with(reason.unwrap_or("?")));
            assert_eq!(told, reason.map(|_| true), "{error}");
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
