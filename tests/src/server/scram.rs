//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), with *ring*'s arithmetic and rustls' exporter:
//! nothing of it is the program's.

use std::num::NonZeroU32;

use base64ct::{Base64, Encoding};
use ring::digest::{SHA256, digest};
use ring::{hmac, pbkdf2};

use super::script::{Scram, Twist};

const SALT: &[u8] = b"a salt of a test";
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// The first message of a client.
pub(super) struct First {
    mechanism: String,
    /// The binding flag and whom to act for, with the comma behind each.
    header: String,
    /// The message without the header.
    bare: String,
    /// The server's message to it.
    pub(super) answer: String,
}

/// What a login comes to.
pub(super) struct Judged {
    /// How it is bound, and what is wrong with it: `p=tls-exporter,, invalid-proof`.
    pub(super) note: String,
    /// The server's last message.
    pub(super) answer: String,
    pub(super) accepted: bool,
}

impl First {
    /// Reads a command; none when it does not begin such a login of this user.
    pub(super) fn parse(line: &str, scram: &Scram) -> Option<Self> {
        let (mechanism, message) = line.strip_prefix("AUTH ")?.split_once(' ')?;
        let message = text(message)?;
        let (at, _) = message.match_indices(',').nth(1)?;
        let (header, bare) = message.split_at(at + 1);
        let nonce = bare.strip_prefix(&format!("n={},r=", scram.user()))?;
        let salt = Base64::encode_string(SALT);
        Some(Self {
            mechanism: mechanism.to_owned(),
            header: header.to_owned(),
            bare: bare.to_owned(),
            answer: format!("r={nonce}of-the-server,s={salt},i={ITERATIONS}"),
        })
    }

    /// Judges the client's last message; `channel` is what the connection can be bound to.
    pub(super) fn judge(&self, line: &str, scram: &Scram, channel: Option<[u8; 32]>) -> Judged {
        let (problem, signature) = match self.check(line, scram, channel) {
            Ok(signature) => (None, signature),
            Err(problem) => (Some(problem), String::new()),
        };
        Judged {
            note: format!("{} {}", self.header, problem.unwrap_or("proved")),
            answer: match (problem, scram.twist) {
                (Some(problem), _) => format!("e={problem}"),
                (None, Some(Twist::Forged)) => format!("v={}", Base64::encode_string(&[7; 32])),
                (None, _) => format!("v={signature}"),
            },
            accepted: problem.is_none(),
        }
    }

    /// The server's signature, or what is wrong, by its name in RFC 5802 section 7.
    fn check(
        &self,
        line: &str,
        scram: &Scram,
        channel: Option<[u8; 32]>,
    ) -> Result<String, &'static str> {
        let bound = self.binding(scram, channel)?;
        let last = text(line).ok_or("invalid-encoding")?;
        let (unproved, proof) = last.rsplit_once(",p=").ok_or("other-error")?;
        let (_, rest) = self.answer.split_once("r=").ok_or("other-error")?;
        let (nonce, _) = rest.split_once(',').ok_or("other-error")?;
        let bound = Base64::encode_string(&[self.header.as_bytes(), &bound].concat());
        if !unproved.starts_with(&format!("c={bound},")) {
            return Err("channel-bindings-dont-match");
        }
        if unproved != format!("c={bound},r={nonce}") {
            return Err("other-error");
        }
        let message = format!("{},{},{unproved}", self.bare, self.answer);
        signature(scram.password(), &message, proof).ok_or("invalid-proof")
    }

    /// What the client has to have bound the login to.
    fn binding(&self, scram: &Scram, channel: Option<[u8; 32]>) -> Result<Vec<u8>, &'static str> {
        match (self.header.as_str(), self.mechanism.as_str()) {
            ("y,,", "SCRAM-SHA-256") if scram.plus => Err("server-does-support-channel-binding"),
            ("n,," | "y,,", "SCRAM-SHA-256") => Ok(Vec::new()),
            ("p=tls-exporter,,", "SCRAM-SHA-256-PLUS") if !scram.plus => {
                Err("channel-binding-not-supported")
            }
            ("p=tls-exporter,,", "SCRAM-SHA-256-PLUS") => {
                let mut channel = channel.ok_or("unsupported-channel-binding-type")?;
                if scram.twist == Some(Twist::Elsewhere) {
                    channel[0] ^= 1;
                }
                Ok(channel.to_vec())
            }
            (header, "SCRAM-SHA-256-PLUS") if header.starts_with("p=") => {
                Err("unsupported-channel-binding-type")
            }
            _ => Err("other-error"),
        }
    }
}

/// Checks the proof, and makes the server's of the same message (RFC 5802 section 3).
fn signature(password: &str, message: &str, proof: &str) -> Option<String> {
    let proof = Base64::decode_vec(proof).ok()?;
    let mut salted = [0; 32];
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(
        algorithm,
        ITERATIONS,
        SALT,
        password.as_bytes(),
        &mut salted,
    );
    let client_key = sign(&salted, b"Client Key");
    let stored = digest(&SHA256, client_key.as_ref());
    let client_signature = sign(stored.as_ref(), message.as_bytes());
    let pairs = client_key.as_ref().iter().zip(client_signature.as_ref());
    let right: Vec<u8> = pairs.map(|(key, signature)| key ^ signature).collect();
    let server_key = sign(&salted, b"Server Key");
    let signature = sign(server_key.as_ref(), message.as_bytes());
    (proof == right).then(|| Base64::encode_string(signature.as_ref()))
}

fn sign(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

fn text(line: &str) -> Option<String> {
    String::from_utf8(Base64::decode_vec(line).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(mechanism: &str, message: &str, scram: &Scram) -> Option<First> {
        let message = Base64::encode_string(message.as_bytes());
        First::parse(&format!("AUTH {mechanism} {message}"), scram)
    }

    fn scram(words: &str) -> Scram {
        toml::from_str(&format!("scram = 'user:pencil'\n{words}")).unwrap()
    }

    #[test]
    fn only_the_user_begins_a_login() {
        let server = scram("");
        let first = login("SCRAM-SHA-256", "n,,n=user,r=abc", &server).unwrap();
        assert!(first.answer.starts_with("r=abcof-the-server,s="));
        assert!(login("SCRAM-SHA-256", "n,,n=other,r=abc", &server).is_none());
        assert!(login("SCRAM-SHA-256", "n,n=user,r=abc", &server).is_none());
        assert!(First::parse("AUTH SCRAM-SHA-256", &server).is_none());
    }

    #[test]
    fn a_proof_is_one_for_its_message_and_password() {
        // RFC 7677 section 3, but for the salt: the client's proof by its own definition.
        let proved = |password: &str| {
            let mut salted = [0; 32];
            let (algorithm, secret) = (pbkdf2::PBKDF2_HMAC_SHA256, password.as_bytes());
            pbkdf2::derive(algorithm, ITERATIONS, SALT, secret, &mut salted);
            let key = sign(&salted, b"Client Key");
            let stored = digest(&SHA256, key.as_ref());
            let signature = sign(stored.as_ref(), b"message");
            let proof: Vec<u8> = key
                .as_ref()
                .iter()
                .zip(signature.as_ref())
                .map(|(a, b)| a ^ b)
                .collect();
            Base64::encode_string(&proof)
        };
        assert!(signature("pencil", "message", &proved("pencil")).is_some());
        assert!(signature("pencil", "message", &proved("pen")).is_none());
        assert!(signature("pencil", "other", &proved("pencil")).is_none());
    }

    #[test]
    fn bindings_are_told_apart() {
        let problem = |mechanism: &str, header: &str, words: &str, channel| {
            let server = scram(words);
            let first = login(mechanism, &format!("{header}n=user,r=abc"), &server).unwrap();
            first.binding(&server, channel).err()
        };
        let (plain, plus) = ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS");
        let channel = Some([1; 32]);
        let (not_offered, unknown, other) = (
            Some("server-does-support-channel-binding"),
            Some("unsupported-channel-binding-type"),
            Some("other-error"),
        );
        for (mechanism, header, words, channel, expected) in [
            (plain, "n,,", "plus = true", channel, None),
            (plain, "y,,", "", channel, None),
            (plain, "y,,", "plus = true", channel, not_offered),
            (plus, "p=tls-exporter,,", "plus = true", channel, None),
            (plus, "p=tls-unique,,", "plus = true", channel, unknown),
            (plus, "p=tls-exporter,,", "plus = true", None, unknown),
            (plus, "n,,", "plus = true", channel, other),
            (plain, "p=tls-exporter,,", "plus = true", channel, other),
        ] {
            let found = problem(mechanism, header, words, channel);
            assert_eq!(found, expected, "{mechanism} {header} {words}");
        }
    }
}
