//! Scalars beyond those of the specification.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::Timestamp;
use crate::domain::tags::Tags;

/// A point in time on its way to a client.
pub struct Time(pub Timestamp);

/// A point in time in UTC, written as RFC 3339 has it: `2026-11-23T09:30:00Z`.
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

/// Tags on their way from or to a client. What comes in may be any object: whether it is fit to be kept is for the
/// mutation to say, with the name of its field.
pub struct JsonObject(pub serde_json::Value);

impl From<&Tags> for JsonObject {
    fn from(tags: &Tags) -> Self {
        Self(tags.to_value())
    }
}

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
