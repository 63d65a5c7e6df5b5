//! The memory size of a parsed document, which limits the cache. For texts of the same length, it differs by a factor
//! of ten.

use std::mem::size_of;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet, VariableDefinition},
};
use async_graphql_value::{ConstValue, Value};

/// The overhead of an allocation: the allocator's own words, and reference counts.
const ALLOCATION: usize = 32;

/// The overhead of a map entry, in addition to its key and value.
const PLACE: usize = 16;

/// The size of `document` in bytes.
pub(super) fn of(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter().map(|(name, operation)| {
        let operation = &operation.node;
        size_of::<Positioned<OperationDefinition>>()
            + name.map_or(0, of_name)
            + of_definitions(&operation.variable_definitions)
            + of_directives(&operation.directives)
            + of_set(&operation.selection_set.node)
    });
    let fragments = document.fragments.iter().map(|(name, fragment)| {
        size_of_val(fragment)
            + of_name(name)
            + of_directives(&fragment.node.directives)
            + of_set(&fragment.node.selection_set.node)
    });
    size_of::<ExecutableDocument>() + operations.sum::<usize>() + fragments.sum::<usize>()
}

fn of_set(set: &SelectionSet) -> usize {
    let own = set.items.capacity() * size_of::<Positioned<Selection>>() + ALLOCATION;
    own + set.items.iter().map(|selection| of_selection(&selection.node)).sum::<usize>()
}

fn of_selection(selection: &Selection) -> usize {
    match selection {
        Selection::Field(field) => {
            let field = &field.node;
            let alias = field.alias.as_ref().map_or(0, |alias| of_name(&alias.node));
            let below = if field.selection_set.node.items.is_empty() { 0 } else { of_set(&field.selection_set.node) };
            alias
                + of_name(&field.name.node)
                + of_arguments(&field.arguments)
                + of_directives(&field.directives)
                + below
        }
        Selection::FragmentSpread(spread) => {
            of_name(&spread.node.fragment_name.node) + of_directives(&spread.node.directives)
        }
        Selection::InlineFragment(inline) => {
            let on = inline.node.type_condition.as_ref().map_or(0, |on| of_name(&on.node.on.node));
            on + of_directives(&inline.node.directives) + of_set(&inline.node.selection_set.node)
        }
    }
}

fn of_definitions(definitions: &Vec<Positioned<VariableDefinition>>) -> usize {
    let own = definitions.capacity() * size_of::<Positioned<VariableDefinition>>();
    let parts = definitions.iter().map(|definition| {
        let definition = &definition.node;
        let default = definition.default_value.as_ref().map_or(0, |value| of_constant(&value.node));
        // The type, which is a name in its lists.
        of_name(&definition.name.node) + 4 * ALLOCATION + default + of_directives(&definition.directives)
    });
    own + parts.sum::<usize>()
}

fn of_directives(directives: &Vec<Positioned<Directive>>) -> usize {
    let parts =
        directives.iter().map(|directive| of_name(&directive.node.name.node) + of_arguments(&directive.node.arguments));
    directives.capacity() * size_of::<Positioned<Directive>>() + parts.sum::<usize>()
}

fn of_arguments(arguments: &Vec<(Positioned<Name>, Positioned<Value>)>) -> usize {
    let parts = arguments.iter().map(|(name, value)| of_name(&name.node) + of_value(&value.node));
    arguments.capacity() * size_of::<(Positioned<Name>, Positioned<Value>)>() + parts.sum::<usize>()
}

/// The heap size of a value.
pub(super) fn of_value(value: &Value) -> usize {
    match value {
        Value::Variable(name) | Value::Enum(name) => of_name(name),
        Value::String(text) => text.capacity() + ALLOCATION,
        Value::Binary(bytes) => bytes.len() + ALLOCATION,
        Value::List(values) => {
            values.capacity() * size_of::<Value>() + ALLOCATION + values.iter().map(of_value).sum::<usize>()
        }
        Value::Object(fields) => {
            let own = fields.capacity() * (size_of::<(Name, Value)>() + PLACE) + ALLOCATION;
            own + fields.iter().map(|(name, value)| of_name(name) + of_value(value)).sum::<usize>()
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
    }
}

fn of_constant(value: &ConstValue) -> usize {
    of_value(&value.clone().into_value())
}

fn of_name(name: &Name) -> usize {
    name.len() + ALLOCATION
}
