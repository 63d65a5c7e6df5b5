//! The errors that several mutations share: their codes, messages, and fields. Every other error is in the file of its
//! mutation.

use async_graphql::OutputType;

use super::user_error::{UserError, code};
use crate::domain::attempts::RetryAfter;
use crate::domain::code::CodeRefusal;
use crate::domain::password::Weakness;
use crate::domain::{Invalid, InvalidKind};
use crate::services::email::NotSent;
use crate::services::password::{NewPasswordRefusal, PasswordRefusal, WrongPasswords};

/// The field of a response of an authenticator.
const CREDENTIAL: &str = "credential";
/// The field of a verification code.
const VERIFY_CODE: &str = "verifyCode";

impl<C: OutputType> UserError<C> {
    /// The error of a value that is missing, malformed, or too long.
    pub(super) fn invalid(invalid: Invalid) -> Self
    where
        C: From<code::Required> + From<code::Invalid> + From<code::TooLong>,
    {
        let code: C = match invalid.kind {
            InvalidKind::Required => code::Required.into(),
            InvalidKind::TooLong => code::TooLong.into(),
            InvalidKind::Malformed => code::Invalid.into(),
        };
        Self::new(code, invalid.message)
    }

    /// The error of a verification code that is missing or malformed.
    pub(super) fn invalid_code(invalid: Invalid) -> Self
    where
        C: From<code::Required> + From<code::Invalid>,
    {
        let code: C = match invalid.kind {
            InvalidKind::Required => code::Required.into(),
            InvalidKind::TooLong | InvalidKind::Malformed => code::Invalid.into(),
        };
        Self::new(code, invalid.message).at(VERIFY_CODE)
    }

    /// The error of a response of an authenticator that is missing or malformed.
    pub(super) fn invalid_response(invalid: Invalid) -> Self
    where
        C: From<code::Required> + From<code::Invalid>,
    {
        let code: C = match invalid.kind {
            InvalidKind::Required => code::Required.into(),
            InvalidKind::TooLong | InvalidKind::Malformed => code::Invalid.into(),
        };
        Self::new(code, invalid.message).at(CREDENTIAL)
    }

    /// The error of a token of a challenge for a passkey that is unknown, used, or of another session.
    pub(super) fn invalid_passkey_challenge() -> Self
    where
        C: From<code::InvalidToken>,
    {
        let message =
            "This challenge is unknown or used, or belongs to another session. Call startPasskeySignIn again.";
        Self::new(code::InvalidToken, message).at("challengeToken")
    }

    /// The error of a link's token that is unknown, used, expired, or invalidated.
    pub(super) fn invalid_link() -> Self
    where
        C: From<code::InvalidToken>,
    {
        let message = "This link is invalid: it was used, it has expired, or a newer one was sent.";
        Self::new(code::InvalidToken, message).at("token")
    }

    /// The error of a rate limit or of backoff.
    pub(super) fn rate_limited(wait: RetryAfter, reason: &str) -> Self
    where
        C: From<code::RateLimited>,
    {
        let message = format!("{reason} Try again in {} seconds.", wait.retry_after);
        Self { retry_after: Some(wait.retry_after), ..Self::new(code::RateLimited, message) }
    }

    /// The error of a rate limit on email.
    pub(super) fn too_many_emails(wait: RetryAfter) -> Self
    where
        C: From<code::RateLimited>,
    {
        Self::rate_limited(wait, "Too many emails were requested.")
    }

    /// The error when no code can be sent to the address in `field`.
    pub(super) fn not_sent(field: &'static str, reason: NotSent) -> Self
    where
        C: From<code::RateLimited> + From<code::Invalid>,
    {
        match reason {
            NotSent::RateLimited(wait) => Self::too_many_emails(wait),
            NotSent::OutOfReach => {
                let message = "The mail server cannot deliver to this address, because it has letters beyond ASCII \
                               before the @. Use another address.";
                Self::new(code::Invalid, message).at(field)
            }
        }
    }

    /// The error of the current password in `field`.
    pub(super) fn current_password(field: &'static str, refusal: PasswordRefusal) -> Self
    where
        C: From<code::Required> + From<code::WrongPassword> + From<code::RateLimited>,
    {
        match refusal {
            PasswordRefusal::Missing => Self::new(code::Required, "Your current password is required.").at(field),
            PasswordRefusal::Wrong => Self::new(code::WrongPassword, "The password is wrong.").at(field),
            PasswordRefusal::RateLimited(wait) => Self::rate_limited(wait, "Too many attempts."),
        }
    }

    /// The error when no code is pending.
    pub(super) fn nothing_pending() -> Self
    where
        C: From<code::NothingPending>,
    {
        Self::new(code::NothingPending, "No code is pending here. Request a new one.").at(VERIFY_CODE)
    }

    /// The error of a code that is not accepted; `nothing_pending` if none is pending.
    pub(super) fn rejected_code(refusal: CodeRefusal, nothing_pending: Self) -> Self
    where
        C: From<code::ExpiredCode> + From<code::InvalidCode> + From<code::TooManyTries>,
    {
        let error = match refusal {
            CodeRefusal::NothingPending => return nothing_pending,
            CodeRefusal::Expired => Self::new(code::ExpiredCode, "This code has expired. Request a new one."),
            CodeRefusal::TooManyTries(None) => {
                let message = "Too many wrong codes were submitted, and this code is invalidated. Request a new one.";
                Self { attempts_left: Some(0), ..Self::new(code::TooManyTries, message) }
            }
            CodeRefusal::TooManyTries(Some(RetryAfter { retry_after })) => {
                let message = format!("Too many wrong codes were submitted. Try again in {retry_after} seconds.");
                let error = Self::new(code::TooManyTries, message);
                Self { attempts_left: Some(0), retry_after: Some(retry_after), ..error }
            }
            CodeRefusal::Wrong { attempts_left } => {
                let message = format!("This code is wrong. {}", attempts(attempts_left));
                Self { attempts_left: Some(attempts_left), ..Self::new(code::InvalidCode, message) }
            }
        };
        error.at(VERIFY_CODE)
    }
}

/// How many attempts are left, in a sentence.
fn attempts(left: u32) -> String {
    match left {
        0 => "No attempts are left: begin again.".to_owned(),
        1 => "1 attempt is left.".to_owned(),
        more => format!("{more} attempts are left."),
    }
}

impl<C: OutputType + From<code::ExpiredCode> + From<code::InvalidPasskey> + From<code::TooManyTries>> UserError<C> {
    /// The error of a refused response of an authenticator. `nothing_pending` is the one without a challenge.
    pub(super) fn rejected_passkey(refusal: CodeRefusal, nothing_pending: Self) -> Self {
        let error = match refusal {
            CodeRefusal::NothingPending => return nothing_pending,
            CodeRefusal::Expired => Self::new(code::ExpiredCode, "This challenge has expired. Begin again."),
            CodeRefusal::TooManyTries(wait) => {
                let message = match wait {
                    None => "Too many attempts were made, and this challenge is invalidated. Begin again.".to_owned(),
                    Some(RetryAfter { retry_after }) => {
                        format!("Too many attempts were made. Try again in {retry_after} seconds.")
                    }
                };
                let retry_after = wait.map(|wait| wait.retry_after);
                Self { attempts_left: Some(0), retry_after, ..Self::new(code::TooManyTries, message) }
            }
            CodeRefusal::Wrong { attempts_left } => {
                let message = format!("This passkey was not accepted. {}", attempts(attempts_left));
                Self { attempts_left: Some(attempts_left), ..Self::new(code::InvalidPasskey, message) }
            }
        };
        error.at(CREDENTIAL)
    }
}

impl<C> UserError<C>
where
    C: OutputType
        + From<code::Required>
        + From<code::PasswordTooShort>
        + From<code::PasswordTooLong>
        + From<code::PasswordTooCommon>
        + From<code::PasswordPersonal>
        + From<code::PasswordUnchanged>
        + From<code::RateLimited>,
{
    /// The error of a refused new password in `field`.
    pub(super) fn new_password(field: &'static str, refusal: NewPasswordRefusal) -> Self {
        let code: C = match refusal {
            NewPasswordRefusal::Missing => code::Required.into(),
            NewPasswordRefusal::Weak(Weakness::TooShort { .. }) => code::PasswordTooShort.into(),
            NewPasswordRefusal::Weak(Weakness::TooLong) => code::PasswordTooLong.into(),
            NewPasswordRefusal::Weak(Weakness::TooCommon) => code::PasswordTooCommon.into(),
            NewPasswordRefusal::Weak(Weakness::Personal) => code::PasswordPersonal.into(),
            NewPasswordRefusal::Unchanged => code::PasswordUnchanged.into(),
            NewPasswordRefusal::RateLimited(wait) => return Self::rate_limited(wait, "The server is busy."),
        };
        Self::new(code, refusal.to_string()).at(field)
    }

    /// All errors of the passwords of a change. The new password is in `new_field`.
    pub(super) fn passwords(new_field: &'static str, wrong: WrongPasswords) -> Vec<Self>
    where
        C: From<code::WrongPassword>,
    {
        let current = wrong.current.map(|refusal| Self::current_password("currentPassword", refusal));
        let new = wrong.new.map(|refusal| Self::new_password(new_field, refusal));
        current.into_iter().chain(new).collect()
    }
}
