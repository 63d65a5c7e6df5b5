//! The custom scalars of the schema.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputValueError, InputValueResult, OutputType, Positioned, Scalar, ScalarType, ServerResult,
    Value,
    parser::types::{Field, SelectionSet},
    registry::Registry,
};
use chrono::{DateTime, SecondsFormat, Utc};

use super::plain::{Plain, Size};
use crate::domain::Timestamp;
use crate::domain::tags::Tags;

/// A point in time in a response.
pub struct Time(pub Timestamp);

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
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Plain for Time {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(self.to_value())
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
        Self(Value::Binary(tags.into_text().into_bytes().into()))
    }
}

impl Default for TagsText {
    fn default() -> Self {
        Tags::default().into()
    }
}

impl Plain for TagsText {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(self.0)
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
