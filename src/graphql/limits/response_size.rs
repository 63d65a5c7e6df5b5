//! The size of values of the response, in fields.

use async_graphql::Value;

/// The bytes of text that count as one field.
const TEXT: usize = 64;

/// The number of fields that a value counts as: its parts and its text.
pub fn of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Number(_) | Value::Boolean(_) => 1,
        Value::String(text) => 1 + of_text(text),
        Value::Enum(name) => 1 + of_text(name),
        Value::Binary(json) => 1 + json.len() / TEXT,
        Value::List(values) => 1 + values.iter().map(of_value).sum::<usize>(),
        Value::Object(fields) => 1 + fields.iter().map(|(key, value)| of_text(key) + of_value(value)).sum::<usize>(),
    }
}

/// The number of fields that the value of a field without selections counts as, in addition to the field itself.
pub fn of_leaf(value: &Value) -> usize {
    match value {
        Value::String(text) => of_text(text),
        Value::Object(_) | Value::List(_) | Value::Binary(_) => of_value(value),
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Enum(_) => 0,
    }
}

/// The number of fields that a text, or the key of a field, counts as in addition to its own field.
pub fn of_text(text: &str) -> usize {
    text.len() / TEXT
}
