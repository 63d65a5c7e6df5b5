//! The fields that the errors of all mutations share.

#![expect(missing_docs, reason = "the derive of an interface makes methods without documentation")]
#![expect(clippy::duplicated_attributes, reason = "two fields of the interface have the same type")]

use async_graphql::Interface;

use super::email::{ConfirmEmailError, UndoEmailChangeError, VerifyEmailError};
use super::mfa::{ConfirmMfaError, DisableMfaError, EnableMfaError, RegenerateRecoveryCodesError};
use super::password::{ConfirmPasswordResetError, ResetPasswordError, UpdatePasswordError};
use super::profile::UpdateProfileError;
use super::sessions::{RefreshSessionError, RevokeOtherSessionsError, RevokeSessionError, SignOutError};
use super::sign_in::{ConfirmSignInError, ReauthenticateError, SignInError};

/// A user error of any mutation, so that one fragment serves all of them. Each mutation's own error type adds `code`.
#[derive(Interface)]
#[graphql(
    field(
        name = "message",
        ty = "&String",
        desc = "A sentence for people, in English: what is wrong and what to do about it."
    ),
    field(
        name = "field",
        ty = "&Option<String>",
        desc = "The path of the invalid input, such as `options.email`. Null if no single input is invalid."
    ),
    field(
        name = "attempts_left",
        ty = "&Option<u32>",
        desc = "The number of code attempts that remain. Null if the error does not concern counted attempts."
    ),
    field(
        name = "retry_after",
        ty = "&Option<u32>",
        desc = "The time in seconds after which to try again. Null if waiting does not help."
    )
)]
pub enum UserError {
    /// An error of `signIn`.
    SignIn(SignInError),
    /// An error of `confirmSignIn`.
    ConfirmSignIn(ConfirmSignInError),
    /// An error of `reauthenticate`.
    Reauthenticate(ReauthenticateError),
    /// An error of `refreshSession`.
    RefreshSession(RefreshSessionError),
    /// An error of `signOut`.
    SignOut(SignOutError),
    /// An error of `revokeSession`.
    RevokeSession(RevokeSessionError),
    /// An error of `revokeOtherSessions`.
    RevokeOtherSessions(RevokeOtherSessionsError),
    /// An error of `updateProfile`.
    UpdateProfile(UpdateProfileError),
    /// An error of `verifyEmail`.
    VerifyEmail(VerifyEmailError),
    /// An error of `confirmEmail`.
    ConfirmEmail(ConfirmEmailError),
    /// An error of `undoEmailChange`.
    UndoEmailChange(UndoEmailChangeError),
    /// An error of `updatePassword`.
    UpdatePassword(UpdatePasswordError),
    /// An error of `resetPassword`.
    ResetPassword(ResetPasswordError),
    /// An error of `confirmPasswordReset`.
    ConfirmPasswordReset(ConfirmPasswordResetError),
    /// An error of `enableMfa`.
    EnableMfa(EnableMfaError),
    /// An error of `disableMfa`.
    DisableMfa(DisableMfaError),
    /// An error of `confirmMfa`.
    ConfirmMfa(ConfirmMfaError),
    /// An error of `regenerateRecoveryCodes`.
    RegenerateRecoveryCodes(RegenerateRecoveryCodesError),
}

/// Defines the error type of a mutation and the enum of its codes.
macro_rules! user_error {
    ($mutation:literal, $error:ident, $code:ident { $($(#[$meta:meta])* $value:ident),+ $(,)? }) => {
        #[doc = concat!("The error codes of `", $mutation, "`.")]
        #[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $code { $($(#[$meta])* $value),+ }

        #[doc = concat!("A user error of `", $mutation, "`.")]
        #[derive(async_graphql::SimpleObject, Debug)]
        pub struct $error {
            /// A sentence for people, in English: what is wrong and what to do about it.
            pub message: String,
            /// The error code, for programs.
            code: $code,
            /// The path of the invalid input, such as `options.email`. Null if no single input is invalid.
            pub field: Option<String>,
            /// The number of code attempts that remain. Null if the error does not concern counted attempts.
            pub attempts_left: Option<u32>,
            /// The time in seconds after which to try again. Null if waiting does not help.
            pub retry_after: Option<u32>,
        }

        impl $crate::graphql::mutations::MutationError for $error {
            fn of(
                fault: $crate::graphql::fault::Fault,
            ) -> Result<Self, $crate::graphql::error::ApiError> {
                let code = match fault.code {
                    $($crate::graphql::fault::FaultCode::$value => $code::$value,)+
                    #[allow(unreachable_patterns, reason = "a mutation may have every code")]
                    other => {
                        let what = format!("{} has no code {other:?}", $mutation);
                        return Err($crate::graphql::error::ApiError::internal(&what));
                    }
                };
                Ok(Self {
                    message: $crate::graphql::mutations::user_error::sentence(fault.message),
                    code,
                    field: fault.field.map(str::to_owned),
                    attempts_left: fault.attempts_left,
                    retry_after: fault.retry_after,
                })
            }
        }
    };
}
pub(in crate::graphql) use user_error;

/// A message as a sentence. The domain's messages begin in lower case and have no full stop, because they also follow a
/// colon.
pub(in crate::graphql) fn sentence(message: String) -> String {
    let mut letters = message.chars();
    let Some(first) = letters.next() else { return message };
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}
