//! What a document selects of the first screen, so that it can be read together with the caller.
//!
//! It is only a hint: a list that is read in vain costs time, and one that is not read is read when it is resolved.

use async_graphql::parser::types::{Field, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql_value::Value;

use crate::domain::first_screen::{MOST_ITEMS, Selected};

/// The lists of the first screen that an operation selects.
pub fn selected(operation: &OperationDefinition) -> Selected {
    let mut selected = Selected::default();
    if operation.ty == OperationType::Query {
        for caller in fields(&operation.selection_set.node, "me") {
            for workspaces in fields(&caller.selection_set.node, "workspaces").filter(|field| is_first_page(field)) {
                selected.workspaces |= has_items(workspaces);
                selected.groups |= items(workspaces, "workspaceGroup").next().is_some();
            }
            for groups in fields(&caller.selection_set.node, "workspaceGroups").filter(|field| is_first_page(field)) {
                selected.groups |= has_items(groups);
                selected.users |= items(groups, "users").next().is_some();
            }
        }
    }
    selected
}

/// The selected fields with this name. Those in fragments with conditions are not looked for.
fn fields<'a>(set: &'a SelectionSet, name: &'a str) -> impl Iterator<Item = &'a Field> {
    set.items.iter().filter_map(move |selection| match &selection.node {
        Selection::Field(field) if field.node.name.node == name => Some(&field.node),
        _ => None,
    })
}

/// Whether the field may be a first page that is read with the caller: it may have no argument but `first`, and no larger
/// number than that of the items that are read.
fn is_first_page(connection: &Field) -> bool {
    connection.arguments.iter().all(|(argument, value)| {
        let is_larger = matches!(&value.node, Value::Number(number) if number.as_u64() >= Some(MOST_ITEMS as u64));
        argument.node == "first" && !is_larger
    })
}

/// Whether the connection needs its items.
fn has_items(connection: &Field) -> bool {
    let set = &connection.selection_set.node;
    ["nodes", "edges", "pageInfo"].into_iter().any(|name| fields(set, name).next().is_some())
}

/// The selected fields with this name of the items of a connection.
fn items<'a>(connection: &'a Field, name: &'a str) -> impl Iterator<Item = &'a Field> {
    let set = &connection.selection_set.node;
    let nodes = fields(set, "edges").flat_map(|edge| fields(&edge.selection_set.node, "node"));
    fields(set, "nodes").chain(nodes).flat_map(move |node| fields(&node.selection_set.node, name))
}
