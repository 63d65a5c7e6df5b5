//! The messages for values of the wrong type: where the value is, its type, and what is accepted. The value itself is
//! never repeated, because it may be a password.

use async_graphql::{
    Name, Number, Value as ConstValue,
    indexmap::IndexMap,
    parser::types::{BaseType, Type},
    registry::{MetaType, Registry},
};
use async_graphql_value::Value;

/// The origin of values. Each has its own coercion rules
/// (<https://spec.graphql.org/draft/#sec-Scalars.Input-Coercion>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Source {
    /// They are written in the document.
    Literal,
    /// They are sent as JSON.
    Variable,
}

/// An input value, as far as it shows the type: a literal of the document, or the value of a variable.
#[derive(Debug)]
pub(super) enum Shape<'a, V> {
    Null,
    /// A variable in a document. It is checked where it is defined, and where it is used.
    Variable(&'a Name),
    Number(&'a Number),
    String(&'a str),
    Boolean,
    Enum(&'a str),
    List(&'a [V]),
    Object(&'a IndexMap<Name, V>),
}

impl<'a> From<&'a ConstValue> for Shape<'a, ConstValue> {
    fn from(value: &'a ConstValue) -> Self {
        match value {
            ConstValue::Null => Self::Null,
            ConstValue::Number(number) => Self::Number(number),
            ConstValue::String(text) => Self::String(text),
            ConstValue::Boolean(_) => Self::Boolean,
            ConstValue::Enum(name) => Self::Enum(name),
            ConstValue::Binary(_) => Self::List(&[]),
            ConstValue::List(values) => Self::List(values),
            ConstValue::Object(fields) => Self::Object(fields),
        }
    }
}

impl<'a> From<&'a Value> for Shape<'a, Value> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Variable(name) => Self::Variable(name),
            Value::Null => Self::Null,
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text),
            Value::Boolean(_) => Self::Boolean,
            Value::Enum(name) => Self::Enum(name),
            Value::Binary(_) => Self::List(&[]),
            Value::List(values) => Self::List(values),
            Value::Object(fields) => Self::Object(fields),
        }
    }
}

impl<V> Shape<'_, V> {
    /// The value's type, for an error that says that it should be `expected`.
    fn describe(&self, expected: Option<&MetaType>) -> &'static str {
        let is_enum_expected = matches!(expected, Some(MetaType::Enum { .. }));
        match self {
            Self::Null | Self::Variable(_) => "null",
            Self::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) => "an Int",
            Self::Number(number) if number.is_i64() || number.is_u64() => "an integer of more than 32 bits",
            Self::Number(_) => "a Float",
            Self::String(text) if is_enum_expected && expected.is_some_and(|ty| has_value(ty, text)) => {
                "a String in quotes"
            }
            Self::String(_) if is_enum_expected => "another String",
            Self::String(_) => "a String",
            Self::Boolean => "a Boolean",
            Self::Enum(_) if is_enum_expected => "another enum value",
            Self::Enum(_) => "an enum value, or a String without quotes,",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// The message for a value of this shape in a position of the type `ty`.
pub(super) fn wrong_type<V>(place: &str, given: &Shape<'_, V>, ty: &Type, registry: &Registry) -> String {
    let expected = match &ty.base {
        BaseType::Named(name) => registry.types.get(name.as_str()),
        BaseType::List(_) => None,
    };
    format!("{place}: {} was given; accepted is {}", given.describe(expected), accepted(ty, registry))
}

/// The message for a missing value of the type `ty`.
pub(super) fn missing(place: &str, ty: &Type, registry: &Registry) -> String {
    format!("{place} is required, and is missing; accepted is {}", accepted(ty, registry))
}

/// The message for a field that the input object type `ty` does not have.
pub(super) fn unknown_field(place: &str, field: &str, ty: &str) -> String {
    format!("Unknown input field \"{field}\" of type \"{ty}\". {place}: no such value is accepted")
}

/// The values that a type accepts. Of an enum, the choices.
fn accepted(ty: &Type, registry: &Registry) -> String {
    let name = match &ty.base {
        BaseType::List(inner) => return format!("a list, of which each item is {}", accepted(inner, registry)),
        BaseType::Named(name) => name.as_str(),
    };
    match (registry.types.get(name), name) {
        (_, "Int") => "an Int, a whole number of 32 bits".to_owned(),
        (_, "ID") => "an ID, which is a String or an integer".to_owned(),
        (_, "Boolean") => "a Boolean, true or false".to_owned(),
        (Some(MetaType::Enum { enum_values, .. }), _) => {
            let choices: Vec<&str> = enum_values.keys().map(String::as_str).collect();
            format!("one of {} ({name})", choices.join(", "))
        }
        (Some(MetaType::InputObject { .. }), _) => format!("an object of the type {name}"),
        (_, "_Any") => "an _Any, an object with a \"__typename\" and an \"id\", both Strings".to_owned(),
        (_, "JSONObject") => "a JSONObject, which is an object".to_owned(),
        _ => format!("a {name}"),
    }
}

/// Whether a value of this shape belongs to the leaf type `ty`, as far as the shape decides it. It does not for custom
/// scalars.
pub(super) fn is_of_leaf<V>(shape: &Shape<'_, V>, ty: &MetaType, source: Source) -> bool {
    match (ty, shape) {
        (MetaType::Enum { .. }, Shape::Enum(name)) => has_value(ty, name),
        (MetaType::Enum { .. }, Shape::String(name)) => source == Source::Variable && has_value(ty, name),
        (MetaType::Enum { .. }, _) => false,
        (MetaType::Scalar { name, .. }, shape) => match (name.as_str(), shape) {
            ("Int", Shape::Number(number)) => int(number, source).is_some(),
            ("Float", Shape::Number(_)) | ("String" | "ID", Shape::String(_)) | ("Boolean", Shape::Boolean) => true,
            ("ID", Shape::Number(number)) => id(number, source).is_some(),
            ("Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
            _ => true,
        },
        // The validation reports a type that is not an input type.
        _ => true,
    }
}

/// Whether a scalar is defined by the specification.
pub(super) fn is_built_in(name: &str) -> bool {
    matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID")
}

fn has_value(ty: &MetaType, value: &str) -> bool {
    matches!(ty, MetaType::Enum { enum_values, .. } if enum_values.contains_key(value))
}

/// The number as an `Int`, a whole number of 32 bits. JSON does not distinguish `2.0` from `2`; a document does.
pub(in super::super) fn int(number: &Number, source: Source) -> Option<i32> {
    let whole = number.as_i64().or_else(|| whole(number).filter(|_| source == Source::Variable));
    i32::try_from(whole?).ok()
}

/// The number as an `ID`. The library accepts only integers of 64 bits.
pub(super) fn id(number: &Number, source: Source) -> Option<String> {
    match (number.as_i64(), source) {
        (Some(number), _) => Some(number.to_string()),
        (None, Source::Literal) => None,
        (None, Source::Variable) if number.is_u64() => Some(number.to_string()),
        (None, Source::Variable) => whole(number).map(|number| number.to_string()),
    }
}

/// A number without a fraction, as far as a `Float` holds whole numbers exactly.
fn whole(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT)?;
    format!("{number:.0}").parse().ok()
}
