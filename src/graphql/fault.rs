//! Why a mutation is refused, before it is said in that mutation's own words: what several mutations can be refused for
//! gets its code, its field and its sentence here, once; the rest where the one mutation is.

use super::error::ApiError;
use crate::domain::access::Denial;
use crate::domain::attempts::Wait;
use crate::domain::code::CodeRefusal;
use crate::domain::mfa::MfaRefusal;
use crate::domain::password::Weakness;
use crate::domain::{Invalid, InvalidKind};
use crate::services::email::NotSent;
use crate::services::password::{NewPasswordRefusal, PasswordRefusal, WrongPasswords};

/// Every code that any mutation can be refused with. Each mutation has an enum of its own, of some of these.
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

/// One reason why a mutation is refused.
#[derive(Debug, Clone)]
pub struct Fault {
    /// For programs.
    pub code: FaultCode,
    /// For people.
    pub message: String,
    /// The path of the input that was wrong, if it was one.
    pub field: Option<&'static str>,
    /// How many tries are left, where they are counted.
    pub attempts_left: Option<u32>,
    /// After how many seconds to try again, where that helps.
    pub retry_after: Option<u32>,
}

/// What a client is told: a refusal is data of the mutation, anything else an error of the request.
pub enum Told {
    /// In the payload's `errors`.
    Faults(Vec<Fault>),
    /// As an error of GraphQL.
    Error(ApiError),
}

impl From<Fault> for Told {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

impl Fault {
    /// A reason that lies in no input.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, attempts_left: None, retry_after: None }
    }

    /// The same, in an input.
    #[must_use]
    pub fn at(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// An input cannot be what it should be.
    #[must_use]
    pub fn of_invalid(field: &'static str, invalid: Invalid) -> Self {
        let code = match invalid.kind {
            InvalidKind::Required => FaultCode::Required,
            InvalidKind::TooLong => FaultCode::TooLong,
            InvalidKind::Malformed => FaultCode::Invalid,
        };
        Self::new(code, invalid.message).at(field)
    }

    /// The server has several domains, and none was named.
    #[must_use]
    pub fn domain_required() -> Self {
        Self::new(FaultCode::Required, "this server has several domains; say which is yours").at("domainId")
    }

    /// The token of a link is not good, or not any more.
    #[must_use]
    pub fn invalid_link() -> Self {
        let message =
            "This link is not valid, or not any more: it was used, its time is over, or a newer one was sent.";
        Self::new(FaultCode::InvalidToken, message)
    }

    /// Too much was tried, or sent: later.
    #[must_use]
    pub fn of_wait(wait: Wait, what: &str) -> Self {
        let message = format!("{what} Try again in {} seconds.", wait.retry_after);
        Self { retry_after: Some(wait.retry_after), ..Self::new(FaultCode::RateLimited, message) }
    }

    /// Too many mails.
    #[must_use]
    pub fn of_sends(wait: Wait) -> Self {
        Self::of_wait(wait, "Too many mails were asked for.")
    }

    /// No code is sent to the address in `field`.
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

    /// A new password, in `field`, is not taken.
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

    /// What was given for the present password, in `field`, does not count.
    #[must_use]
    pub fn of_password(field: &'static str, refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Missing => Self::new(FaultCode::Required, "Your current password is needed.").at(field),
            PasswordRefusal::Wrong => Self::new(FaultCode::WrongPassword, "This is not your password.").at(field),
            PasswordRefusal::RateLimited(wait) => Self::of_wait(wait, "Too many tries."),
        }
    }

    /// All that is wrong with the passwords of a change, the new one of which is in `new_field`.
    #[must_use]
    pub fn of_passwords(new_field: &'static str, wrong: WrongPasswords) -> Vec<Self> {
        let current = wrong.current.map(|refusal| Self::of_password("currentPassword", refusal));
        let new = wrong.new.map(|refusal| Self::of_new_password(new_field, refusal));
        current.into_iter().chain(new).collect()
    }

    /// A code, in `verifyCode`, does not count.
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

    /// The second factor may not be changed so.
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
