//! The domain model: values, entities, and the rules that depend only on values and a time. It does not depend on the
//! caller or the storage. No I/O, no async, no database, no GraphQL.

pub mod access;
pub mod attempts;
pub mod code;
pub mod device;
pub mod email;
pub mod entity;
pub mod event;
pub mod first_screen;
pub mod ids;
pub mod keyring;
mod language;
pub mod login;
pub mod mfa;
pub mod network;
pub mod number;
pub mod otp_secret;
pub mod outbox;
pub mod page;
pub mod passkey;
pub mod password;
pub mod password_hash;
pub mod profile_text;
pub mod rate_limit;
pub mod search;
pub mod secret;
pub mod secret_value;
pub mod session;
pub mod tags;
pub mod token;
pub mod totp;
pub mod user;
pub mod verify_code;
pub mod webhook_secret;
pub mod workspace;

pub use crate::clock::Timestamp;

/// An invalid value, with a message that says what is wrong and what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The kind of error.
    pub kind: InvalidKind,
    /// What is wrong and what is accepted; it never repeats the value.
    pub message: String,
}

/// The kinds of errors that clients can distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidKind {
    /// A required value is missing or empty.
    Required,
    /// The value is too long.
    TooLong,
    /// Any other error.
    Malformed,
}

impl Invalid {
    fn required(message: impl Into<String>) -> Self {
        Self { kind: InvalidKind::Required, message: message.into() }
    }

    fn too_long(message: impl Into<String>) -> Self {
        Self { kind: InvalidKind::TooLong, message: message.into() }
    }

    fn malformed(message: impl Into<String>) -> Self {
        Self { kind: InvalidKind::Malformed, message: message.into() }
    }

    fn not_one_of(choices: &[&str]) -> Self {
        Self::malformed(format!("this must be one of {}", choices.join(", ")))
    }
}

/// Defines enums whose values are written in capitals in the database, in import files, and in the API.
macro_rules! string_enums {
    ($(
        $(#[$meta:meta])*
        $name:ident { $($(#[$value_meta:meta])* $value:ident = $text:literal),+ $(,)? }
    )+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$value_meta])* #[serde(rename = $text)] $value),+ }

        impl $name {
            /// All values, in the order of their definition.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value in its written form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text),+ }
            }

            /// Parses the written form of a value.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$value),)+ _ => None }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_text(text).ok_or_else(|| $crate::domain::Invalid::not_one_of(&[$($text),+]))
            }
        }
    )+ };
}
pub(crate) use string_enums;

/// Gives a type of validated text access to its text.
macro_rules! stored_text {
    ($name:ident) => {
        impl $name {
            /// Wraps a stored text, which was validated before it was stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}
use stored_text;
