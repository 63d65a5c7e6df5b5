//! What the errors of all mutations have in common.

#![expect(missing_docs, reason = "the derive of an interface makes methods without documentation")]

use async_graphql::Interface;

use super::sessions::{RefreshSessionError, RevokeOtherSessionsError, RevokeSessionError, SignOutError};
use super::sign_in::SignInError;

/// Why a mutation did not do what was asked. Each mutation's own error type says more.
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String", desc = "What was wrong and what to do, in a sentence for people."),
    field(name = "field", ty = "&Option<String>", desc = "The path of the input that was wrong; null if it was none.")
)]
pub enum UserError {
    /// Of `signIn`.
    SignIn(SignInError),
    /// Of `refreshSession`.
    RefreshSession(RefreshSessionError),
    /// Of `signOut`.
    SignOut(SignOutError),
    /// Of `revokeSession`.
    RevokeSession(RevokeSessionError),
    /// Of `revokeOtherSessions`.
    RevokeOtherSessions(RevokeOtherSessionsError),
}

/// Makes the error type of a mutation and the enum of its codes.
macro_rules! user_error {
    ($mutation:literal, $error:ident, $code:ident { $($(#[$meta:meta])* $value:ident),+ $(,)? }) => {
        #[doc = concat!("What `", $mutation, "` can be refused for.")]
        #[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $code { $($(#[$meta])* $value),+ }

        #[doc = concat!("Why `", $mutation, "` did not do what was asked.")]
        #[derive(async_graphql::SimpleObject, Debug)]
        pub struct $error {
            /// What was wrong and what to do, in a sentence for people.
            pub message: String,
            /// What was wrong, for programs.
            code: $code,
            /// The path of the input that was wrong; null if it was none.
            pub field: Option<String>,
            /// How many tries are left, where tries are counted.
            attempts_left: Option<u32>,
            /// After how many seconds to try again, where that may help.
            retry_after: Option<u32>,
        }

        #[allow(dead_code, reason = "not every mutation refuses in every way")]
        impl $error {
            fn new(code: $code, message: impl Into<String>) -> Self {
                let message = $crate::graphql::mutations::user_error::sentence(message.into());
                Self { message, code, field: None, attempts_left: None, retry_after: None }
            }

            fn of_field(code: $code, field: &str, message: impl Into<String>) -> Self {
                Self { field: Some(field.to_owned()), ..Self::new(code, message) }
            }
        }
    };
}
pub(in crate::graphql) use user_error;

/// A message as a sentence: the values of the domain say what is wrong with them in words that also stand behind a colon.
pub(in crate::graphql) fn sentence(message: String) -> String {
    let mut letters = message.chars();
    let Some(first) = letters.next() else { return message };
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}
