//! Variables that are omitted and have no default value.
//!
//! In the specification, an argument or input field whose value is such a variable counts as omitted. In the library it
//! is `null`, so that `first: $first` would be refused instead of taking its default, and `name: $name` would clear a
//! name instead of leaving it unchanged. Therefore the uses of these variables are removed from the document. See
//! <https://spec.graphql.org/draft/#CoerceArgumentValues()>.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::document::operations_mut;

/// Removes the uses of variables that are not among the given `variables` from `document`, whose fields are collected.
pub(super) fn remove_omitted(document: &mut ExecutableDocument, variables: &Variables) {
    for operation in operations_mut(&mut document.operations) {
        let definitions = operation.node.variable_definitions.iter().map(|definition| &definition.node);
        let omitted = definitions
            .filter(|definition| definition.default_value.is_none() && !variables.contains_key(&definition.name.node))
            .map(|definition| definition.name.node.clone());
        let omitted = Omitted(omitted.collect());
        if !omitted.0.is_empty() {
            omitted.remove_from_set(&mut operation.node.selection_set.node);
        }
    }
}

struct Omitted(HashSet<Name>);

impl Omitted {
    fn remove_from_set(&self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) => {
                    self.remove_from_arguments(&mut field.node.arguments);
                    self.remove_from_directives(&mut field.node.directives);
                    self.remove_from_set(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.remove_from_directives(&mut inline.node.directives);
                    self.remove_from_set(&mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn remove_from_directives(&self, directives: &mut [Positioned<Directive>]) {
        for directive in directives {
            self.remove_from_arguments(&mut directive.node.arguments);
        }
    }

    fn remove_from_arguments(&self, arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>) {
        arguments.retain_mut(|(_, value)| self.is_given(&mut value.node));
    }

    /// Whether `value` is given. Values nested in it are checked in the same way, and omitted ones removed.
    fn is_given(&self, value: &mut Value) -> bool {
        match value {
            Value::Variable(name) => return !self.0.contains(name),
            Value::Object(fields) => fields.retain(|_, value| self.is_given(value)),
            Value::List(values) => {
                for value in values {
                    if !self.is_given(value) {
                        *value = Value::Null;
                    }
                }
            }
            _ => {}
        }
        true
    }
}
