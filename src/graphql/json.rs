//! Values of the response as JSON.

use async_graphql::Value;
use serde::Serialize;

/// Appends a value to `json`. A [`Value::Binary`] is JSON text already.
pub fn write(value: &Value, json: &mut Vec<u8>) {
    match value {
        Value::Null => json.extend_from_slice(b"null"),
        Value::Number(number) => write_scalar(number, json),
        Value::String(text) => write_scalar(text, json),
        Value::Boolean(is_true) => write_scalar(is_true, json),
        Value::Enum(name) => write_scalar(name.as_str(), json),
        Value::Binary(text) => json.extend_from_slice(text),
        Value::List(items) => {
            json.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(index, json);
                write(item, json);
            }
            json.push(b']');
        }
        Value::Object(fields) => {
            json.push(b'{');
            for (index, (key, value)) in fields.iter().enumerate() {
                separate(index, json);
                write_scalar(key.as_str(), json);
                json.push(b':');
                write(value, json);
            }
            json.push(b'}');
        }
    }
}

/// Appends a text, a number, or a Boolean to `json`.
pub fn write_scalar(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) {
    // Neither can these values fail to be written, nor can memory.
    let _ = serde_json::to_writer(json, value);
}

/// Appends the comma between two items, unless this is the first.
pub fn separate(index: usize, json: &mut Vec<u8>) {
    if index > 0 {
        json.push(b',');
    }
}
