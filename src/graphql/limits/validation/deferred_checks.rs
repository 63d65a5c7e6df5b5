//! Checks of a document's values that depend on the values of variables.

use async_graphql::{
    Name, Pos, Value as ConstValue, Variables,
    parser::types::Type,
    registry::{MetaType, Registry},
};
use async_graphql_value::Value;

use super::{
    super::{
        document::name_of,
        document_size,
        error::{Errors, RequestError},
        text::Place,
    },
    leaf_types::{self, Shape},
};

/// A check that runs for each request.
#[derive(Debug)]
pub(in super::super) struct DeferredCheck {
    /// The position of the operation that contains it.
    pub(super) operation: Pos,
    pub(super) place: Place,
    /// The type that is expected.
    pub(super) ty: Type,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A variable that may be null because it has a default value, in a position that does not accept null.
    NotNull(Name),
    /// A value of a custom scalar with variables in it.
    Scalar(Value),
}

impl DeferredCheck {
    /// Its size in bytes.
    pub(in super::super) fn weight(&self) -> usize {
        let what = match &self.what {
            What::NotNull(variable) => variable.len(),
            What::Scalar(value) => document_size::of_value(value),
        };
        size_of::<Self>() + self.place.weight() + what
    }

    /// The error in the values of `variables`, if there is one.
    fn error(&self, variables: &Variables, registry: &Registry) -> Option<RequestError> {
        let (place, given) = match &self.what {
            What::NotNull(variable) => {
                let place = format!("Variable \"${variable}\", used as {}", self.place.in_sentence());
                (place, variables.get(variable).filter(|value| **value == ConstValue::Null)?.clone())
            }
            What::Scalar(value) => {
                let MetaType::Scalar { is_valid: Some(is_valid), .. } = registry.types.get(name_of(&self.ty))? else {
                    return None;
                };
                let value = with_variables(value.clone(), variables)?;
                (self.place.to_string(), Some(value).filter(|value| !is_valid(value))?)
            }
        };
        let message = leaf_types::wrong_type(&place, &Shape::from(&given), &self.ty, registry);
        Some(RequestError::Input { message, at: Some(self.place.at) })
    }
}

/// Reports the errors of the operation that begins at `operation`, with these values of its variables.
pub(in super::super) fn check_deferred(
    checks: &[DeferredCheck],
    operation: Pos,
    variables: &Variables,
    registry: &Registry,
    errors: &mut Errors,
) {
    let own = checks.iter().filter(|check| check.operation == operation);
    own.filter_map(|check| check.error(variables, registry)).for_each(|error| errors.push(error));
}

/// `value` with its variables filled in; those that are not given are null.
fn with_variables(value: Value, variables: &Variables) -> Option<ConstValue> {
    value.into_const_with(|name| Ok::<_, ()>(variables.get(&name).cloned().unwrap_or_default())).ok()
}
