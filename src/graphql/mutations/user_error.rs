//! The user errors of mutations. Each mutation has an enum of its own codes, and the compiler checks that it returns no
//! others: a shared error can be converted only to an enum that has its codes.

#![expect(missing_docs, reason = "the derive of an interface makes methods without documentation")]
#![expect(clippy::duplicated_attributes, reason = "two fields of the interface have the same type")]

use async_graphql::{Interface, OutputType, SchemaBuilder, SimpleObject};

use super::account::{
    CancelAccountDeletionErrorCode, ConfirmAccountDeletionErrorCode, ExportDataErrorCode,
    RequestAccountDeletionErrorCode,
};
use super::email::{ConfirmEmailErrorCode, UndoEmailChangeErrorCode, VerifyEmailErrorCode};
use super::mfa::{ConfirmMfaErrorCode, DisableMfaErrorCode, EnableMfaErrorCode, RegenerateRecoveryCodesErrorCode};
use super::passkeys::{
    AddPasskeyErrorCode, ConfirmPasskeyErrorCode, ConfirmPasskeySignInErrorCode, RemovePasskeyErrorCode,
    RenamePasskeyErrorCode, StartPasskeySignInErrorCode,
};
use super::password::{ConfirmPasswordResetErrorCode, ResetPasswordErrorCode, UpdatePasswordErrorCode};
use super::profile::UpdateProfileErrorCode;
use super::sessions::{
    RefreshSessionErrorCode, RevokeOtherSessionsErrorCode, RevokeSessionErrorCode, SignOutErrorCode,
};
use super::sign_in::{ConfirmSignInErrorCode, ReauthenticateErrorCode, SignInErrorCode};

/// A user error of the mutation that this type is named after.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(
    concrete(name = "SignInError", params(SignInErrorCode)),
    concrete(name = "ConfirmSignInError", params(ConfirmSignInErrorCode)),
    concrete(name = "ReauthenticateError", params(ReauthenticateErrorCode)),
    concrete(name = "RefreshSessionError", params(RefreshSessionErrorCode)),
    concrete(name = "SignOutError", params(SignOutErrorCode)),
    concrete(name = "RevokeSessionError", params(RevokeSessionErrorCode)),
    concrete(name = "RevokeOtherSessionsError", params(RevokeOtherSessionsErrorCode)),
    concrete(name = "UpdateProfileError", params(UpdateProfileErrorCode)),
    concrete(name = "VerifyEmailError", params(VerifyEmailErrorCode)),
    concrete(name = "ConfirmEmailError", params(ConfirmEmailErrorCode)),
    concrete(name = "UndoEmailChangeError", params(UndoEmailChangeErrorCode)),
    concrete(name = "UpdatePasswordError", params(UpdatePasswordErrorCode)),
    concrete(name = "ResetPasswordError", params(ResetPasswordErrorCode)),
    concrete(name = "ConfirmPasswordResetError", params(ConfirmPasswordResetErrorCode)),
    concrete(name = "EnableMfaError", params(EnableMfaErrorCode)),
    concrete(name = "DisableMfaError", params(DisableMfaErrorCode)),
    concrete(name = "ConfirmMfaError", params(ConfirmMfaErrorCode)),
    concrete(name = "RegenerateRecoveryCodesError", params(RegenerateRecoveryCodesErrorCode)),
    concrete(name = "AddPasskeyError", params(AddPasskeyErrorCode)),
    concrete(name = "ConfirmPasskeyError", params(ConfirmPasskeyErrorCode)),
    concrete(name = "RenamePasskeyError", params(RenamePasskeyErrorCode)),
    concrete(name = "RemovePasskeyError", params(RemovePasskeyErrorCode)),
    concrete(name = "StartPasskeySignInError", params(StartPasskeySignInErrorCode)),
    concrete(name = "ConfirmPasskeySignInError", params(ConfirmPasskeySignInErrorCode)),
    concrete(name = "ExportDataError", params(ExportDataErrorCode)),
    concrete(name = "RequestAccountDeletionError", params(RequestAccountDeletionErrorCode)),
    concrete(name = "ConfirmAccountDeletionError", params(ConfirmAccountDeletionErrorCode)),
    concrete(name = "CancelAccountDeletionError", params(CancelAccountDeletionErrorCode))
)]
pub struct UserError<C: OutputType> {
    /// A sentence for people, in English: what is wrong and what to do about it.
    pub(super) message: String,
    /// The error code, for programs.
    pub(super) code: C,
    /// The path of the invalid input, such as `options.email`. Null if no single input is invalid.
    pub(super) field: Option<String>,
    /// The number of code attempts that remain. Null if the error does not concern counted attempts.
    pub(super) attempts_left: Option<u32>,
    /// The time in seconds after which to try again. Null if waiting does not help.
    pub(super) retry_after: Option<u32>,
}

impl<C: OutputType> UserError<C> {
    /// An error that concerns no single input.
    pub fn new(code: impl Into<C>, message: impl Into<String>) -> Self {
        let message = sentence(message.into());
        Self { code: code.into(), message, field: None, attempts_left: None, retry_after: None }
    }

    /// The same error, with the input that it concerns.
    #[must_use]
    pub fn at(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }
}

/// A message as a sentence. The domain's messages begin in lower case and have no full stop, because they also follow a
/// colon.
fn sentence(message: String) -> String {
    let mut letters = message.chars();
    let Some(first) = letters.next() else { return message };
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

/// A user error of any mutation, so that one fragment serves all of them. Each mutation's own error type adds `code`.
#[derive(Interface)]
#[graphql(
    name = "UserError",
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
pub enum AnyUserError {
    SignIn(UserError<SignInErrorCode>),
    ConfirmSignIn(UserError<ConfirmSignInErrorCode>),
    Reauthenticate(UserError<ReauthenticateErrorCode>),
    RefreshSession(UserError<RefreshSessionErrorCode>),
    SignOut(UserError<SignOutErrorCode>),
    RevokeSession(UserError<RevokeSessionErrorCode>),
    RevokeOtherSessions(UserError<RevokeOtherSessionsErrorCode>),
    UpdateProfile(UserError<UpdateProfileErrorCode>),
    VerifyEmail(UserError<VerifyEmailErrorCode>),
    ConfirmEmail(UserError<ConfirmEmailErrorCode>),
    UndoEmailChange(UserError<UndoEmailChangeErrorCode>),
    UpdatePassword(UserError<UpdatePasswordErrorCode>),
    ResetPassword(UserError<ResetPasswordErrorCode>),
    ConfirmPasswordReset(UserError<ConfirmPasswordResetErrorCode>),
    EnableMfa(UserError<EnableMfaErrorCode>),
    DisableMfa(UserError<DisableMfaErrorCode>),
    ConfirmMfa(UserError<ConfirmMfaErrorCode>),
    RegenerateRecoveryCodes(UserError<RegenerateRecoveryCodesErrorCode>),
    AddPasskey(UserError<AddPasskeyErrorCode>),
    ConfirmPasskey(UserError<ConfirmPasskeyErrorCode>),
    RenamePasskey(UserError<RenamePasskeyErrorCode>),
    RemovePasskey(UserError<RemovePasskeyErrorCode>),
    StartPasskeySignIn(UserError<StartPasskeySignInErrorCode>),
    ConfirmPasskeySignIn(UserError<ConfirmPasskeySignInErrorCode>),
    ExportData(UserError<ExportDataErrorCode>),
    RequestAccountDeletion(UserError<RequestAccountDeletionErrorCode>),
    ConfirmAccountDeletion(UserError<ConfirmAccountDeletionErrorCode>),
    CancelAccountDeletion(UserError<CancelAccountDeletionErrorCode>),
}

/// Registers the types of user errors. Each is described as that of its mutation, which the derive cannot do.
pub fn register<Query, Mutation, Subscription>(
    builder: SchemaBuilder<Query, Mutation, Subscription>,
) -> SchemaBuilder<Query, Mutation, Subscription> {
    macro_rules! describe {
        ($($codes:ident: $mutation:literal)+) => {
            builder
                .register_output_type::<AnyUserError>()
                $(.override_output_type_description::<UserError<$codes>>(concat!("A user error of `", $mutation, "`.")))+
        };
    }
    describe! {
        SignInErrorCode: "signIn"
        ConfirmSignInErrorCode: "confirmSignIn"
        ReauthenticateErrorCode: "reauthenticate"
        RefreshSessionErrorCode: "refreshSession"
        SignOutErrorCode: "signOut"
        RevokeSessionErrorCode: "revokeSession"
        RevokeOtherSessionsErrorCode: "revokeOtherSessions"
        UpdateProfileErrorCode: "updateProfile"
        VerifyEmailErrorCode: "verifyEmail"
        ConfirmEmailErrorCode: "confirmEmail"
        UndoEmailChangeErrorCode: "undoEmailChange"
        UpdatePasswordErrorCode: "updatePassword"
        ResetPasswordErrorCode: "resetPassword"
        ConfirmPasswordResetErrorCode: "confirmPasswordReset"
        EnableMfaErrorCode: "enableMfa"
        DisableMfaErrorCode: "disableMfa"
        ConfirmMfaErrorCode: "confirmMfa"
        RegenerateRecoveryCodesErrorCode: "regenerateRecoveryCodes"
        AddPasskeyErrorCode: "addPasskey"
        ConfirmPasskeyErrorCode: "confirmPasskey"
        RenamePasskeyErrorCode: "renamePasskey"
        RemovePasskeyErrorCode: "removePasskey"
        StartPasskeySignInErrorCode: "startPasskeySignIn"
        ConfirmPasskeySignInErrorCode: "confirmPasskeySignIn"
        ExportDataErrorCode: "exportData"
        RequestAccountDeletionErrorCode: "requestAccountDeletion"
        ConfirmAccountDeletionErrorCode: "confirmAccountDeletion"
        CancelAccountDeletionErrorCode: "cancelAccountDeletion"
    }
}

/// The codes that mutations share. The enum of a mutation has a `From` for each of its codes.
macro_rules! shared_codes {
    ($($code:ident)+) => {
        pub mod code {
            //! One type for each error code, so that a bound can say which codes an error needs.
            $(pub struct $code;)+
        }
    };
}

shared_codes! {
    Required Invalid TooLong
    PasswordTooShort PasswordTooLong PasswordTooCommon PasswordPersonal PasswordUnchanged WrongPassword
    InvalidCredentials InvalidToken InvalidCode ExpiredCode TooManyTries NothingPending
    EmailTaken EmailAlreadyVerified MfaNotEnabled MfaEnforced ExternalUser
    NotFound ReauthenticationRequired RateLimited
    InvalidPasskey DuplicatePasskey TooManyPasskeys LastSignInMethod
    DeletionDisabled LastAdmin
}

/// Defines the error codes of a mutation, and the payload that returns them.
macro_rules! error_codes {
    ($mutation:literal, $payload:ident, $code:ident { $($(#[$meta:meta])* $value:ident),+ $(,)? }) => {
        #[doc = concat!("The error codes of `", $mutation, "`.")]
        #[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $code { $($(#[$meta])* $value),+ }

        $(impl From<$crate::graphql::mutations::user_error::code::$value> for $code {
            fn from(_: $crate::graphql::mutations::user_error::code::$value) -> Self {
                Self::$value
            }
        })+

        impl $crate::graphql::mutations::Payload for $payload {
            type Code = $code;

            fn refused(errors: Vec<$crate::graphql::mutations::user_error::UserError<$code>>) -> Self {
                Self { errors, ..Self::default() }
            }
        }
    };
}
pub(super) use error_codes;
