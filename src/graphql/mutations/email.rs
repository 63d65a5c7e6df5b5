//! `verifyEmail`, `confirmEmail`, `undoEmailChange`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::user_error;
use super::{Faults, settle};
use crate::domain::email::Email;
use crate::domain::token::UndoToken;
use crate::domain::verify_code::Digits;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::fault::{Fault, FaultCode, Told};
use crate::graphql::types::scalars::Time;
use crate::graphql::types::user::User;
use crate::services::email::{ConfirmEmailRefusal, UndoEmailRefusal, VerifyEmailRefusal};

user_error!(
    "verifyEmail",
    VerifyEmailError,
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

user_error!(
    "confirmEmail",
    ConfirmEmailError,
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

user_error!(
    "undoEmailChange",
    UndoEmailChangeError,
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
#[derive(InputObject, Default)]
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
    errors: Vec<VerifyEmailError>,
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
    errors: Vec<ConfirmEmailError>,
}

/// The input of `undoEmailChange`.
#[derive(InputObject)]
pub struct UndoEmailChangeInput {
    /// The token from the undo link in the email.
    token: String,
}

/// The result of `undoEmailChange`.
#[derive(SimpleObject)]
pub struct UndoEmailChangePayload {
    /// True if the previous address was restored.
    ok: bool,
    /// The reasons why the address was not restored. Empty on success.
    errors: Vec<UndoEmailChangeError>,
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
        Some(verify_email(ctx, &input.unwrap_or_default()).await)
    }

    /// Verifies the address that a code was sent to; a pending address replaces your current one. The new address and
    /// the previous one, if it was verified, then receive a notification, and that to the previous address contains a
    /// link that undoes the change. An address that another user has verified returns `EMAIL_TAKEN`.
    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code that was sent to the address.")] input: ConfirmEmailInput,
    ) -> Option<Result<ConfirmEmailPayload, ApiError>> {
        Some(confirm_email(ctx, &input).await)
    }

    /// Restores the previous email address with the undo link that was sent to it, and ends all sessions. Requires no
    /// authentication. An invalid or expired link returns `INVALID_TOKEN`.
    async fn undo_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the undo link.")] input: UndoEmailChangeInput,
    ) -> Option<Result<UndoEmailChangePayload, ApiError>> {
        Some(undo_email_change(ctx, &input).await)
    }
}

async fn verify_email(ctx: &Context<'_>, input: &VerifyEmailInput) -> Result<VerifyEmailPayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let mut faults = Faults::default();
    let email = input.email.as_ref().and_then(|email| faults.parse("email", Email::parse(email)));
    if let Some(errors) = faults.told()? {
        return Ok(VerifyEmailPayload { errors, ..VerifyEmailPayload::default() });
    }
    let answer = context::services(ctx)?.verify_email(caller, email.as_ref(), context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(sent) => VerifyEmailPayload {
            sent_to: Some(sent.to.as_str().to_owned()),
            expires_at: Some(Time(sent.expires_at)),
            errors: Vec::new(),
        },
        Err(errors) => VerifyEmailPayload { errors, ..VerifyEmailPayload::default() },
    })
}

async fn confirm_email(ctx: &Context<'_>, input: &ConfirmEmailInput) -> Result<ConfirmEmailPayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let mut faults = Faults::default();
    let digits = faults.parse("verifyCode", Digits::parse(&input.verify_code));
    let digits = match faults.settle(digits)? {
        Ok(digits) => digits,
        Err(errors) => return Ok(ConfirmEmailPayload { user: None, errors }),
    };
    let answer = context::services(ctx)?.confirm_email(caller, digits, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(caller) => ConfirmEmailPayload { user: Some(User(Arc::new(caller))), errors: Vec::new() },
        Err(errors) => ConfirmEmailPayload { user: None, errors },
    })
}

async fn undo_email_change(
    ctx: &Context<'_>,
    input: &UndoEmailChangeInput,
) -> Result<UndoEmailChangePayload, ApiError> {
    let mut faults = Faults::default();
    let token = faults.token("token", &input.token, UndoToken::parse(&input.token), Fault::invalid_link());
    let token = match faults.settle(token)? {
        Ok(token) => token,
        Err(errors) => return Ok(UndoEmailChangePayload { ok: false, errors }),
    };
    let answer = context::services(ctx)?.undo_email_change(&token, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(()) => UndoEmailChangePayload { ok: true, errors: Vec::new() },
        Err(errors) => UndoEmailChangePayload { ok: false, errors },
    })
}

impl From<VerifyEmailRefusal> for Told {
    fn from(refusal: VerifyEmailRefusal) -> Self {
        match refusal {
            VerifyEmailRefusal::Denied(denial) => denial.into(),
            VerifyEmailRefusal::NoAddress => {
                Fault::new(FaultCode::Required, "You have no e-mail address; give one.").at("email").into()
            }
            VerifyEmailRefusal::AlreadyVerified => {
                let message = "You have proven already that you read this address.";
                Fault::new(FaultCode::EmailAlreadyVerified, message).at("email").into()
            }
            VerifyEmailRefusal::NotSent(reason) => Fault::of_not_sent("email", reason).into(),
        }
    }
}

impl From<ConfirmEmailRefusal> for Told {
    fn from(refusal: ConfirmEmailRefusal) -> Self {
        match refusal {
            ConfirmEmailRefusal::Denied(denial) => denial.into(),
            ConfirmEmailRefusal::Code(refusal) => Fault::of_code(refusal).into(),
            ConfirmEmailRefusal::Taken => {
                Fault::new(FaultCode::EmailTaken, "Somebody else of your domain has this address.").into()
            }
        }
    }
}

impl From<UndoEmailRefusal> for Told {
    fn from(refusal: UndoEmailRefusal) -> Self {
        let fault = match refusal {
            UndoEmailRefusal::InvalidToken => Fault::invalid_link(),
            UndoEmailRefusal::Taken => {
                Fault::new(FaultCode::EmailTaken, "Somebody else of the domain has this address by now.")
            }
        };
        fault.at("token").into()
    }
}
