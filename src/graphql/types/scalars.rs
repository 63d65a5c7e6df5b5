//! The custom scalars of the schema.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{
    ContextSelectionSet, InputValueError, InputValueResult, OutputType, Positioned, Scalar, ScalarType, ServerResult,
    Value,
    parser::types::{Field, SelectionSet},
    registry::Registry,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::value::RawValue;

use super::plain::{Write, Writer};
use crate::domain::Timestamp;
use crate::domain::tags::Tags;
use crate::graphql::json;
use crate::graphql::limits::response_size;

/// A point in time in a response.
pub struct Time(pub Timestamp);

impl Time {
    fn text(&self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// A point in time in UTC, in the format of RFC 3339: `2026-11-23T09:30:00Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.with_timezone(&Utc)))
            .map_err(|_| InputValueError::custom("a time is written like 2026-11-23T09:30:00Z (RFC 3339)"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.text())
    }
}

impl Write for Time {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        writer.text(&self.text());
        Some(())
    }
}

/// Tags in an input. Any object is accepted here; the mutation validates it, so that the error can name the field.
pub struct JsonObject(pub serde_json::Value);

/// A JSON object, such as `{"team": "platform"}`, with its keys in sorted order.
#[Scalar(name = "JSONObject", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for JsonObject {
    fn parse(value: Value) -> InputValueResult<Self> {
        let json = value.into_json().map_err(|_| InputValueError::custom("this is not JSON"))?;
        if json.is_object() { Ok(Self(json)) } else { Err(InputValueError::custom("this is not a JSON object")) }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Object(_))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// Tags in a response, of the type [`JsonObject`]. They are kept as the stored text: 16 KiB of JSON take some 500 KiB
/// once they are parsed, and the response needs only the text. It is a [`Value::Binary`], which no other field of the
/// schema uses, and is written unchanged.
pub struct TagsText(Value);

impl From<Tags> for TagsText {
    fn from(tags: Tags) -> Self {
        let text = tags.into_text();
        // The server never stores other text; it would make the response unreadable.
        let is_json = serde_json::from_str::<&RawValue>(&text).is_ok();
        Self(if is_json { Value::Binary(text.into_bytes().into()) } else { Value::Null })
    }
}

impl Default for TagsText {
    fn default() -> Self {
        Tags::default().into()
    }
}

impl Write for &TagsText {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        writer.size += response_size::of_value(&self.0);
        json::write(&self.0, &mut writer.json);
        Some(())
    }
}

impl Write for TagsText {
    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        (&self).write(selected, writer)
    }
}

impl Write for Arc<TagsText> {
    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        (&*self).write(selected, writer)
    }
}

impl OutputType for TagsText {
    fn type_name() -> Cow<'static, str> {
        <JsonObject as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <JsonObject as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_json_is_written_unchanged() {
        let written = |text: &str| {
            let mut written = Vec::new();
            json::write(&TagsText::from(Tags::from_stored(text.to_owned())).0, &mut written);
            String::from_utf8(written).unwrap()
        };
        let json = r#"{"a":12345678901234567890123,"b":[1.50]}"#;
        assert_eq!(written(json), json);
        for wrong in ["", "{", "{} {}", "x"] {
            assert_eq!(written(wrong), "null", "{wrong}");
        }
    }
}
