//! Coerces the given variables to the types that an operation defines for them
//! (<https://spec.graphql.org/draft/#CoerceVariableValues()>).
//!
//! The library does so only where a variable is used, while it validates the document, and by its own rules. A cached
//! document is not validated again.

use async_graphql::{
    Name, Pos, Positioned, Value, Variables,
    indexmap::IndexMap,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
    registry::{MetaInputValue, MetaType, Registry},
};

use super::{
    error::RequestError,
    value_errors::{self, Shape, Source},
};

/// The given variables of `operation`, and the defaults of the others. In the library, an omitted variable has its
/// default in an argument, but not in `@skip` and `@include`. With the default among the given values, it has it
/// everywhere, also for the checks of this module.
pub(super) fn with_defaults(operation: &OperationDefinition, mut variables: Variables) -> Variables {
    for VariableDefinition { name, default_value, .. } in operation.variable_definitions.iter().map(|one| &one.node) {
        if let Some(default) = default_value
            && !variables.contains_key(&name.node)
        {
            variables.insert(name.node.clone(), default.node.clone());
        }
    }
    variables
}

/// Coerces the `variables` of `operation`, and returns at most `most` errors. Invalid values stay unchanged.
pub(super) fn coerce(
    operation: &OperationDefinition,
    variables: &mut Variables,
    registry: &Registry,
    most: usize,
) -> Vec<RequestError> {
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        coerce_one(definition, variables, registry, (&mut errors, most));
    }
    errors
}

fn coerce_one(
    definition: &Positioned<VariableDefinition>,
    variables: &mut Variables,
    registry: &Registry,
    (errors, most): (&mut Vec<RequestError>, usize),
) {
    let VariableDefinition { name, var_type, .. } = &definition.node;
    let (name, ty) = (&name.node, &var_type.node);
    match variables.get_mut(name) {
        Some(value) => {
            let path = format!("${name}");
            Coercion { registry, at: definition.pos, path, errors, most }.value(ty, value);
        }
        None if ty.nullable => {}
        None if errors.len() < most => {
            let message =
                format!("Variable \"${name}\" of type \"{ty}\" is required: give it a value in \"variables\"");
            errors.push(RequestError::Input { message, at: Some(definition.pos) });
        }
        None => {}
    }
}

struct Coercion<'a> {
    registry: &'a Registry,
    /// The position of the variable's definition.
    at: Pos,
    /// The path of the value within the variable.
    path: String,
    errors: &'a mut Vec<RequestError>,
    most: usize,
}

impl Coercion<'_> {
    fn place(&self) -> String {
        format!("Variable \"{}\"", self.path)
    }

    fn error(&mut self, message: String) {
        if self.errors.len() < self.most {
            self.errors.push(RequestError::Input { message, at: Some(self.at) });
        }
    }

    fn value(&mut self, ty: &Type, value: &mut Value) {
        match (&ty.base, value) {
            (_, Value::Null) if ty.nullable => {}
            (_, Value::Null) => self.wrong_type(Shape::Null, ty),
            (BaseType::List(inner), Value::List(values)) => {
                for (index, value) in values.iter_mut().enumerate() {
                    self.within(&index.to_string(), |coercion| coercion.value(inner, value));
                }
            }
            // A list of one item may be given without its brackets.
            (BaseType::List(inner), value) => self.value(inner, value),
            (BaseType::Named(name), value) => match (self.registry.types.get(name.as_str()), value) {
                (Some(MetaType::InputObject { input_fields, .. }), Value::Object(given)) => {
                    self.object(name, input_fields, given);
                }
                (Some(MetaType::InputObject { .. }), value) => self.wrong_type((&*value).into(), ty),
                (Some(known), value) => {
                    if is_of(known, value) {
                        normalize(name, value);
                    } else {
                        self.wrong_type((&*value).into(), ty);
                    }
                }
                // The validation reports the unknown type.
                (None, _) => {}
            },
        }
    }

    fn object(
        &mut self,
        type_name: &str,
        fields: &IndexMap<String, MetaInputValue>,
        given: &mut IndexMap<Name, Value>,
    ) {
        for unknown in given.keys().filter(|key| !fields.contains_key(key.as_str())) {
            let message =
                self.within(unknown, |coercion| value_errors::unknown_field(&coercion.place(), unknown, type_name));
            self.error(message);
        }
        for field in fields.values() {
            let Some(ty) = Type::new(&field.ty) else { continue };
            self.within(&field.name, |coercion| match given.get_mut(field.name.as_str()) {
                Some(value) => coercion.value(&ty, value),
                None if ty.nullable || field.default_value.is_some() => {}
                None => coercion.error(value_errors::missing(&coercion.place(), &ty, coercion.registry)),
            });
        }
    }

    fn wrong_type(&mut self, given: Shape<'_>, ty: &Type) {
        self.error(value_errors::wrong_type(&self.place(), given, ty, self.registry));
    }

    /// Runs a closure at a place within this one.
    fn within<R>(&mut self, part: &str, work: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        self.path.push('.');
        self.path.push_str(part);
        let result = work(self);
        self.path.truncate(length);
        result
    }
}

/// Whether a value belongs to a leaf type.
fn is_of(ty: &MetaType, value: &Value) -> bool {
    match ty {
        MetaType::Scalar { name, is_valid: Some(is_valid), .. } if !value_errors::is_built_in(name) => is_valid(value),
        _ => value_errors::is_of_leaf(value.into(), ty, Source::Variable),
    }
}

/// Converts a number to the form that the library accepts: `2.0` for an `Int` to `2`, any number for an `ID` to text.
fn normalize(ty: &str, value: &mut Value) {
    let Value::Number(number) = &*value else { return };
    let normal = match ty {
        "Int" => value_errors::int(number, Source::Variable).map(Value::from),
        "ID" => value_errors::id(number, Source::Variable).map(Value::from),
        _ => None,
    };
    if let Some(normal) = normal {
        *value = normal;
    }
}
