//! What a document selects of the first screen, so that it can be read together with the caller.
//!
//! It is only a hint: a list that is read in vain costs time, and one that is not read is read when it is resolved. Only
//! the names of roles must not be missed.

use async_graphql::parser::types::{Field, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};

use crate::domain::first_screen::{MOST_ITEMS, Selected};
use crate::domain::page::DEFAULT_PAGE;

/// What an operation with these variables selects of the first screen.
pub fn selected(operation: &OperationDefinition, variables: &Variables) -> Selected {
    let mut selected = Selected::default();
    if operation.ty == OperationType::Query {
        selected.role_names = is_selected(&operation.selection_set.node, "roleName");
        for caller in fields(&operation.selection_set.node, "me") {
            for workspaces in fields(&caller.selection_set.node, "workspaces") {
                let Some(asked) = items_asked(workspaces, operation, variables) else { continue };
                selected.workspaces = selected.workspaces.max(asked);
                // Whether a group is visible is known only if all groups are.
                if items(workspaces, "workspaceGroup").next().is_some() {
                    selected.groups = MOST_ITEMS;
                }
            }
            for groups in fields(&caller.selection_set.node, "workspaceGroups") {
                let Some(asked) = items_asked(groups, operation, variables) else { continue };
                selected.groups = selected.groups.max(asked);
                selected.users |= items(groups, "users").next().is_some();
            }
        }
    }
    selected
}

/// Whether a field with this name is selected anywhere, under whatever condition.
fn is_selected(set: &SelectionSet, name: &str) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => field.node.name.node == name || is_selected(&field.node.selection_set.node, name),
        Selection::InlineFragment(fragment) => is_selected(&fragment.node.selection_set.node, name),
        Selection::FragmentSpread(_) => true,
    })
}

/// The selected fields with this name. Those in fragments with conditions are not looked for.
fn fields<'a>(set: &'a SelectionSet, name: &'a str) -> impl Iterator<Item = &'a Field> {
    set.items.iter().filter_map(move |selection| match &selection.node {
        Selection::Field(field) if field.node.name.node == name => Some(&field.node),
        _ => None,
    })
}

/// How many items have to be read for a connection. `None` if it needs none, or is no first page that can be read with the
/// caller: it may have no argument but `first`, and no larger number than a page has by default.
fn items_asked(connection: &Field, operation: &OperationDefinition, variables: &Variables) -> Option<usize> {
    let set = &connection.selection_set.node;
    if !["nodes", "edges", "pageInfo"].into_iter().any(|name| fields(set, name).next().is_some()) {
        return None;
    }
    let mut size = DEFAULT_PAGE.into();
    for (argument, value) in &connection.arguments {
        let number = match &value.node {
            Value::Number(number) => Some(number),
            Value::Variable(name) => match variables.get(name).or_else(|| default_of(name, operation)) {
                Some(ConstValue::Number(number)) => Some(number),
                Some(ConstValue::Null) | None => None,
                Some(_) => return None,
            },
            Value::Null => None,
            _ => return None,
        };
        if argument.node != "first" {
            return None;
        }
        if let Some(number) = number {
            size = number.as_i64()?;
        }
    }
    (1..=i64::from(DEFAULT_PAGE)).contains(&size).then(|| usize::try_from(size).map_or(0, |size| size + 1))
}

fn default_of<'a>(name: &Name, operation: &'a OperationDefinition) -> Option<&'a ConstValue> {
    let definition = operation.variable_definitions.iter().find(|definition| definition.node.name.node == *name)?;
    definition.node.default_value.as_ref().map(|value| &value.node)
}

/// The selected fields with this name of the items of a connection.
fn items<'a>(connection: &'a Field, name: &'a str) -> impl Iterator<Item = &'a Field> {
    let set = &connection.selection_set.node;
    let nodes = fields(set, "edges").flat_map(|edge| fields(&edge.selection_set.node, "node"));
    fields(set, "nodes").chain(nodes).flat_map(move |node| fields(&node.selection_set.node, name))
}
