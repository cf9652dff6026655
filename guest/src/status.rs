//! Enhanced status codes (RFC 3463) in replies (RFC 2034), and what they mean.

use crate::reply::Reply;

/// `class.subject.detail`, for example `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    subject: u16,
    detail: u16,
}

impl Status {
    /// The code behind the reply code in the first line, where its class says the same (RFC 2034
    /// section 4: "the class must agree").
    #[must_use]
    pub fn of(reply: &Reply) -> Option<Self> {
        let text = reply.text();
        let (code, rest) = text.split_at_checked(4)?;
        let mut numbers = rest.split_ascii_whitespace().next()?.split('.');
        let class = numbers.next()?;
        let (subject, detail) = (number(numbers.next()?)?, number(numbers.next()?)?);
        let is_whole = numbers.next().is_none();
        let agrees = matches!(class, "2" | "4" | "5") && code.starts_with(class);
        (is_whole && agrees).then_some(Self { subject, detail })
    }

    /// What is registered for it (RFC 5248); the subject alone where the detail says nothing.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        let key = (self.subject, self.detail);
        let found = MEANINGS.iter().find(|(code, _)| *code == key);
        let subject = SUBJECTS.iter().find(|(code, _)| *code == self.subject);
        found
            .map(|(_, meaning)| *meaning)
            .or(subject.map(|(_, meaning)| *meaning))
    }
}

/// The codes of a reply, without its words.
pub(crate) fn codes(reply: &Reply) -> String {
    let code = reply
        .code()
        .map_or_else(|| "no code".to_owned(), |code| code.to_string());
    match Status::of(reply) {
        Some(Status { subject, detail }) => {
            let class = code.get(..1).unwrap_or_default();
            format!("{code} {class}.{subject}.{detail}")
        }
        None => code,
    }
}

/// One to three digits.
fn number(text: &str) -> Option<u16> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// RFC 3463 section 3.
const SUBJECTS: &[(u16, &str)] = &[
    (1, "address"),
    (2, "mailbox"),
    (3, "mail system"),
    (4, "network or routing"),
    (5, "protocol"),
    (6, "message content"),
    (7, "security or policy"),
];

/// The registry of enhanced status codes, as far as it concerns what a check sends.
const MEANINGS: &[((u16, u16), &str)] = &[
    ((1, 1), "no such mailbox"),
    ((1, 2), "no such mail system"),
    ((1, 3), "the recipient's address makes no sense"),
    ((1, 4), "the recipient's address is ambiguous"),
    ((1, 6), "the mailbox has moved"),
    ((1, 7), "the sender's address makes no sense"),
    ((1, 8), "the sender's mail system is not to be found"),
    ((1, 10), "the recipient's domain takes no mail"),
    ((2, 1), "the mailbox is disabled"),
    ((2, 2), "the mailbox is full"),
    ((2, 3), "the message is too long for this mailbox"),
    ((3, 1), "the mail system is full"),
    ((3, 2), "the mail system takes no messages now"),
    ((3, 3), "the mail system cannot do what was asked"),
    ((3, 4), "the message is too big for this mail system"),
    ((4, 1), "no answer from the next host"),
    ((4, 3), "the directory failed"),
    ((4, 4), "no route to the recipient's mail system"),
    ((4, 5), "the mail system is congested"),
    ((5, 1), "the command is not allowed here"),
    ((5, 2), "syntax error"),
    ((5, 3), "too many recipients"),
    ((5, 4), "the parameters make no sense"),
    ((5, 6), "the authentication exchange line is too long"),
    (
        (6, 7),
        "an address with other letters than ASCII is not allowed here",
    ),
    ((7, 0), "security or policy"),
    ((7, 1), "not allowed by policy"),
    ((7, 8), "the login was refused"),
    ((7, 9), "the mechanism is too weak"),
    ((7, 10), "encryption is needed"),
    ((7, 11), "encryption is needed for this mechanism"),
    ((7, 12), "the password must be changed"),
    ((7, 23), "SPF does not allow this client"),
    ((7, 24), "SPF could not be checked"),
    ((7, 25), "the client's address has no name that leads back"),
    ((7, 26), "several authentication checks failed"),
    ((7, 27), "the sender's domain takes no mail"),
    ((7, 28), "too many messages"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;
    use proptest::prelude::*;

    fn meaning(text: &str) -> Option<&'static str> {
        let mut reader = ReplyReader::default();
        reader.push(format!("{text}\r\n").as_bytes());
        let reply = reader.take().unwrap()?;
        Status::of(&reply).and_then(Status::meaning)
    }

    #[test]
    fn codes_stand_behind_the_reply_code() {
        assert_eq!(meaning("550 5.1.1 User unknown"), Some("no such mailbox"));
        assert_eq!(meaning("452 4.2.2"), Some("the mailbox is full"));
        assert_eq!(meaning("550 5.2.99 no"), Some("mailbox"));
        for none in [
            "550 User unknown",
            "550 4.1.1 the class differs",
            "550 5.1.1.1 four",
            "550 5.1 two",
            "550 5.1.1111 long",
            "550 5.9.1 no such subject",
            "550 5.+1.1 signed",
            "354 3.1.1 no such class",
            "5.1.1",
            "",
        ] {
            assert_eq!(meaning(none), None, "{none}");
        }
    }

    #[test]
    fn codes_alone_are_left() {
        let codes = |text: &str| {
            let mut reader = ReplyReader::default();
            reader.push(text.as_bytes());
            codes(&reader.take().unwrap().unwrap())
        };
        assert_eq!(codes("550-5.1.1 a\r\n550 5.1.1 b\r\n"), "550 5.1.1");
        assert_eq!(codes("250 secret\r\n"), "250");
        assert_eq!(codes("secret\r\n"), "no code");
        assert_eq!(codes("250-a\r\n550 b\r\n"), "no code");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[2-5]{0,3}[ -]?[0-9.é ]{0,12}") {
            let _ = meaning(&text);
        }
    }
}
