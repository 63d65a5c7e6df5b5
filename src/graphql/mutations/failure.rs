//! Why a mutation does not succeed: its user errors, which are data in the payload, or a top-level error.

use async_graphql::OutputType;
use derive_more::From;

use super::user_error::{UserError, code};
use crate::domain::Invalid;
use crate::domain::access::{Denial, ExternalUser, StepUpRequired};
use crate::domain::ids::DomainId;
use crate::domain::passkey::AuthenticatorResponse;
use crate::domain::password::Password;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::JsonObject;
use crate::services::{Error, Failure, Services};

/// Why a mutation does not succeed. `C` is the enum of its error codes.
#[derive(From)]
pub enum MutationFailure<C: OutputType> {
    /// The payload's `errors`.
    #[from]
    Errors(Vec<UserError<C>>),
    /// A top-level error.
    #[from(ApiError, Failure, Denial)]
    TopLevel(ApiError),
}

impl<C: OutputType, R> From<Error<R>> for MutationFailure<C>
where
    Self: From<R>,
{
    fn from(error: Error<R>) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Failed(failure) => failure.into(),
        }
    }
}

impl<C: OutputType> From<UserError<C>> for MutationFailure<C> {
    fn from(error: UserError<C>) -> Self {
        Self::Errors(vec![error])
    }
}

impl<C: OutputType + From<code::ExternalUser>> From<ExternalUser> for MutationFailure<C> {
    fn from(_: ExternalUser) -> Self {
        let message = "An external identity provider manages your password and MFA. Change them there.";
        UserError::new(code::ExternalUser, message).into()
    }
}

impl<C: OutputType + From<code::ReauthenticationRequired>> From<StepUpRequired> for MutationFailure<C> {
    fn from(_: StepUpRequired) -> Self {
        let message = "You authenticated too long ago for this. Call reauthenticate, then repeat the mutation.";
        UserError::new(code::ReauthenticationRequired, message).into()
    }
}

/// The errors of an input, collected so that all of them are reported at once.
pub(super) struct InputErrors<C: OutputType>(Vec<UserError<C>>);

impl<C: OutputType> Default for InputErrors<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C: OutputType + From<code::Required>> InputErrors<C> {
    /// Parses one value of the input.
    pub(super) fn parse<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T>
    where
        C: From<code::Invalid> + From<code::TooLong>,
    {
        parsed.map_err(|invalid| self.0.push(UserError::invalid(invalid).at(field))).ok()
    }

    /// Parses a verification code.
    pub(super) fn verify_code<T>(&mut self, parsed: Result<T, Invalid>) -> Option<T>
    where
        C: From<code::Invalid>,
    {
        parsed.map_err(|invalid| self.0.push(UserError::invalid_code(invalid))).ok()
    }

    /// Parses the response of an authenticator.
    pub(super) fn passkey(&mut self, json: Option<JsonObject>) -> Option<AuthenticatorResponse>
    where
        C: From<code::Invalid>,
    {
        let parsed = AuthenticatorResponse::parse(json.map(|json| json.0).unwrap_or_default());
        parsed.map_err(|invalid| self.0.push(UserError::invalid_response(invalid))).ok()
    }

    /// Parses a submitted password, which may be any text that is not empty.
    pub(super) fn password(&mut self, field: &'static str, text: &str) -> Option<Password> {
        let password = submitted(Some(text));
        if password.is_none() {
            self.require(field, "The password is missing.");
        }
        password
    }

    /// Parses a single-use token. A malformed token gets the same error, `invalid`, as an unknown one.
    pub(super) fn token<T>(
        &mut self,
        field: &'static str,
        text: &str,
        parsed: Option<T>,
        invalid: UserError<C>,
    ) -> Option<T> {
        if text.is_empty() {
            self.require(field, "The token is missing.");
        } else if parsed.is_none() {
            self.0.push(invalid.at(field));
        }
        parsed
    }

    /// Parses the domain in `domainId`, which may be omitted if there is only one.
    pub(super) async fn domain(&mut self, services: &Services, given: Option<&str>) -> Result<Option<DomainId>, Failure>
    where
        C: From<code::Invalid> + From<code::TooLong>,
    {
        if let Some(text) = given {
            return Ok(self.parse("domainId", DomainId::parse(text)));
        }
        let only = services.only_domain().await?;
        if only.is_none() {
            self.require("domainId", "This server has several domains. Name the one that you belong to.");
        }
        Ok(only)
    }

    fn require(&mut self, field: &'static str, message: &str) {
        self.0.push(UserError::new(code::Required, message).at(field));
    }
}

impl<C: OutputType> From<InputErrors<C>> for MutationFailure<C> {
    fn from(errors: InputErrors<C>) -> Self {
        Self::Errors(errors.0)
    }
}

impl<C: OutputType> InputErrors<C> {
    /// Adds the errors that a service returns for the well-formed inputs, when other inputs are malformed.
    pub(super) fn add<T, R>(&mut self, checked: Result<T, Error<R>>) -> Result<(), MutationFailure<C>>
    where
        MutationFailure<C>: From<R>,
    {
        let refusal = match checked {
            Ok(_) => return Ok(()),
            Err(Error::Failed(failure)) => return Err(failure.into()),
            Err(Error::Refused(refusal)) => refusal,
        };
        match MutationFailure::from(refusal) {
            MutationFailure::Errors(errors) => self.0.extend(errors),
            failure @ MutationFailure::TopLevel(_) => return Err(failure),
        }
        Ok(())
    }

    /// Adds an error.
    pub(super) fn push(&mut self, error: UserError<C>) {
        self.0.push(error);
    }

    /// Whether there are no errors so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails with all errors, if there are any.
    pub(super) fn check(self) -> Result<(), MutationFailure<C>> {
        if self.is_empty() { Ok(()) } else { Err(MutationFailure::Errors(self.0)) }
    }

    /// The `parsed` value if there are no errors.
    pub(super) fn settle<T>(self, parsed: Option<T>) -> Result<T, MutationFailure<C>> {
        self.check()?;
        parsed.ok_or_else(|| ApiError::internal("an input that could not be parsed has no error").into())
    }
}

/// A submitted password. An empty one counts as missing.
pub(super) fn submitted(password: Option<&str>) -> Option<Password> {
    password.filter(|text| !text.is_empty()).map(Password::from_input)
}
