//! Parses a line as JSON (RFC 8259), strictly: no duplicate keys at any level.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::domain::number::inexact_in;

/// A line: a JSON object.
struct Object(Map<String, Value>);

/// Parses a line.
///
/// # Errors
/// The error and its column; never the text itself.
pub(super) fn parse(line: &str) -> Result<Map<String, Value>, String> {
    if !line.trim_start().starts_with('{') {
        return Err("this is not a JSON object; a line looks like {\"kind\":\"domain\",…}".to_owned());
    }
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let object = Object::deserialize(&mut deserializer).and_then(|Object(fields)| deserializer.end().map(|()| fields));
    // Each line is parsed as a text of its own, so its line number is always 1.
    object.map_err(|error| format!("this is not JSON: {error}").replace(" at line 1 column ", " at column "))
}

/// The path of a number in a line's tags that would lose digits. Only a line with a number that is held as a double is
/// parsed a second time.
pub(super) fn inexact_tag(line: &str, object: &Map<String, Value>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct WithTags<'a> {
        #[serde(borrow)]
        tags: Option<&'a RawValue>,
    }
    object.get("tags").filter(|tags| has_double(tags))?;
    let line: WithTags = serde_json::from_str(line).ok()?;
    inexact_in(line.tags?, "tags")
}

fn has_double(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_double),
        Value::Object(fields) => fields.values().any(has_double),
        _ => false,
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object, A::Error> {
                read_map(map).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

fn read_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Map<String, Value>, A::Error> {
    let mut fields = Map::new();
    while let Some(key) = map.next_key::<String>()? {
        if fields.contains_key(&key) {
            return Err(A::Error::custom(format_args!("the key {} stands here twice", quote(&key))));
        }
        fields.insert(key, map.next_value::<Strict>()?.0);
    }
    Ok(fields)
}

/// A key for messages: truncated, and without characters that would affect a terminal.
pub(super) fn quote(key: &str) -> String {
    const SHOWN: usize = 64;
    let shown: String = key.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let more = if key.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}

/// Any JSON value.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        read_map(map).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(line: &str) -> String {
        parse(line).err().unwrap()
    }

    #[test]
    fn a_key_may_stand_once_at_every_level() {
        assert_eq!(fault(r#"{"a":1,"a":2}"#), "this is not JSON: the key `a` stands here twice at column 10");
        assert!(fault(r#"{"a":[{"b":1,"b":null}]}"#).contains("the key `b` stands here twice"));
        assert!(fault("{\"\\u001b[2J\":1,\"\\u001b[2J\":1}").contains("`\\u{1b}[2J`"));
        assert!(parse(r#"{"a":{"b":1},"b":1}"#).is_ok());
    }

    #[test]
    fn what_is_no_object_is_refused_without_being_repeated() {
        for line in
            ["hunter2", "\"hunter2\"", "[\"hunter2\"]", "{\"password\":\"hunter2", "{\"a\":hunter2}", "{}hunter2"]
        {
            assert!(!fault(line).contains("hunter2"), "{}", fault(line));
        }
        assert!(parse(&format!("{{\"a\":{}}}", "[".repeat(5000))).is_err());
    }

    #[test]
    fn the_first_key_is_known() {
        assert_eq!(parse(r#" {"z":1,"a":2} "#).unwrap().len(), 2);
        assert!(parse("{}").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn numbers_come_out_as_they_went_in(number in any::<f64>().prop_filter("JSON has no others", |n| n.is_finite())) {
            let line = format!("{{\"n\":{}}}", Value::from(number));
            prop_assert_eq!(Value::Object(parse(&line).unwrap()).to_string(), line);
        }
    }
}
