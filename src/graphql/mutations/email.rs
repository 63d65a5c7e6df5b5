//! `verifyEmail`, `confirmEmail`, `undoEmailChange`.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::{UserError, error_codes};
use super::{InputErrors, MutationFailure, run};
use crate::domain::email::Email;
use crate::domain::token::UndoToken;
use crate::domain::verify_code::Digits;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::Time;
use crate::graphql::types::user::User;
use crate::services::email::{ConfirmEmailRefusal, UndoEmailRefusal, VerifyEmailRefusal};

error_codes!(
    "verifyEmail",
    VerifyEmailPayload,
    VerifyEmailErrorCode {
        /// You have no email address, so `email` is required; or the given address is empty.
        Required,
        /// The value is not an email address, or the mail server cannot deliver to it.
        Invalid,
        /// The email address is too long.
        TooLong,
        /// You have already verified this address.
        EmailAlreadyVerified,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
        /// Too many emails were requested. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "confirmEmail",
    ConfirmEmailPayload,
    ConfirmEmailErrorCode {
        /// The code is missing or empty.
        Required,
        /// The value is not a code. It is not counted as an attempt.
        Invalid,
        /// The code is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidCode,
        /// The code has expired. Request a new one with `verifyEmail`.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, request a new code with `verifyEmail`; otherwise wait
        /// for that many seconds.
        TooManyTries,
        /// There is no code to confirm. Request one with `verifyEmail`.
        NothingPending,
        /// Another user of your domain has verified this address.
        EmailTaken,
    }
);

error_codes!(
    "undoEmailChange",
    UndoEmailChangePayload,
    UndoEmailChangeErrorCode {
        /// The token is missing or empty.
        Required,
        /// The token is unknown, used, expired, or invalidated.
        InvalidToken,
        /// Another user of the domain has verified the address in the meantime.
        EmailTaken,
    }
);

/// The input of `verifyEmail`.
#[derive(InputObject)]
pub struct VerifyEmailInput {
    /// The address to verify. A new address becomes `pendingEmail`, as with `updateProfile`. If it is omitted, the
    /// pending address, otherwise the current one.
    email: Option<String>,
}

/// The result of `verifyEmail`.
#[derive(SimpleObject, Default)]
pub struct VerifyEmailPayload {
    /// The address that the code was sent to. Null if there are errors.
    sent_to: Option<String>,
    /// The time when the code expires. Null if there are errors.
    expires_at: Option<Time>,
    /// The reasons why no code was sent. Empty on success.
    errors: Vec<UserError<VerifyEmailErrorCode>>,
}

/// The input of `confirmEmail`.
#[derive(InputObject)]
pub struct ConfirmEmailInput {
    /// The verification code from the email, six digits.
    verify_code: String,
}

/// The result of `confirmEmail`.
#[derive(SimpleObject, Default)]
pub struct ConfirmEmailPayload {
    /// The user with the verified address. Null if there are errors.
    user: Option<User>,
    /// The reasons why the address was not verified. Empty on success.
    errors: Vec<UserError<ConfirmEmailErrorCode>>,
}

/// The input of `undoEmailChange`.
#[derive(InputObject)]
pub struct UndoEmailChangeInput {
    /// The token from the undo link in the email.
    token: String,
}

/// The result of `undoEmailChange`.
#[derive(SimpleObject, Default)]
pub struct UndoEmailChangePayload {
    /// True if the previous address was restored.
    ok: bool,
    /// The reasons why the address was not restored. Empty on success.
    errors: Vec<UserError<UndoEmailChangeErrorCode>>,
}

/// The mutations of email addresses.
#[derive(Default)]
pub struct EmailMutations;

#[Object]
impl EmailMutations {
    /// Sends a verification code to an email address, for `confirmEmail`. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). A verified current address returns `EMAIL_ALREADY_VERIFIED`. An address that
    /// another user has verified gets the same response as any other.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address to verify. May be omitted for the pending or current one.")] input: Option<
            VerifyEmailInput,
        >,
    ) -> Option<Result<VerifyEmailPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let mut errors = InputErrors::default();
            let email = input.and_then(|input| input.email);
            let email = email.and_then(|email| errors.parse("email", Email::parse(&email)));
            errors.check()?;
            let sent = context::services(ctx)?.verify_email(caller, email.as_ref(), context::client(ctx)?).await?;
            Ok(VerifyEmailPayload {
                sent_to: Some(sent.to.as_str().to_owned()),
                expires_at: Some(Time(sent.expires_at)),
                errors: Vec::new(),
            })
        })
        .await
    }

    /// Verifies the address that a code was sent to; a pending address replaces your current one. The new address and
    /// the previous one, if it was verified, then receive a notification, and that to the previous address contains a
    /// link that undoes the change. An address that another user has verified returns `EMAIL_TAKEN`.
    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code that was sent to the address.")] input: ConfirmEmailInput,
    ) -> Option<Result<ConfirmEmailPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let mut errors = InputErrors::default();
            let digits = errors.verify_code(Digits::parse(&input.verify_code));
            let digits = errors.settle(digits)?;
            let caller = context::services(ctx)?.confirm_email(caller, digits, context::client(ctx)?).await?;
            Ok(ConfirmEmailPayload { user: Some(caller.into()), errors: Vec::new() })
        })
        .await
    }

    /// Restores the previous email address with the undo link that was sent to it, and ends all sessions. Requires no
    /// authentication. An invalid or expired link returns `INVALID_TOKEN`.
    async fn undo_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the undo link.")] input: UndoEmailChangeInput,
    ) -> Option<Result<UndoEmailChangePayload, ApiError>> {
        run(ctx, async {
            let mut errors = InputErrors::default();
            let token = errors.token("token", &input.token, UndoToken::parse(&input.token), UserError::invalid_link());
            let token = errors.settle(token)?;
            context::services(ctx)?.undo_email_change(&token, context::client(ctx)?).await?;
            Ok(UndoEmailChangePayload { ok: true, errors: Vec::new() })
        })
        .await
    }
}

impl From<VerifyEmailRefusal> for MutationFailure<VerifyEmailErrorCode> {
    fn from(refusal: VerifyEmailRefusal) -> Self {
        let error = match refusal {
            VerifyEmailRefusal::Denied(denial) => return denial.into(),
            VerifyEmailRefusal::StepUp(required) => return required.into(),
            VerifyEmailRefusal::NoAddress => {
                UserError::new(VerifyEmailErrorCode::Required, "You have no email address. Give the address to verify.")
            }
            VerifyEmailRefusal::AlreadyVerified => UserError::new(
                VerifyEmailErrorCode::EmailAlreadyVerified,
                "You have already verified this email address.",
            ),
            VerifyEmailRefusal::NotSent(reason) => return UserError::not_sent("email", reason).into(),
        };
        error.at("email").into()
    }
}

impl From<ConfirmEmailRefusal> for MutationFailure<ConfirmEmailErrorCode> {
    fn from(refusal: ConfirmEmailRefusal) -> Self {
        match refusal {
            ConfirmEmailRefusal::Denied(denial) => denial.into(),
            ConfirmEmailRefusal::Code(refusal) => {
                UserError::rejected_code(refusal, UserError::nothing_pending()).into()
            }
            ConfirmEmailRefusal::Taken => {
                let message = "Another user of your domain has verified this email address.";
                UserError::new(ConfirmEmailErrorCode::EmailTaken, message).into()
            }
        }
    }
}

impl From<UndoEmailRefusal> for MutationFailure<UndoEmailChangeErrorCode> {
    fn from(refusal: UndoEmailRefusal) -> Self {
        match refusal {
            UndoEmailRefusal::InvalidToken => UserError::invalid_link().into(),
            UndoEmailRefusal::Taken => {
                let message = "Another user of your domain has verified this email address in the meantime.";
                UserError::new(UndoEmailChangeErrorCode::EmailTaken, message).at("token").into()
            }
        }
    }
}
