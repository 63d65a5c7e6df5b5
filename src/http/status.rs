//! The status of a response to an operation.

use async_graphql::{Response, ServerError, Value};
use axum::http::StatusCode;

use super::media::Media;
use crate::graphql::error::Code;
use crate::graphql::limits::ExecutionAborted;
use crate::graphql::only_queries::NotAQuery;

/// The common status of all responses if they agree; otherwise 200, as each response contains its own errors.
pub(super) fn status_of_all(responses: &[Response], media: Media) -> StatusCode {
    let mut statuses = responses.iter().map(|response| status(response, media));
    let first = statuses.next().unwrap_or(StatusCode::OK);
    if statuses.all(|status| status == first) { first } else { StatusCode::OK }
}

/// The status of one response.
///
/// - 503 if a required service is unavailable and no field has a value;
/// - 405 for an operation that requires `POST`;
/// - 200 if the operation was executed, with errors or without;
/// - 500 if the server failed before executing anything;
/// - otherwise nothing was executed because of a client error. In `application/graphql-response+json` that is 400. In
///   `application/json` a well-formed request gets 200, because clients that accept only that form take any other
///   status for a proxy's response and do not look for `errors` in it (GraphQL over HTTP, section 6.4.1).
fn status(response: &Response, media: Media) -> StatusCode {
    let has = |code| response.errors.iter().any(|error| has_code(error, code));
    if has(Code::Unavailable) && is_empty(&response.data) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if response.errors.iter().any(|error| error.source::<NotAQuery>().is_some()) {
        StatusCode::METHOD_NOT_ALLOWED
    } else if is_executed(response) {
        StatusCode::OK
    } else if has(Code::InternalServerError) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if media == Media::GraphqlResponse {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

/// Whether execution began. The engine does not report this; but an error in a field has the field's path, and an error
/// before execution has none.
pub(super) fn is_executed(response: &Response) -> bool {
    let is_of_executing = |error: &ServerError| !error.path.is_empty() || error.source::<ExecutionAborted>().is_some();
    response.data != Value::Null || response.errors.is_empty() || response.errors.iter().any(is_of_executing)
}

/// Whether no field of the operation has a value.
fn is_empty(data: &Value) -> bool {
    match data {
        Value::Object(fields) => fields.values().all(|value| *value == Value::Null),
        data => *data == Value::Null,
    }
}

/// Whether an error has this code.
pub(super) fn has_code(error: &ServerError, code: Code) -> bool {
    let value = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    matches!(value, Some(Value::String(text)) if text == code.as_str())
}
