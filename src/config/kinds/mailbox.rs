//! Senders of messages (RFC 5322, section 3.4): `noreply@example.com` or `Acme <noreply@example.com>`.

use email_address::{EmailAddress, Options};

use super::Kind;

/// An email address, with or without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name that mail programs show.
    pub name: Option<String>,
    /// The address itself.
    pub address: String,
}

/// Mailboxes.
pub(in super::super) struct Mailboxes;

impl Kind for Mailboxes {
    type Value = Mailbox;

    fn value_name(&self) -> &'static str {
        "MAILBOX"
    }

    fn accepts(&self) -> String {
        "an e-mail address, such as `noreply@example.com` or `Acme <noreply@example.com>`".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Mailbox, String> {
        if text.chars().any(char::is_control) {
            return Err(format!("{text:?} holds a control character"));
        }
        let parsed =
            EmailAddress::parse_with_options(text, Options::default().with_display_text().without_domain_literal())
                .map_err(|error| format!("{text:?} is not an e-mail address ({error})"))?;
        let name = parsed.display_part().trim().trim_matches('"').to_owned();
        Ok(Mailbox { name: Some(name).filter(|name| !name.is_empty()), address: parsed.email() })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn parses_addresses_with_and_without_a_name() {
        for (text, name, address) in [
            ("noreply@example.com", None, "noreply@example.com"),
            ("root@localhost", None, "root@localhost"),
            ("Acme <noreply@example.com>", Some("Acme"), "noreply@example.com"),
            (r#""Acme, Inc." <noreply@example.com>"#, Some("Acme, Inc."), "noreply@example.com"),
            ("계정 <no-reply@example.kr>", Some("계정"), "no-reply@example.kr"),
        ] {
            assert_eq!(
                Mailboxes.parse(text),
                Ok(Mailbox { name: name.map(str::to_owned), address: address.to_owned() })
            );
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in ["", "acme", "@example.com", "a@", "Acme <a@b", "Acme a@b.org", "a@b, c@d", "<a@b>"] {
            assert!(wrong(&Mailboxes, text).starts_with(&format!("{text:?} is not an e-mail address")), "{text}");
        }
        assert!(wrong(&Mailboxes, "Acme\r\nBcc: x <a@b>").ends_with("holds a control character"));
    }
}
