//! Mutations that try a secret, or have a mail sent: one in a request. What is counted and slowed down for each request
//! shall not be had by the dozen under aliases.

use async_graphql::{
    Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// Says whether a mutation tries something or has a mail sent, by its name, and by what its `input` gives, be it null.
pub type IsAttempt = fn(name: &str, given: &dyn Fn(&str) -> bool) -> bool;

/// How many attempts `operation` makes with these `variables`, defaults included.
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

/// Visits the fields of the outermost level, of which there are no more than the limit of root fields allowed.
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

/// Whether the input of `field` gives `key`, be it as null: only what is omitted is not given.
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
