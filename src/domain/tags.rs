//! Tags: a JSON object with custom data of an entity.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Invalid, stored_text};

/// The maximum size of tags in bytes, written without white space.
pub const MAX_TAGS_BYTES: usize = 16 * 1024;
/// The maximum nesting depth of objects and lists, including the outermost.
pub const MAX_TAGS_DEPTH: usize = 8;

/// Keys that the JSON library treats specially: an object with one of them would be read back as the content of its
/// value.
const RESERVED_KEYS: [&str; 2] = ["$serde_json::private::RawValue", "$serde_json::private::Number"];

/// A JSON object of at most 16 KiB and 8 levels, without NUL, kept as text with its keys in sorted order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags(String);

stored_text!(Tags);

impl Tags {
    /// Validates submitted tags.
    pub fn parse(value: &Value) -> Result<Self, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::malformed("tags must be a JSON object, such as {\"team\": \"platform\"}"));
        };
        check(object, 1)?;
        let text = value.to_string();
        if text.len() > MAX_TAGS_BYTES {
            return Err(Invalid::too_long(format!(
                "tags take at most {MAX_TAGS_BYTES} bytes; these take {}",
                text.len()
            )));
        }
        Ok(Self(text))
    }

    /// The tags as JSON text, keys sorted, without white space.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// As a JSON object; null if the stored text is not JSON.
impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).ok().serialize(serializer)
    }
}

impl Default for Tags {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

fn check(object: &Map<String, Value>, depth: usize) -> Result<(), Invalid> {
    object.keys().try_for_each(|key| check_key(key))?;
    object.values().try_for_each(|value| check_value(value, depth))
}

/// Checks `value`, which is nested `depth` levels deep.
fn check_value(value: &Value, depth: usize) -> Result<(), Invalid> {
    let too_deep = || Invalid::malformed(format!("tags may have at most {MAX_TAGS_DEPTH} levels"));
    match value {
        Value::String(text) => check_text(text),
        Value::Array(_) | Value::Object(_) if depth == MAX_TAGS_DEPTH => Err(too_deep()),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, depth + 1)),
        Value::Object(object) => check(object, depth + 1),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_key(key: &str) -> Result<(), Invalid> {
    if RESERVED_KEYS.contains(&key) {
        return Err(Invalid::malformed(format!("tags must not contain the key {key}")));
    }
    check_text(key)
}

fn check_text(text: &str) -> Result<(), Invalid> {
    if text.contains('\0') { Err(Invalid::malformed("tags must not contain a NUL character")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> Value {
        (1..levels).fold(json!({}), |inner, _| json!({ "k": inner }))
    }

    #[test]
    fn keys_are_sorted_at_every_level() {
        let tags = Tags::parse(&json!({"b": {"z": 1, "a": 2}, "a": [null]})).unwrap();
        assert_eq!(tags.as_str(), r#"{"a":[null],"b":{"a":2,"z":1}}"#);
    }

    #[test]
    fn oversized_deep_and_non_object_tags_are_rejected() {
        assert!(Tags::parse(&nested(8)).is_ok());
        assert!(Tags::parse(&nested(9)).is_err());
        assert!(Tags::parse(&json!({ "k": "x".repeat(MAX_TAGS_BYTES - 8) })).is_ok());
        assert!(Tags::parse(&json!({ "k": "x".repeat(MAX_TAGS_BYTES - 7) })).is_err());
        for wrong in [json!([]), json!("x"), json!(null), json!({"a\0": 1}), json!({"a": ["\0"]})] {
            assert!(Tags::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_that_the_json_library_reserves_are_rejected() {
        for key in RESERVED_KEYS {
            let object = Value::Object(Map::from_iter([(key.to_owned(), json!("[1]"))]));
            assert!(Tags::parse(&object).is_err(), "{key}");
            assert!(Tags::parse(&json!({ "a": [{ "b": object }] })).is_err(), "{key}");
        }
    }

    proptest! {
        #[test]
        fn any_text_round_trips(key in "[^\0]{0,20}", text in "[^\0]{0,200}") {
            let value = json!({ key: text });
            prop_assert_eq!(serde_json::to_value(Tags::parse(&value).unwrap()).unwrap(), value);
        }
    }
}
