//! The mutations, one file for each mutation or family of mutations. Each mutation has its own input, payload, error
//! type, and enum of error codes, so that clients know exactly what to expect.
//!
//! A resolver parses the input, calls a service, and returns its result. Errors that several mutations share get their
//! messages in [`fault`](super::fault), all others in the file of the mutation.

pub mod email;
pub mod mfa;
pub mod password;
pub mod profile;
pub mod sessions;
pub mod sign_in;
pub mod user_error;

use async_graphql::MergedObject;

use super::error::ApiError;
use super::fault::{Fault, FaultCode, Told};
use crate::domain::Invalid;
use crate::domain::ids::DomainId;
use crate::domain::password::Password;
use crate::services::{Error, Services};

/// The mutations of the API: what you can change. Each returns its expected errors in the payload's `errors`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sign_in::SignInMutations,
    sessions::SessionMutations,
    profile::ProfileMutations,
    email::EmailMutations,
    password::PasswordMutations,
    mfa::MfaMutations,
);

/// Whether a mutation submits a password, a code, or an emailed token, or sends email. A request may contain one of
/// these. `given` says whether its input has a field.
#[must_use]
pub fn is_attempt(name: &str, given: &dyn Fn(&str) -> bool) -> bool {
    match name {
        "signIn"
        | "confirmSignIn"
        | "reauthenticate"
        | "updatePassword"
        | "resetPassword"
        | "confirmPasswordReset"
        | "verifyEmail"
        | "confirmEmail"
        | "undoEmailChange"
        | "enableMfa"
        | "disableMfa"
        | "confirmMfa" => true,
        "updateProfile" => ["email", "password", "currentPassword"].into_iter().any(given),
        _ => false,
    }
}

/// The error type of a mutation.
trait MutationError: Sized {
    /// The error in this mutation's type.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR`, if the mutation has no such code.
    fn of(fault: Fault) -> Result<Self, ApiError>;
}

/// The result of a service, or the reason for its refusal: as the mutation's errors, or as a top-level error.
fn settle<T, R: Into<Told>, E: MutationError>(answer: Result<T, Error<R>>) -> Result<Result<T, Vec<E>>, ApiError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Refused(refusal)) => match refusal.into() {
            Told::Faults(faults) => Ok(Err(faults.into_iter().map(E::of).collect::<Result<_, _>>()?)),
            Told::Error(error) => Err(error),
        },
    }
}

/// A submitted password. An empty one counts as missing.
fn submitted(password: Option<&str>) -> Option<Password> {
    password.filter(|text| !text.is_empty()).map(Password::typed)
}

/// The errors of an input, collected so that all of them are reported at once.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    /// Parses one value of the input.
    fn parse<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.0.push(Fault::of_invalid(field, invalid))).ok()
    }

    /// Parses a submitted password, which may be any text that is not empty.
    fn password(&mut self, field: &'static str, text: &str) -> Option<Password> {
        if text.is_empty() {
            self.require(field, "enter the password");
            return None;
        }
        Some(Password::typed(text))
    }

    /// Parses a one-time token. A malformed token gets the same error, `invalid`, as an unknown one.
    fn token<T>(&mut self, field: &'static str, text: &str, parsed: Option<T>, invalid: Fault) -> Option<T> {
        if text.is_empty() {
            self.require(field, "a token is needed");
        } else if parsed.is_none() {
            self.0.push(invalid.at(field));
        }
        parsed
    }

    /// Parses the domain in `domainId`, which may be omitted if there is only one.
    async fn domain(&mut self, services: &Services, given: Option<&str>) -> Result<Option<DomainId>, ApiError> {
        if let Some(text) = given {
            return Ok(self.parse("domainId", DomainId::parse(text)));
        }
        let only = services.only_domain().await?;
        if only.is_none() {
            self.0.push(Fault::domain_required());
        }
        Ok(only)
    }

    /// Adds the errors that a service returns for the well-formed inputs, when other inputs are malformed.
    fn add<R: Into<Told>>(&mut self, checked: Result<(), Error<R>>) -> Result<(), ApiError> {
        match checked {
            Ok(()) => Ok(()),
            Err(Error::Failed(failure)) => Err(failure.into()),
            Err(Error::Refused(refusal)) => match refusal.into() {
                Told::Faults(faults) => {
                    self.0.extend(faults);
                    Ok(())
                }
                Told::Error(error) => Err(error),
            },
        }
    }

    /// Whether there are no errors so far.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the error that a value is missing.
    fn require(&mut self, field: &'static str, message: &str) {
        self.0.push(Fault::new(FaultCode::Required, message).at(field));
    }

    /// The `parsed` value if there are no errors, otherwise the errors in the mutation's type.
    fn settle<T, E: MutationError>(self, parsed: Option<T>) -> Result<Result<T, Vec<E>>, ApiError> {
        match (self.told()?, parsed) {
            (Some(errors), _) => Ok(Err(errors)),
            (None, Some(parsed)) => Ok(Ok(parsed)),
            (None, None) => Err(ApiError::internal("what could not be parsed is no fault")),
        }
    }

    /// The errors in the mutation's type, if there are any.
    fn told<E: MutationError>(self) -> Result<Option<Vec<E>>, ApiError> {
        let errors = self.0.into_iter().map(E::of).collect::<Result<Vec<E>, _>>()?;
        Ok((!errors.is_empty()).then_some(errors))
    }
}
