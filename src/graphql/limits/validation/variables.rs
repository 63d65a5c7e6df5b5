//! Coerces the given variables to the types that an operation defines for them
//! (<https://spec.graphql.org/draft/#CoerceVariableValues()>). The library does so only where a variable is used, and by
//! its own rules.

use async_graphql::{
    Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
    registry::{MetaType, Registry},
};

use super::{
    super::{error::Errors, text::Place},
    input_values::InputCheck,
    leaf_types::{self, Source},
};

/// The given variables of `operation`, and the defaults of the others. In the library, an omitted variable has its
/// default in an argument, but not in `@skip` and `@include`. With the default among the given values, it has it
/// everywhere, also for the checks of this module.
pub(in super::super) fn with_defaults(operation: &OperationDefinition, mut variables: Variables) -> Variables {
    for VariableDefinition { name, default_value, .. } in operation.variable_definitions.iter().map(|one| &one.node) {
        if let Some(default) = default_value
            && !variables.contains_key(&name.node)
        {
            variables.insert(name.node.clone(), default.node.clone());
        }
    }
    variables
}

/// Coerces the `variables` of `operation`. Invalid values are reported and stay unchanged.
pub(in super::super) fn coerce(
    operation: &OperationDefinition,
    variables: &mut Variables,
    registry: &Registry,
    errors: &mut Errors,
) {
    for definition in &operation.variable_definitions {
        let VariableDefinition { name, var_type, .. } = &definition.node;
        let (name, ty) = (&name.node, &var_type.node);
        match variables.get_mut(name) {
            Some(value) => {
                InputCheck::new(registry, errors, Place::of_variable(name, definition.pos)).value(ty, false, value);
                normalize(ty, value, registry);
            }
            None if ty.nullable => {}
            None => {
                let message =
                    format!("Variable \"${name}\" of type \"{ty}\" is required: give it a value in \"variables\"");
                errors.input(message, definition.pos);
            }
        }
    }
}

/// Converts numbers to the form that the library accepts: `2.0` for an `Int` to `2`, any number for an `ID` to text.
fn normalize(ty: &Type, value: &mut Value, registry: &Registry) {
    match (&ty.base, value) {
        (BaseType::List(inner), Value::List(values)) => {
            for value in values {
                normalize(inner, value, registry);
            }
        }
        (BaseType::List(inner), value) => normalize(inner, value, registry),
        (BaseType::Named(name), Value::Object(given)) => {
            let Some(MetaType::InputObject { input_fields, .. }) = registry.types.get(name.as_str()) else { return };
            for (key, value) in given {
                if let Some(ty) = input_fields.get(key.as_str()).and_then(|field| Type::new(&field.ty)) {
                    normalize(&ty, value, registry);
                }
            }
        }
        (BaseType::Named(name), value) => {
            let Value::Number(number) = &*value else { return };
            let normal = match name.as_str() {
                "Int" => leaf_types::int(number, Source::Variable).map(Value::from),
                "ID" => leaf_types::id(number, Source::Variable).map(Value::from),
                _ => None,
            };
            if let Some(normal) = normal {
                *value = normal;
            }
        }
    }
}
