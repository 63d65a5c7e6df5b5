//! The errors of mutations, before they become the error type of one mutation. Errors that several mutations share get
//! their code, field, and message here; all others in the file of the mutation.

use super::error::ApiError;
use crate::domain::access::Denial;
use crate::domain::attempts::Wait;
use crate::domain::code::CodeRefusal;
use crate::domain::mfa::MfaRefusal;
use crate::domain::password::Weakness;
use crate::domain::{Invalid, InvalidKind};
use crate::services::email::NotSent;
use crate::services::password::{NewPasswordRefusal, PasswordRefusal, WrongPasswords};

/// The error codes of all mutations. Each mutation has its own enum, with some of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described in the enums of the mutations, for those who read the schema")]
pub enum FaultCode {
    Required,
    Invalid,
    TooLong,
    PasswordTooShort,
    PasswordTooLong,
    PasswordTooCommon,
    PasswordPersonal,
    PasswordUnchanged,
    WrongPassword,
    InvalidCredentials,
    InvalidToken,
    InvalidCode,
    ExpiredCode,
    TooManyTries,
    NothingPending,
    EmailTaken,
    EmailAlreadyVerified,
    MfaNotEnabled,
    MfaEnforced,
    ExternalUser,
    NotFound,
    ReauthenticationRequired,
    RateLimited,
}

/// One error of a mutation.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The error code, for programs.
    pub code: FaultCode,
    /// The message, for people.
    pub message: String,
    /// The path of the invalid input, if there is one.
    pub field: Option<&'static str>,
    /// The number of attempts that remain, if they are counted.
    pub attempts_left: Option<u32>,
    /// The time in seconds after which to try again, if waiting helps.
    pub retry_after: Option<u32>,
}

/// The form in which a client gets an error: as data of the mutation, or as a top-level error.
pub enum Told {
    /// In the payload's `errors`.
    Faults(Vec<Fault>),
    /// As a top-level error.
    Error(ApiError),
}

impl From<Fault> for Told {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

impl Fault {
    /// An error that concerns no input.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, attempts_left: None, retry_after: None }
    }

    /// The same error, with the input that it concerns.
    #[must_use]
    pub fn at(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// The error of a value that is missing, malformed, or too long.
    #[must_use]
    pub fn of_invalid(field: &'static str, invalid: Invalid) -> Self {
        let code = match invalid.kind {
            InvalidKind::Required => FaultCode::Required,
            InvalidKind::TooLong => FaultCode::TooLong,
            InvalidKind::Malformed => FaultCode::Invalid,
        };
        Self::new(code, invalid.message).at(field)
    }

    /// The error for an omitted `domainId` on a server with several domains.
    #[must_use]
    pub fn domain_required() -> Self {
        Self::new(FaultCode::Required, "this server has several domains; say which is yours").at("domainId")
    }

    /// The error of an invalid, expired, or used token of a link.
    #[must_use]
    pub fn invalid_link() -> Self {
        let message =
            "This link is not valid, or not any more: it was used, its time is over, or a newer one was sent.";
        Self::new(FaultCode::InvalidToken, message)
    }

    /// The error of a rate limit or of backoff, with the time to wait.
    #[must_use]
    pub fn of_wait(wait: Wait, what: &str) -> Self {
        let message = format!("{what} Try again in {} seconds.", wait.retry_after);
        Self { retry_after: Some(wait.retry_after), ..Self::new(FaultCode::RateLimited, message) }
    }

    /// The error of a rate limit on email.
    #[must_use]
    pub fn of_sends(wait: Wait) -> Self {
        Self::of_wait(wait, "Too many mails were asked for.")
    }

    /// The error when no code can be sent to the address in `field`.
    #[must_use]
    pub fn of_not_sent(field: &'static str, reason: NotSent) -> Self {
        match reason {
            NotSent::RateLimited(wait) => Self::of_sends(wait),
            NotSent::OutOfReach => {
                let message = "No mail can be sent to this address from here, because it has letters beyond ASCII before \
                    the @. Use another address.";
                Self::new(FaultCode::Invalid, message).at(field)
            }
        }
    }

    /// The error of a refused new password in `field`.
    #[must_use]
    pub fn of_new_password(field: &'static str, refusal: NewPasswordRefusal) -> Self {
        let code = match refusal {
            NewPasswordRefusal::Missing => FaultCode::Required,
            NewPasswordRefusal::Weak(Weakness::TooShort { .. }) => FaultCode::PasswordTooShort,
            NewPasswordRefusal::Weak(Weakness::TooLong) => FaultCode::PasswordTooLong,
            NewPasswordRefusal::Weak(Weakness::TooCommon) => FaultCode::PasswordTooCommon,
            NewPasswordRefusal::Weak(Weakness::Personal) => FaultCode::PasswordPersonal,
            NewPasswordRefusal::Unchanged => FaultCode::PasswordUnchanged,
            NewPasswordRefusal::RateLimited(wait) => return Self::of_wait(wait, "The server is busy."),
        };
        Self::new(code, refusal.to_string()).at(field)
    }

    /// The error of the current password in `field`.
    #[must_use]
    pub fn of_password(field: &'static str, refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Missing => Self::new(FaultCode::Required, "Your current password is needed.").at(field),
            PasswordRefusal::Wrong => Self::new(FaultCode::WrongPassword, "This is not your password.").at(field),
            PasswordRefusal::RateLimited(wait) => Self::of_wait(wait, "Too many tries."),
        }
    }

    /// All errors of the passwords of a change. The new password is in `new_field`.
    #[must_use]
    pub fn of_passwords(new_field: &'static str, wrong: WrongPasswords) -> Vec<Self> {
        let current = wrong.current.map(|refusal| Self::of_password("currentPassword", refusal));
        let new = wrong.new.map(|refusal| Self::of_new_password(new_field, refusal));
        current.into_iter().chain(new).collect()
    }

    /// The error of the code in `verifyCode`.
    #[must_use]
    pub fn of_code(refusal: CodeRefusal) -> Self {
        const FIELD: &str = "verifyCode";
        match refusal {
            CodeRefusal::NothingPending => {
                Self::new(FaultCode::NothingPending, "Nothing waits for a code here. Ask for a new one.")
            }
            CodeRefusal::Expired => {
                Self::new(FaultCode::ExpiredCode, "It is too late for this code. Ask for a new one.")
            }
            CodeRefusal::TooManyTries(None) => {
                let message = "Too many wrong codes were tried; this one is void. Ask for a new one.";
                Self { attempts_left: Some(0), ..Self::new(FaultCode::TooManyTries, message) }
            }
            CodeRefusal::TooManyTries(Some(wait)) => {
                let message = format!("Too many wrong codes were tried. Try again in {} seconds.", wait.retry_after);
                let retry_after = Some(wait.retry_after);
                Self { attempts_left: Some(0), retry_after, ..Self::new(FaultCode::TooManyTries, message) }
            }
            CodeRefusal::Wrong { attempts_left } => {
                let message = match attempts_left {
                    0 => "This code is wrong, and no more are looked at.".to_owned(),
                    1 => "This code is wrong. One more try is left.".to_owned(),
                    more => format!("This code is wrong. {more} more tries are left."),
                };
                Self { attempts_left: Some(attempts_left), ..Self::new(FaultCode::InvalidCode, message) }
            }
        }
        .at(FIELD)
    }

    /// The error of a refused change of MFA.
    #[must_use]
    pub fn of_mfa(refusal: MfaRefusal) -> Self {
        match refusal {
            MfaRefusal::NotEnabled => Self::new(FaultCode::MfaNotEnabled, "You have no second factor switched on."),
            MfaRefusal::Enforced => Self::new(
                FaultCode::MfaEnforced,
                "An administrator decided on your second factor; it can neither be switched off nor be of another type.",
            ),
        }
    }
}

impl From<Denial> for Told {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::SessionEnded => Self::Error(ApiError::unauthenticated()),
            Denial::ActionRequired(actions) => Self::Error(ApiError::action_required(&actions)),
            Denial::External => {
                let message = "You sign in elsewhere; your password and second factor are not kept here.";
                Fault::new(FaultCode::ExternalUser, message).into()
            }
            Denial::NotFresh => {
                let message = "You signed in too long ago for this. Prove again who you are, then repeat it.";
                Fault::new(FaultCode::ReauthenticationRequired, message).into()
            }
        }
    }
}
