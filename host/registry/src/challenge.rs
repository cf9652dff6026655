//! What a registry demands: the `WWW-Authenticate` header (RFC 9110 section 11.6.1).

/// How to log in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// RFC 7617.
    Basic,
    /// A token from somewhere else (RFC 6750, as the distribution project uses it).
    Bearer(Bearer),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// Where the token is.
    pub(crate) realm: String,
    pub(crate) service: Option<String>,
    pub(crate) scope: Option<String>,
}

impl Challenge {
    /// Nothing when it is a scheme that is not known here.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut bearer = Bearer::default();
        for (name, value) in Parameters(rest) {
            match name.to_ascii_lowercase().as_str() {
                "realm" => bearer.realm = value,
                "service" => bearer.service = Some(value),
                "scope" => bearer.scope = Some(value),
                _ => {}
            }
        }
        (!bearer.realm.is_empty()).then_some(Self::Bearer(bearer))
    }
}

/// `name="value", name=value`.
struct Parameters<'a>(&'a str);

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, String);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches([' ', ',', '\t']);
        let (name, rest) = rest.split_once('=')?;
        let (value, rest) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_value(quoted)
        } else {
            let (value, rest) = rest.split_once(',').unwrap_or((rest, ""));
            (value.trim().to_owned(), rest)
        };
        self.0 = rest;
        Some((name.trim(), value))
    }
}

/// Up to the closing quotation mark; a backslash takes the next character as it is.
fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => value.extend(characters.next()),
            c => value.push(c),
        }
    }
    (value, characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_send() {
        assert_eq!(
            Challenge::parse("Basic realm=\"x\""),
            Some(Challenge::Basic)
        );
        assert_eq!(Challenge::parse("basic"), Some(Challenge::Basic));
        let header = "Bearer realm=\"https://auth.example.org/token\",service=\"registry\", \
                      scope=\"repository:a/b:pull,push\"";
        let expected = Bearer {
            realm: "https://auth.example.org/token".to_owned(),
            service: Some("registry".to_owned()),
            scope: Some("repository:a/b:pull,push".to_owned()),
        };
        assert_eq!(Challenge::parse(header), Some(Challenge::Bearer(expected)));
    }

    #[test]
    fn what_makes_no_sense() {
        for header in [
            "",
            "Bearer",
            "Bearer realm=\"",
            "Negotiate",
            "Bearer =\"\\",
            "bearer ,,,",
        ] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
        let odd = Challenge::parse("Bearer realm=a\"b,service=\"\\\"c");
        let expected = Bearer {
            realm: "a\"b".to_owned(),
            service: Some("\"c".to_owned()),
            scope: None,
        };
        assert_eq!(odd, Some(Challenge::Bearer(expected)));
    }
}
