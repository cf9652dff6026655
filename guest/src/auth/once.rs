//! Mechanisms in which the client says one thing.

use super::exchange::Client;

/// A client that says one thing, and another one when the server does not like it.
pub(super) struct Once {
    message: Vec<u8>,
    /// What a server wants to hear that has explained a refusal.
    regret: Option<&'static [u8]>,
}

/// RFC 4616: no other identity, the user, the password.
pub(super) fn plain(user: &str, password: &str) -> Once {
    Once {
        message: format!("\0{user}\0{password}").into_bytes(),
        regret: None,
    }
}

/// As Google documents it for SMTP.
pub(super) fn xoauth2(user: &str, token: &str) -> Once {
    Once {
        message: format!("user={user}\x01auth=Bearer {token}\x01\x01").into_bytes(),
        regret: Some(b""),
    }
}

/// RFC 7628 section 3.1.
pub(super) fn oauthbearer(user: &str, token: &str, host: &str, port: u16) -> Once {
    // RFC 5801 section 4.
    let user = user.replace('=', "=3D").replace(',', "=2C");
    let message =
        format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01");
    Once {
        message: message.into_bytes(),
        // RFC 7628 section 3.2.3.
        regret: Some(b"\x01"),
    }
}

/// RFC 4422, appendix A: as whom to act; nobody else when it is empty.
pub(super) fn external(user: &str) -> Once {
    Once {
        message: user.as_bytes().to_vec(),
        regret: None,
    }
}

impl Client for Once {
    fn first(&mut self) -> Option<Vec<u8>> {
        Some(self.message.clone())
    }

    fn answer(&mut self, _: &[u8]) -> Result<Vec<u8>, String> {
        let regret = self.regret.take().map(<[u8]>::to_vec);
        regret.ok_or_else(|| "the server asks for more".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_standards() {
        // RFC 4616 section 4.
        assert_eq!(
            plain("tim", "tanstaaftanstaaf").message,
            b"\0tim\0tanstaaftanstaaf"
        );
        // RFC 7628 section 4.1.
        let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
        assert_eq!(
            oauthbearer("user@example.com", token, "server.example.com", 143).message,
            format!(
                "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer {token}\x01\x01"
            )
            .as_bytes()
        );
    }
}
