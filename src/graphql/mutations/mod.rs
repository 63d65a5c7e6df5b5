//! What can be changed: one file a mutation or a family of them. Each mutation has an input, a payload, an error and an
//! enum of error codes of its own, so that clients know exactly what can come.

pub mod sessions;
pub mod sign_in;
pub mod user_error;

use async_graphql::MergedObject;

use crate::domain::{Invalid, InvalidKind};

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(sign_in::SignInMutation, sessions::SessionMutations);

/// Takes one value of an input; a fault is noted, so that all of them are told at once.
fn parse<T, E>(
    faults: &mut Vec<E>,
    parsed: Result<T, Invalid>,
    to_error: impl FnOnce(InvalidKind, String) -> E,
) -> Option<T> {
    parsed.map_err(|invalid| faults.push(to_error(invalid.kind, invalid.message))).ok()
}
