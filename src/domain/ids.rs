//! Ids as types, so that the id of one kind of entity cannot be passed for that of another.

use super::{Invalid, stored_text};

/// The maximum length of an id in characters, including its prefix.
pub const MAX_ID_LENGTH: usize = 64;

fn check(text: &str, prefix: &str) -> Result<(), Invalid> {
    let is_id_character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() {
        return Err(Invalid::required("the id must not be empty"));
    }
    if text.len() > MAX_ID_LENGTH {
        return Err(Invalid::too_long(format!("an id may have at most {MAX_ID_LENGTH} characters")));
    }
    if !text.chars().all(is_id_character) {
        return Err(Invalid::malformed("an id consists of letters, digits, '.', '_', and '-'"));
    }
    match text.strip_prefix(prefix) {
        Some(rest) if !rest.is_empty() => Ok(()),
        _ => Err(Invalid::malformed(format!("the id must begin with '{prefix}', followed by at least one character"))),
    }
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal,)+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        stored_text!($name);

        impl $name {
            /// The prefix of every such id.
            pub const PREFIX: &'static str = $prefix;

            /// Parses an id. It is made of `[A-Za-z0-9._-]{1,64}` and begins with its prefix.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                check(text, Self::PREFIX)?;
                Ok(Self(text.to_owned()))
            }

            /// Generates a new id: the prefix and 12 hex digits, from 48 random bits.
            pub fn from_random(bytes: [u8; 6]) -> Self {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                Self(format!("{}{digits}", Self::PREFIX))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

ids! {
    /// A domain: a tenant.
    DomainId = "domain-",
    /// A user's own id; the user signs in with a [`LoginId`](super::login::LoginId).
    UserId = "user-",
    /// A workspace.
    WorkspaceId = "workspace-",
    /// A workspace group.
    WorkspaceGroupId = "wg-",
    /// A role binding.
    RoleBindingId = "rb-",
    /// A role, unique within its domain; it needs no prefix.
    RoleId = "",
    /// A passkey.
    PasskeyId = "passkey-",
    /// A session, from one sign-in to its end.
    SessionId = "session-",
    /// A security event.
    EventId = "event-",
    /// A pending code or single-use token.
    CodeId = "code-",
    /// One event that is counted for a rate limit.
    RateLimitEventId = "tally-",
    /// A job in the outbox: a message or a request to process.
    JobId = "job-",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_prefix_and_allowed_characters() {
        assert!(UserId::parse("user-a1b2c3d4e5f6").is_ok());
        assert!(RoleId::parse("managed-workspace-owner").is_ok());
        for wrong in ["", "user-", "domain-1", "user-ä", "user-a b", "USER-1"] {
            assert!(UserId::parse(wrong).is_err(), "{wrong}");
        }
        assert!(UserId::parse(&format!("user-{}", "x".repeat(59))).is_ok());
        assert!(UserId::parse(&format!("user-{}", "x".repeat(60))).is_err());
    }

    #[test]
    fn a_new_id_has_twelve_hex_digits() {
        assert_eq!(WorkspaceGroupId::from_random([0, 1, 2, 0xab, 0xcd, 0xef]).as_str(), "wg-000102abcdef");
    }
}
