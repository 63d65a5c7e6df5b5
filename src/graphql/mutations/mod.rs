//! What can be changed: one file a mutation or a family of them. Each mutation has an input, a payload, an error and an
//! enum of error codes of its own, so that clients know exactly what can come.
//!
//! A resolver parses what came in, asks a service, and says its answer. Refusals that several mutations share get their
//! words in [`fault`](super::fault), the others below the mutation.

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

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sign_in::SignInMutations,
    sessions::SessionMutations,
    profile::ProfileMutations,
    email::EmailMutations,
    password::PasswordMutations,
    mfa::MfaMutations,
);

/// Whether a mutation tries a password, a code or a token of a mail, or has a mail sent: of these there may be one in a
/// request. `given` tells what its input gives.
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
    /// Says a fault as this mutation does.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR`, when the mutation has no such code.
    fn of(fault: Fault) -> Result<Self, ApiError>;
}

/// What a service answered, or why not: in the mutation's errors, or as an error of the request.
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

/// A password that was submitted. An empty one is none.
fn submitted(password: Option<&str>) -> Option<Password> {
    password.filter(|text| !text.is_empty()).map(Password::typed)
}

/// The faults of an input, gathered so that all of them are told at once.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    /// Takes one value of the input.
    fn parse<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.0.push(Fault::of_invalid(field, invalid))).ok()
    }

    /// Takes a password that is tried: any text but an empty one may be.
    fn password(&mut self, field: &'static str, text: &str) -> Option<Password> {
        if text.is_empty() {
            self.require(field, "a password is needed");
            return None;
        }
        Some(Password::typed(text))
    }

    /// Takes a one-time token: what cannot be one is as `invalid` as one that is unknown.
    fn token<T>(&mut self, field: &'static str, text: &str, parsed: Option<T>, invalid: Fault) -> Option<T> {
        if text.is_empty() {
            self.require(field, "a token is needed");
        } else if parsed.is_none() {
            self.0.push(invalid.at(field));
        }
        parsed
    }

    /// Takes the domain in `domainId`, which may be omitted if there is only one.
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

    /// Takes what a service says of inputs that are well-formed, beside others that are not.
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

    /// Whether nothing is wrong so far.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A value is missing.
    fn require(&mut self, field: &'static str, message: &str) {
        self.0.push(Fault::new(FaultCode::Required, message).at(field));
    }

    /// What was `parsed`, where nothing is wrong; otherwise the faults as the mutation says them.
    fn settle<T, E: MutationError>(self, parsed: Option<T>) -> Result<Result<T, Vec<E>>, ApiError> {
        match (self.told()?, parsed) {
            (Some(errors), _) => Ok(Err(errors)),
            (None, Some(parsed)) => Ok(Ok(parsed)),
            (None, None) => Err(ApiError::internal("what could not be parsed is no fault")),
        }
    }

    /// The faults as the mutation says them, if there are any.
    fn told<E: MutationError>(self) -> Result<Option<Vec<E>>, ApiError> {
        let errors = self.0.into_iter().map(E::of).collect::<Result<Vec<E>, _>>()?;
        Ok((!errors.is_empty()).then_some(errors))
    }
}
