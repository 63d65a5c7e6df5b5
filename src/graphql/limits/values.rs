//! The size of the values of a request, in its document and its variables.
//!
//! The library copies a variable for every use of it, so that a megabyte used a thousand times would be a gigabyte.
//! Sizes are in *units*: one for each value, and one more for every [`TEXT`] bytes of text in it. The recursion is
//! limited by the brackets counted in the document, and by the 128 levels at which `serde_json` refuses variables.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, OperationDefinition},
};
use async_graphql_value::{ConstValue, Value};

/// The bytes of text that count as one value.
const TEXT: usize = 128;

/// The size of a request's variables that are larger than one small value.
#[derive(Debug, Default)]
pub(super) struct Weights(HashMap<Name, usize>);

impl Weights {
    /// The size of the variables that `operation` defines, with these values, including defaults.
    pub(super) fn new(operation: &OperationDefinition, variables: &Variables) -> Self {
        let names = operation.variable_definitions.iter().map(|definition| &definition.node.name.node);
        let sizes = names.filter_map(|name| Some((name.clone(), of_constant(variables.get(name)?))));
        Self(sizes.filter(|(_, size)| *size > 1).collect())
    }

    /// The size of arguments with their variables filled in.
    pub(super) fn of_arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
        sum(arguments.iter().map(|(_, value)| self.of(&value.node)))
    }

    /// The size of the arguments of all `directives`, with their variables filled in.
    pub(super) fn of_directives(&self, directives: &[Positioned<Directive>]) -> usize {
        sum(directives.iter().map(|directive| self.of_arguments(&directive.node.arguments)))
    }

    fn of(&self, value: &Value) -> usize {
        match value {
            Value::Variable(name) => self.0.get(name).copied().unwrap_or(1),
            Value::Null | Value::Number(_) | Value::Boolean(_) => 1,
            Value::String(text) => of_text(text),
            Value::Enum(name) => of_text(name),
            Value::Binary(bytes) => 1 + bytes.len() / TEXT,
            Value::List(values) => sum(values.iter().map(|value| self.of(value))).saturating_add(1),
            Value::Object(fields) => sum(fields.values().map(|value| self.of(value))).saturating_add(1),
        }
    }
}

/// The size of a value.
pub(super) fn of_constant(value: &ConstValue) -> usize {
    match value {
        ConstValue::Null | ConstValue::Number(_) | ConstValue::Boolean(_) => 1,
        ConstValue::String(text) => of_text(text),
        ConstValue::Enum(name) => of_text(name),
        ConstValue::Binary(bytes) => 1 + bytes.len() / TEXT,
        ConstValue::List(values) => 1 + values.iter().map(of_constant).sum::<usize>(),
        // In a document, keys are names and short; in variables, they may be any text.
        ConstValue::Object(fields) => {
            1 + fields.iter().map(|(key, value)| key.len() / TEXT + of_constant(value)).sum::<usize>()
        }
    }
}

fn of_text(text: &str) -> usize {
    1 + text.len() / TEXT
}

fn sum(weights: impl Iterator<Item = usize>) -> usize {
    weights.fold(0, usize::saturating_add)
}
