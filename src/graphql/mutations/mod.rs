//! The mutations, one file for each mutation or family of mutations. Each mutation has its own input, payload, and enum
//! of error codes, so that clients know exactly what to expect.
//!
//! A resolver parses the input, calls a service, and returns its result. Errors that several mutations share are in
//! [`shared_errors`], all others in the file of the mutation.

pub mod account;
pub mod email;
mod failure;
pub mod mfa;
pub mod passkeys;
pub mod password;
pub mod profile;
pub mod sessions;
mod shared_errors;
pub mod sign_in;
pub mod user_error;

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Context, MergedObject, OutputType};

use super::context;
use super::error::ApiError;
use failure::{InputErrors, MutationFailure, submitted};
use user_error::UserError;

/// The mutations of the API: what you can change. Each returns its expected errors in the payload's `errors`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sign_in::SignInMutations,
    sessions::SessionMutations,
    profile::ProfileMutations,
    email::EmailMutations,
    password::PasswordMutations,
    mfa::MfaMutations,
    passkeys::PasskeyMutations,
    account::AccountMutations,
);

/// Whether a mutation submits a password, a code, or an emailed token, or sends email. A request may contain one of
/// these. `given` says whether its input has a field.
#[must_use]
pub fn is_attempt(name: &str, given: &dyn Fn(&str) -> bool) -> bool {
    match name {
        "signIn"
        | "confirmSignIn"
        | "startPasskeySignIn"
        | "confirmPasskeySignIn"
        | "confirmPasskey"
        | "reauthenticate"
        | "updatePassword"
        | "resetPassword"
        | "confirmPasswordReset"
        | "verifyEmail"
        | "confirmEmail"
        | "undoEmailChange"
        | "requestAccountDeletion"
        | "confirmAccountDeletion"
        | "cancelAccountDeletion"
        | "enableMfa"
        | "disableMfa"
        | "confirmMfa" => true,
        "updateProfile" => ["email", "password", "currentPassword"].into_iter().any(given),
        _ => false,
    }
}

/// The result of a mutation.
trait Payload: Default {
    /// The error codes of the mutation.
    type Code: OutputType + EnumType;

    /// The payload of a mutation that did not succeed.
    fn refused(errors: Vec<UserError<Self::Code>>) -> Self;
}

/// Runs a mutation. Its user errors become the `errors` of the payload. The field is nullable, so that a top-level error
/// of one mutation does not discard the results of the others.
async fn run<P: Payload>(
    ctx: &Context<'_>,
    mutation: impl Future<Output = Result<P, MutationFailure<P::Code>>>,
) -> Option<Result<P, ApiError>> {
    let (code, outcome) = match mutation.await {
        Ok(payload) => ("OK", Ok(payload)),
        Err(MutationFailure::Errors(errors)) => {
            (errors.first().map_or("", |error| name_of(&error.code)), Ok(P::refused(errors)))
        }
        Err(MutationFailure::TopLevel(error)) => (error.code().as_str(), Err(error)),
    };
    context::count_mutation(ctx, code);
    Some(outcome)
}

/// The name of an error code in the schema.
fn name_of<C: EnumType>(code: &C) -> &'static str {
    C::items().iter().find(|item| item.value == *code).map_or("", |item| item.name)
}
