//! The variables of an operation: each is defined and used, and used only where its type allows it
//! (<https://spec.graphql.org/draft/#sec-Validation.Variables>).

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
    registry::{MetaType, Registry},
};
use async_graphql_value::{ConstValue, Value};

use super::{
    super::{error::Errors, text::Place},
    deferred_checks::{DeferredCheck, What},
    input_values::VariableUse,
};

/// The variables of one operation.
pub(super) struct VariableUses<'a> {
    registry: &'a Registry,
    operation: Pos,
    /// The operation in a message, if it has a name.
    by_operation: String,
    defined: HashMap<&'a str, &'a Positioned<VariableDefinition>>,
    used: HashSet<&'a str>,
    /// Uses of variables that are not defined.
    undefined: Vec<(&'a str, Pos)>,
    deferred: Vec<DeferredCheck>,
}

impl<'a> VariableUses<'a> {
    pub(super) fn new(
        name: Option<&Name>,
        operation: &'a Positioned<OperationDefinition>,
        registry: &'a Registry,
    ) -> Self {
        let definitions = &operation.node.variable_definitions;
        Self {
            registry,
            operation: operation.pos,
            by_operation: name.map(|name| format!(" by operation \"{name}\"")).unwrap_or_default(),
            defined: definitions.iter().map(|one| (one.node.name.node.as_str(), one)).collect(),
            used: HashSet::new(),
            undefined: Vec::new(),
            deferred: Vec::new(),
        }
    }

    /// Adds the variables in the argument `value` at `at`, at any depth.
    pub(super) fn add(&mut self, value: &'a Value, at: Pos) {
        match value {
            Value::Variable(name) if self.defined.contains_key(name.as_str()) => drop(self.used.insert(name)),
            Value::Variable(name) => self.undefined.push((name, at)),
            Value::List(values) => values.iter().for_each(|value| self.add(value, at)),
            Value::Object(fields) => fields.values().for_each(|value| self.add(value, at)),
            _ => {}
        }
    }

    /// Reports the uses that the types of the variables do not allow.
    pub(super) fn check(&mut self, uses: Vec<VariableUse>, errors: &mut Errors) {
        for VariableUse { variable, place, ty, has_default } in uses {
            let Some(definition) = self.defined.get(variable.as_str()) else { continue };
            let VariableDefinition { var_type: Positioned { node: defined, .. }, default_value, .. } = &definition.node;
            if !self.registry.concrete_type_by_parsed_type(defined).is_some_and(MetaType::is_input) {
                continue;
            }
            let is_defaulted =
                has_default || default_value.as_ref().is_some_and(|value| value.node != ConstValue::Null);
            if !is_allowed(defined, &ty, is_defaulted) {
                let message = format!(
                    "Variable \"${variable}\" of type \"{defined}\" cannot be used as {}, which is of type \"{ty}\"",
                    place.in_sentence()
                );
                errors.invalid(message, place.at);
            } else if defined.nullable && !ty.nullable {
                let what = What::NotNull(variable);
                self.deferred.push(DeferredCheck { operation: self.operation, place, ty, what });
            }
        }
    }

    /// Defers the check of custom scalars with variables in them.
    pub(super) fn defer(&mut self, scalars: Vec<(Place, Type, &Value)>) {
        let operation = self.operation;
        self.deferred.extend(scalars.into_iter().map(|(place, ty, value)| DeferredCheck {
            operation,
            place,
            ty,
            what: What::Scalar(value.clone()),
        }));
    }

    /// Reports the variables that are undefined or unused, and returns the checks that depend on their values.
    pub(super) fn finish(self, errors: &mut Errors) -> Vec<DeferredCheck> {
        let by_operation = &self.by_operation;
        for (name, at) in self.undefined {
            errors.invalid(format!("Variable \"${name}\" is not defined{by_operation}"), at);
        }
        let mut unused: Vec<_> = self.defined.iter().filter(|(name, _)| !self.used.contains(*name)).collect();
        unused.sort_unstable_by_key(|(_, definition)| definition.pos);
        for (name, definition) in unused {
            errors.invalid(format!("Variable \"${name}\" is not used{by_operation}"), definition.pos);
        }
        self.deferred
    }
}

/// Whether a variable of the type `defined` is allowed in a position of the type `ty`
/// (<https://spec.graphql.org/draft/#IsVariableUsageAllowed()>).
fn is_allowed(defined: &Type, ty: &Type, is_defaulted: bool) -> bool {
    (ty.nullable || !defined.nullable || is_defaulted)
        && match (&defined.base, &ty.base) {
            (BaseType::Named(defined), BaseType::Named(ty)) => defined == ty,
            (BaseType::List(defined), BaseType::List(ty)) => is_allowed(defined, ty, false),
            _ => false,
        }
}
