//! Key exchange groups.

mod nist;
mod x25519;

use rustls::crypto::SupportedKxGroup;
use rustls::{Error, PeerMisbehaved};

/// All groups, the preferred one first.
pub(crate) static ALL: &[&dyn SupportedKxGroup] =
    &[&x25519::X25519, &nist::SECP256R1, &nist::SECP384R1];

/// What a peer's unusable key share means to rustls.
fn invalid_key_share() -> Error {
    PeerMisbehaved::InvalidKeyShare.into()
}

#[cfg(test)]
mod tests {
    use rustls::{Error, PeerMisbehaved};

    use super::ALL;

    const REFUSED: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

    #[test]
    fn two_sides_agree() {
        let lengths = [32, 65, 97];
        for (group, length) in ALL.iter().zip(lengths) {
            let (client, server) = (group.start().unwrap(), group.start().unwrap());
            assert_eq!(client.group(), group.name());
            assert_eq!(client.pub_key().len(), length, "{group:?}");
            let (client_share, server_share) =
                (client.pub_key().to_vec(), server.pub_key().to_vec());
            let client_secret = client.complete(&server_share).unwrap();
            let server_secret = server.complete(&client_share).unwrap();
            assert_eq!(
                client_secret.secret_bytes(),
                server_secret.secret_bytes(),
                "{group:?}"
            );
        }
    }

    #[test]
    fn every_exchange_has_a_key_of_its_own() {
        for group in ALL {
            let (one, other) = (group.start().unwrap(), group.start().unwrap());
            assert_ne!(one.pub_key(), other.pub_key(), "{group:?}");
        }
    }

    #[test]
    fn shares_of_a_wrong_length_are_refused() {
        for group in ALL {
            let share = group.start().unwrap().pub_key().to_vec();
            let longer = [&share[..], &[0]].concat();
            for share in [&share[..share.len() - 1], &share[1..], &longer, &[]] {
                let result = group.start().unwrap().complete(share);
                assert_eq!(result.err(), Some(REFUSED), "{group:?}");
            }
        }
    }

    #[test]
    fn shares_of_another_group_are_refused() {
        for group in ALL {
            for other in ALL.iter().filter(|other| other.name() != group.name()) {
                let share = other.start().unwrap().pub_key().to_vec();
                let result = group.start().unwrap().complete(&share);
                assert_eq!(result.err(), Some(REFUSED), "{group:?} {other:?}");
            }
        }
    }
}
