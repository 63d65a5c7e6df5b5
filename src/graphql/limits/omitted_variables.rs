//! Variables that are omitted and have no default value.
//!
//! In the specification, an argument or input field whose value is such a variable counts as omitted. In the library it
//! is `null`, so that `first: $first` would be refused instead of taking its default, and `name: $name` would clear a
//! name instead of leaving it unchanged. Therefore the uses of these variables are removed from the document, and their
//! definitions too, because the validation would report them as unused. See
//! <https://spec.graphql.org/draft/#CoerceArgumentValues()>.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
    registry::{MetaType, Registry},
};
use async_graphql_value::Value;

use super::document::{name_of, operations_mut};

/// Removes the uses of absent variables from `document`.
pub(super) fn remove_omitted(document: &mut ExecutableDocument, variables: &Variables, registry: &Registry) {
    let names = absent(document, variables, registry);
    if names.is_empty() {
        return;
    }
    let mut absent = Omitted { names, used: HashSet::new() };
    for fragment in document.fragments.values_mut() {
        absent.leave_directives(&mut fragment.node.directives);
        absent.leave_selections(&mut fragment.node.selection_set.node);
    }
    let mut operations = operations_mut(&mut document.operations);
    for operation in &mut operations {
        absent.leave_directives(&mut operation.directives);
        absent.leave_selections(&mut operation.selection_set.node);
    }
    for operation in operations {
        operation.variable_definitions.retain(|definition| !absent.used.contains(&definition.node.name.node));
    }
}

/// The variables that are absent in every operation. Variables that the validation should see are not among them: those
/// of a type that it refuses, and those that some operation requires.
fn absent(document: &ExecutableDocument, variables: &Variables, registry: &Registry) -> HashSet<Name> {
    let mut absent = HashSet::new();
    let mut present = HashSet::new();
    for (_, operation) in document.operations.iter() {
        for definition in &operation.node.variable_definitions {
            let name = &definition.node.name.node;
            let ty = &definition.node.var_type.node;
            let is_absent = ty.nullable
                && definition.node.default_value.is_none()
                && !variables.contains_key(name)
                && registry.types.get(name_of(ty)).is_some_and(MetaType::is_input);
            if is_absent { &mut absent } else { &mut present }.insert(name.clone());
        }
    }
    absent.retain(|name| !present.contains(name));
    absent
}

struct Omitted {
    names: HashSet<Name>,
    /// The variables of which a use was removed.
    used: HashSet<Name>,
}

impl Omitted {
    fn leave_selections(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) => {
                    self.leave_arguments(&mut field.node.arguments);
                    self.leave_directives(&mut field.node.directives);
                    self.leave_selections(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.leave_directives(&mut inline.node.directives);
                    self.leave_selections(&mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => self.leave_directives(&mut spread.node.directives),
            }
        }
    }

    fn leave_directives(&mut self, directives: &mut [Positioned<Directive>]) {
        for directive in directives {
            self.leave_arguments(&mut directive.node.arguments);
        }
    }

    fn leave_arguments(&mut self, arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>) {
        arguments.retain_mut(|(_, value)| self.keeps(&mut value.node));
    }

    /// Whether `value` is given. Values nested in it are checked in the same way, and absent ones removed.
    fn keeps(&mut self, value: &mut Value) -> bool {
        match value {
            Value::Variable(name) => {
                let is_absent = self.names.contains(name);
                if is_absent {
                    self.used.insert(name.clone());
                }
                !is_absent
            }
            Value::Object(fields) => {
                fields.retain(|_, value| self.keeps(value));
                true
            }
            Value::List(values) => {
                for value in values {
                    if !self.keeps(value) {
                        *value = Value::Null;
                    }
                }
                true
            }
            _ => true,
        }
    }
}
