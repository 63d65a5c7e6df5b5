//! The conditions of selections: `@skip` and `@include`.
//!
//! Once they are applied, no field of a selection set remains that is selected twice: see
//! [`collect_fields`](super::collect_fields). Without this, the library executes such a field for each of its conditions,
//! mutations included.

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::{ConstValue, Value};

use super::document::operations_mut;

/// Whether any selection of `document` has directives.
pub(super) fn has_conditions(document: &ExecutableDocument) -> bool {
    document.operations.iter().any(|(_, operation)| is_conditional(&operation.node.selection_set.node))
}

fn is_conditional(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => !field.node.directives.is_empty() || is_conditional(&field.node.selection_set.node),
        Selection::InlineFragment(inline) => {
            !inline.node.directives.is_empty() || is_conditional(&inline.node.selection_set.node)
        }
        Selection::FragmentSpread(_) => false,
    })
}

/// Removes the selections that these `variables` exclude, and the directives of the others.
pub(super) fn apply_conditions(document: &mut ExecutableDocument, variables: &Variables) {
    for operation in operations_mut(&mut document.operations) {
        apply(&mut operation.node.selection_set.node, variables);
    }
}

fn apply(set: &mut SelectionSet, variables: &Variables) {
    set.items.retain_mut(|selection| {
        let (directives, set) = match &mut selection.node {
            Selection::Field(field) => (&mut field.node.directives, &mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => (&mut inline.node.directives, &mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => return true,
        };
        let is_selected = directives.iter().all(|directive| holds(&directive.node, variables));
        if is_selected {
            directives.retain(|directive| !is_condition(directive));
            apply(set, variables);
        }
        is_selected
    });
}

fn is_condition(directive: &Positioned<Directive>) -> bool {
    matches!(directive.node.name.node.as_str(), "skip" | "include")
}

/// Whether the selection with this directive is selected. The values of conditions are Booleans, which was checked.
fn holds(directive: &Directive, variables: &Variables) -> bool {
    let condition = directive.arguments.iter().find(|(name, _)| name.node == "if").map(|(_, value)| &value.node);
    let is_true = match condition {
        Some(Value::Variable(name)) => variables.get::<Name>(name) == Some(&ConstValue::Boolean(true)),
        condition => condition == Some(&Value::Boolean(true)),
    };
    match directive.name.node.as_str() {
        "skip" => !is_true,
        "include" => is_true,
        _ => true,
    }
}
