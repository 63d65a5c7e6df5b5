//! Opaque tokens: 256 random bits without meaning. Only a digest is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::secret_value::Secret;

/// The SHA-256 of a token's text. The token itself has 256 random bits, so no key or salt is needed.
pub type TokenDigest = [u8; 32];

macro_rules! tokens {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal,)+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Secret<str>);

        impl $name {
            /// The prefix of every such token, so that a leaked one is recognised.
            pub const PREFIX: &'static str = $prefix;

            /// Generates a token of 256 random bits.
            pub fn from_random(bytes: [u8; 32]) -> Self {
                Self(Secret::new(format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(bytes))))
            }

            /// Parses a submitted token; `None` if it is malformed.
            pub fn parse(text: &str) -> Option<Self> {
                let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(Self::PREFIX)?).ok()?;
                (bytes.len() == 32).then(|| Self(Secret::new(text)))
            }

            /// The digest that is stored.
            pub fn digest(&self) -> TokenDigest {
                Sha256::digest(self.0.reveal()).into()
            }

            /// The token itself, for its recipient.
            pub fn reveal(&self) -> &str {
                self.0.reveal()
            }
        }
    )+ };
}

tokens! {
    /// Authenticates requests (RFC 6750); short-lived.
    AccessToken = "upa_",
    /// Obtains the next pair of tokens (RFC 6749, 1.5), once.
    RefreshToken = "upr_",
    /// Identifies the MFA challenge after a correct password.
    ChallengeToken = "upc_",
    /// Allows the recipient of a reset link, emailed or created by an operator, to set a new password, once.
    ResetToken = "upw_",
    /// Allows the recipient at the old email address to restore it, once.
    UndoToken = "upe_",
    /// Allows the recipient to cancel the deletion of the account.
    CancelToken = "upd_",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_tokens_are_looked_up() {
        let token = AccessToken::from_random([255; 32]);
        assert_eq!(token.reveal().len(), 47);
        assert_eq!(AccessToken::parse(token.reveal()), Some(token.clone()));
        for wrong in ["", "upa_", "upr_AAAA", &token.reveal()[..46], &format!("{}A", token.reveal())] {
            assert_eq!(AccessToken::parse(wrong), None);
        }
        assert_eq!(format!("{token:?}"), "AccessToken(***)");
    }
}
