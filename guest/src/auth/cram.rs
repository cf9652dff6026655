//! CRAM-MD5 (RFC 2195): the password's hash with the challenge. Old, but it does not tell the password.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use super::exchange::Client;

pub(super) struct CramMd5 {
    user: String,
    password: String,
}

impl CramMd5 {
    pub(super) fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }
}

impl Client for CramMd5 {
    fn first(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, String> {
        let mut mac = Hmac::<Md5>::new_from_slice(self.password.as_bytes())
            .map_err(|_| "the password is no key".to_owned())?;
        mac.update(challenge);
        let hash = mac.finalize().into_bytes();
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{} {hash}", self.user).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2195 section 2.
    #[test]
    fn answers_as_the_standard_shows() {
        let mut client = CramMd5::new("tim", "tanstaaftanstaaf");
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        assert_eq!(
            client.answer(challenge).unwrap(),
            b"tim b913a602c7eda7a495b4e6e7334d3890"
        );
    }
}
