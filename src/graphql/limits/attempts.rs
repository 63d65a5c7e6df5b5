//! Mutations that submit a secret or send email: one in a request. Attempts are counted and slowed down for each
//! request, and aliases must not multiply them.

use async_graphql::{
    Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// Decides whether a mutation is an attempt, by its name and the fields of its `input`, null or not.
pub type IsAttempt = fn(name: &str, given: &dyn Fn(&str) -> bool) -> bool;

/// The number of attempts that `operation` makes with these `variables`, including defaults.
pub(super) fn count(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    is_attempt: IsAttempt,
) -> usize {
    if operation.ty != OperationType::Mutation {
        return 0;
    }
    let mut count = 0;
    visit_fields(document, &operation.selection_set.node, &mut |field| {
        if is_attempt(&field.name.node, &|key| gives(field, key, variables)) {
            count += 1;
        }
    });
    count
}

/// Visits the root fields, whose number is within the limit.
fn visit_fields(document: &ExecutableDocument, set: &SelectionSet, visit: &mut impl FnMut(&Field)) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => visit(&field.node),
            Selection::InlineFragment(inline) => visit_fields(document, &inline.node.selection_set.node, visit),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    visit_fields(document, &fragment.node.selection_set.node, visit);
                }
            }
        }
    }
}

/// Whether the input of `field` contains `key`, null or not. Only an omitted key is not given.
fn gives(field: &Field, key: &str, variables: &Variables) -> bool {
    match field.get_argument("input").map(|input| &input.node) {
        Some(Value::Object(fields)) => match fields.get(key) {
            Some(Value::Variable(name)) => variables.contains_key(name),
            given => given.is_some(),
        },
        Some(Value::Variable(name)) => match variables.get(name) {
            Some(ConstValue::Object(fields)) => fields.contains_key(key),
            _ => false,
        },
        _ => false,
    }
}
