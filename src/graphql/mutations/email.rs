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
        /// You have no address; give one.
        Required,
        /// This is not an email address, or one that the mail server cannot deliver to.
        Invalid,
        /// The address is too long.
        TooLong,
        /// You have proven already that you read this address.
        EmailAlreadyVerified,
        /// You signed in too long ago for this. Prove again who you are with `reauthenticate`.
        ReauthenticationRequired,
        /// Too many mails. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "confirmEmail",
    ConfirmEmailError,
    ConfirmEmailErrorCode {
        /// The code is needed.
        Required,
        /// This cannot be a code. It counts as no try.
        Invalid,
        /// The code is wrong. `attemptsLeft` tells how many more are looked at.
        InvalidCode,
        /// The code is out of time. Ask for a new one with `verifyEmail`.
        ExpiredCode,
        /// Too many wrong codes. Ask for a new one, or wait for `retryAfter` seconds where it is given.
        TooManyTries,
        /// No address waits to be proven.
        NothingPending,
        /// Somebody else of your domain has proven this address before.
        EmailTaken,
    }
);

user_error!(
    "undoEmailChange",
    UndoEmailChangeError,
    UndoEmailChangeErrorCode {
        /// The token is needed.
        Required,
        /// The link is unknown, used up, out of time, or void.
        InvalidToken,
        /// Somebody else of the domain has proven the address meanwhile.
        EmailTaken,
    }
);

/// Which address is to be verified.
#[derive(InputObject, Default)]
pub struct VerifyEmailInput {
    /// The address. A new one does what `updateProfile(email)` does. Left out: the pending one, else the present one.
    email: Option<String>,
}

/// What came of asking for a code.
#[derive(SimpleObject, Default)]
pub struct VerifyEmailPayload {
    /// The address that the code was sent to.
    sent_to: Option<String>,
    /// Until when the code is good.
    expires_at: Option<Time>,
    /// Why none was sent.
    errors: Vec<VerifyEmailError>,
}

/// What proves an address.
#[derive(InputObject)]
pub struct ConfirmEmailInput {
    /// The code from the mail.
    verify_code: String,
}

/// What came of proving an address.
#[derive(SimpleObject, Default)]
pub struct ConfirmEmailPayload {
    /// You, with the address.
    user: Option<User>,
    /// Why it is not yours yet.
    errors: Vec<ConfirmEmailError>,
}

/// What puts the old address back.
#[derive(InputObject)]
pub struct UndoEmailChangeInput {
    /// The token from the link in the mail.
    token: String,
}

/// What came of putting the old address back.
#[derive(SimpleObject)]
pub struct UndoEmailChangePayload {
    /// Whether it is back.
    ok: bool,
    /// Why it is not.
    errors: Vec<UndoEmailChangeError>,
}

/// E-mail addresses.
#[derive(Default)]
pub struct EmailMutations;

#[Object]
impl EmailMutations {
    /// Sends a code to an e-mail address, which `confirmEmail` takes. Asks for a fresh sign-in.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which address.")] input: Option<VerifyEmailInput>,
    ) -> Option<Result<VerifyEmailPayload, ApiError>> {
        Some(verify_email(ctx, &input.unwrap_or_default()).await)
    }

    /// Proves that you read the address that a code was sent to; a pending address becomes yours by that. The old and the
    /// new address are told, and the old one gets a link that undoes it.
    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code.")] input: ConfirmEmailInput,
    ) -> Option<Result<ConfirmEmailPayload, ApiError>> {
        Some(confirm_email(ctx, &input).await)
    }

    /// Puts the old e-mail address back by the link that was sent to it, and ends all sessions. Asks for no sign-in.
    async fn undo_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: UndoEmailChangeInput,
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
