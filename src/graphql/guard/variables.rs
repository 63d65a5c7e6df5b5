//! Whether what is given for a variable, or written out for an `Int`, is a value of its type
//! (<https://spec.graphql.org/draft/#CoerceVariableValues()>).
//!
//! The library asks that only where a variable is used, while it validates the document; a document that is known to be
//! valid is not validated again, so it is asked here, of every variable of the operation. What was given is not repeated:
//! it may be a password.

use async_graphql::{
    Positioned, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
    registry::{MetaInputValue, MetaType, MetaTypeName, Registry},
};

use async_graphql_value::Value as WrittenValue;

use super::refusal::Refusal;

/// The variables that are given for `operation`, and the defaults of those that are not. To the library a variable that
/// is not given has its default in an argument, but not in `@skip` and `@include`; with the default among what is given,
/// it has it everywhere, and so it has for whoever looks at values here.
pub(super) fn with_defaults(operation: &OperationDefinition, given: &Variables) -> Variables {
    let mut variables = given.clone();
    for VariableDefinition { name, default_value, .. } in operation.variable_definitions.iter().map(|one| &one.node) {
        if let Some(default) = default_value
            && !variables.contains_key(&name.node)
        {
            variables.insert(name.node.clone(), default.node.clone());
        }
    }
    variables
}

/// What is wrong with the variables that are given for `operation`.
pub(super) fn faults(operation: &OperationDefinition, variables: &Variables, registry: &Registry) -> Vec<Refusal> {
    let definitions = operation.variable_definitions.iter();
    definitions.filter_map(|definition| fault(definition, variables, registry)).collect()
}

fn fault(definition: &Positioned<VariableDefinition>, variables: &Variables, registry: &Registry) -> Option<Refusal> {
    let VariableDefinition { name, var_type, .. } = &definition.node;
    let refusal = |message| Some(Refusal::Input { message, at: Some(definition.pos) });
    match variables.get(&name.node) {
        Some(value) if *value != Value::Null => {
            let misfit = of_type(&var_type.node, value, registry).err()?;
            refusal(format!("Variable \"${name}\" of type \"{var_type}\" {misfit}"))
        }
        given if given.is_some() && var_type.node.nullable => None,
        None if definition.node.default_value().is_some() => None,
        _ => refusal(format!(
            "Variable \"${name}\" of type \"{var_type}\" is required: give it a value in \"variables\""
        )),
    }
}

/// Why a value is none of a type: where in it, and what should be there.
struct Misfit {
    path: String,
    problem: String,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "is wrong at \"{}\": it ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

impl Misfit {
    fn new(problem: String) -> Self {
        Self { path: String::new(), problem }
    }

    fn within(mut self, place: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{place}{separator}{}", self.path);
        self
    }
}

fn of_type(ty: &Type, value: &Value, registry: &Registry) -> Result<(), Misfit> {
    match (&ty.base, value) {
        (_, Value::Null) if ty.nullable => Ok(()),
        (_, Value::Null) => Err(Misfit::new(format!("has to be of the type {ty}, not null"))),
        (BaseType::List(inner), Value::List(values)) => values.iter().enumerate().try_for_each(|(index, value)| {
            of_type(inner, value, registry).map_err(|misfit| misfit.within(&index.to_string()))
        }),
        // A list of one may be written without its brackets.
        (BaseType::List(inner), value) => of_type(inner, value, registry),
        (BaseType::Named(name), value) => of_named(name, value, registry),
    }
}

fn of_named(name: &str, value: &Value, registry: &Registry) -> Result<(), Misfit> {
    let is_right = match registry.types.get(name) {
        Some(MetaType::InputObject { input_fields, .. }) => {
            return of_object(name, input_fields.values(), value, registry);
        }
        Some(MetaType::Scalar { .. }) if name == "Int" => is_int(value),
        Some(MetaType::Scalar { is_valid, .. }) => is_valid.as_ref().is_none_or(|is_valid| is_valid(value)),
        Some(MetaType::Enum { enum_values, .. }) => match value {
            Value::Enum(chosen) => enum_values.contains_key(chosen.as_str()),
            Value::String(chosen) => enum_values.contains_key(chosen),
            _ => false,
        },
        // The validation says what is wrong with a type that takes no input, or is none.
        _ => true,
    };
    if is_right { Ok(()) } else { Err(Misfit::new(format!("has to be of the type {name}"))) }
}

/// Whether it is a whole number of 32 bits (GraphQL, section 3.5.1). The library is content with 64, and fails when it
/// comes to use it.
fn is_int(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()))
}

/// Refuses a number that is written out for an argument of the type `Int` and is none.
///
/// # Errors
/// When it is none.
pub(super) fn check_int(argument: Option<&MetaInputValue>, value: &Positioned<WrittenValue>) -> Result<(), Refusal> {
    let Some(argument) = argument.filter(|argument| MetaTypeName::concrete_typename(&argument.ty) == "Int") else {
        return Ok(());
    };
    match value.node.clone().into_const() {
        Some(number @ Value::Number(_)) if !is_int(&number) => {
            let message = format!("Argument \"{}\" has to be an Int, a whole number of 32 bits", argument.name);
            Err(Refusal::Input { message, at: Some(value.pos) })
        }
        _ => Ok(()),
    }
}

fn of_object<'a>(
    name: &str,
    mut fields: impl Iterator<Item = &'a MetaInputValue> + Clone,
    value: &Value,
    registry: &Registry,
) -> Result<(), Misfit> {
    let Value::Object(given) = value else {
        return Err(Misfit::new(format!("has to be of the type {name}, an object")));
    };
    let known = fields.clone();
    if let Some(unknown) = given.keys().find(|key| !known.clone().any(|field| field.name == key.as_str())) {
        return Err(Misfit::new(format!("is not known to {name}")).within(unknown));
    }
    fields.try_for_each(|field| {
        let fits = match given.get(field.name.as_str()) {
            Some(value) => of_named_type(&field.ty, value, registry),
            None if MetaTypeName::create(&field.ty).is_non_null() && field.default_value.is_none() => {
                Err(Misfit::new("is required".to_owned()))
            }
            None => Ok(()),
        };
        fits.map_err(|misfit| misfit.within(&field.name))
    })
}

/// The registry keeps types as they are written.
fn of_named_type(ty: &str, value: &Value, registry: &Registry) -> Result<(), Misfit> {
    Type::new(ty).map_or(Ok(()), |ty| of_type(&ty, value, registry))
}
