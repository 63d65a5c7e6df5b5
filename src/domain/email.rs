//! Email addresses, parsed once.

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;

use super::Invalid;

/// The maximum length of an address in bytes, with its domain as A-label (RFC 5321, 4.5.3.1.3, less the angle
/// brackets).
pub const MAX_EMAIL_LENGTH: usize = 254;

/// An email address (RFC 5321 `Mailbox`, with the local part as a dot-string), kept as typed.
///
/// Two addresses are the same if their [`key`](Self::key)s are equal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Email {
    typed: String,
    #[serde(skip)]
    key: String,
}

impl Email {
    /// Parses an address as the user typed it; surrounding white space is removed.
    ///
    /// Quoted local parts and address literals are refused although the RFC allows them: no person uses them, and each
    /// is a way to write the same address differently.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::malformed("not an email address; use one such as name@example.com");
        let typed = text.trim();
        if typed.is_empty() {
            return Err(Invalid::required("enter an email address"));
        }
        if typed.len() > 4 * MAX_EMAIL_LENGTH {
            return Err(too_long());
        }
        let options = Options::default().without_display_text().without_domain_literal();
        // Validated in the form that is compared: alone, a combining mark is not a valid character of an address.
        let composed: String = typed.nfc().collect();
        let parsed = EmailAddress::parse_with_options(&composed, options).map_err(|_| malformed())?;
        if parsed.local_part().starts_with('"') || parsed.local_part().chars().any(|c| c.is_control() || is_bidi(c)) {
            return Err(malformed());
        }
        let domain = idna::domain_to_ascii_strict(parsed.domain()).map_err(|_| malformed())?;
        let key = format!("{}@{domain}", super::login::fold(parsed.local_part()));
        if key.len() > MAX_EMAIL_LENGTH {
            return Err(too_long());
        }
        Ok(Self { typed: typed.to_owned(), key })
    }

    /// Wraps a stored address, which was validated before it was stored.
    pub fn from_stored(typed: String, key: String) -> Self {
        Self { typed, key }
    }

    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The masked address, for a user who has only submitted a correct password: `w…@example.com`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.typed.rsplit_once('@').unwrap_or((&self.typed, ""));
        format!("{}…@{domain}", local.chars().next().unwrap_or('…'))
    }

    /// Whether only mail servers that offer SMTPUTF8 (RFC 6531) can deliver to it: its local part is not ASCII. The
    /// domain part does not count, since it is sent as an A-label.
    pub fn needs_smtputf8(&self) -> bool {
        self.typed.rsplit_once('@').is_some_and(|(local, _)| !local.is_ascii())
    }

    /// The form that is compared: lower case, with the domain as A-label (RFC 5890).
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn too_long() -> Invalid {
    Invalid::too_long(format!("an email address may have at most {MAX_EMAIL_LENGTH} bytes"))
}

/// Bidirectional control characters: with them, one address can look like another.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decomposed_and_composed_addresses_are_equal() {
        for (decomposed, composed) in [
            ("jo\u{308}rg@ex.com", "jörg@ex.com"),
            ("x@bu\u{308}cher.example", "x@bücher.example"),
            ("カ\u{3099}@ex.com", "ガ@ex.com"),
        ] {
            let email = Email::parse(decomposed).unwrap();
            assert_eq!(email.as_str(), decomposed);
            assert_eq!(email.key(), Email::parse(composed).unwrap().key());
        }
    }

    #[test]
    fn an_address_is_stored_as_entered_and_compared_normalised() {
        let email = Email::parse(" Wonny@Exämple.com ").unwrap();
        assert_eq!(email.as_str(), "Wonny@Exämple.com");
        assert_eq!(email.key(), "wonny@xn--exmple-cua.com");
        assert_eq!(Email::parse("a+b.c@X.ORG").unwrap().key(), "a+b.c@x.org");
    }

    #[test]
    fn malformed_addresses_are_rejected() {
        let long = format!("{}@example.com", "x".repeat(65));
        let wrong = [
            "",
            "x",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "v@x,e@y",
            "a b@c.de",
            "a@b\r\nBcc: c@d.ef",
            "A <a@b.cd>",
            "a@[127.0.0.1]",
            "\"a b\"@c.de",
            "a..b@c.de",
            "a@b..c",
            "a\u{0}@b.cd",
            "a@b.c\u{0}d",
            "a\u{202e}b@c.de",
            &long,
        ];
        for text in wrong {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_addresses_have_one_at_sign_and_round_trip(text in "\\PC{0,20}@\\PC{0,20}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(email.key().matches('@').count(), 1);
                prop_assert!(!email.key().chars().any(|c| c.is_control() || c == ' ' || c == ','));
                prop_assert_eq!(Email::parse(email.as_str()).unwrap(), email);
            }
        }
    }
}
