//! What the errors of all mutations have in common.

#![expect(missing_docs, reason = "the derive of an interface makes methods without documentation")]
#![expect(clippy::duplicated_attributes, reason = "two fields of the interface have the same type")]

use async_graphql::Interface;

use super::email::{ConfirmEmailError, UndoEmailChangeError, VerifyEmailError};
use super::mfa::{ConfirmMfaError, DisableMfaError, EnableMfaError, RegenerateRecoveryCodesError};
use super::password::{ConfirmPasswordResetError, ResetPasswordError, UpdatePasswordError};
use super::profile::UpdateProfileError;
use super::sessions::{RefreshSessionError, RevokeOtherSessionsError, RevokeSessionError, SignOutError};
use super::sign_in::{ConfirmSignInError, ReauthenticateError, SignInError};

/// Why a mutation did not do what was asked. Each mutation's own error type says more.
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String", desc = "What was wrong and what to do, in a sentence for people."),
    field(name = "field", ty = "&Option<String>", desc = "The path of the input that was wrong; null if it was none."),
    field(
        name = "attempts_left",
        ty = "&Option<u32>",
        desc = "How many attempts are left; null where attempts are not counted."
    ),
    field(
        name = "retry_after",
        ty = "&Option<u32>",
        desc = "After how many seconds to try again; null where waiting does not help."
    )
)]
pub enum UserError {
    /// Of `signIn`.
    SignIn(SignInError),
    /// Of `confirmSignIn`.
    ConfirmSignIn(ConfirmSignInError),
    /// Of `reauthenticate`.
    Reauthenticate(ReauthenticateError),
    /// Of `refreshSession`.
    RefreshSession(RefreshSessionError),
    /// Of `signOut`.
    SignOut(SignOutError),
    /// Of `revokeSession`.
    RevokeSession(RevokeSessionError),
    /// Of `revokeOtherSessions`.
    RevokeOtherSessions(RevokeOtherSessionsError),
    /// Of `updateProfile`.
    UpdateProfile(UpdateProfileError),
    /// Of `verifyEmail`.
    VerifyEmail(VerifyEmailError),
    /// Of `confirmEmail`.
    ConfirmEmail(ConfirmEmailError),
    /// Of `undoEmailChange`.
    UndoEmailChange(UndoEmailChangeError),
    /// Of `updatePassword`.
    UpdatePassword(UpdatePasswordError),
    /// Of `resetPassword`.
    ResetPassword(ResetPasswordError),
    /// Of `confirmPasswordReset`.
    ConfirmPasswordReset(ConfirmPasswordResetError),
    /// Of `enableMfa`.
    EnableMfa(EnableMfaError),
    /// Of `disableMfa`.
    DisableMfa(DisableMfaError),
    /// Of `confirmMfa`.
    ConfirmMfa(ConfirmMfaError),
    /// Of `regenerateRecoveryCodes`.
    RegenerateRecoveryCodes(RegenerateRecoveryCodesError),
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
            pub attempts_left: Option<u32>,
            /// After how many seconds to try again, where that may help.
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

/// A message as a sentence: the values of the domain say what is wrong with them in words that also stand behind a colon.
pub(in crate::graphql) fn sentence(message: String) -> String {
    let mut letters = message.chars();
    let Some(first) = letters.next() else { return message };
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}
