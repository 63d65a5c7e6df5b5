//! Converts the engine's responses into the documented form: error codes, masking, status.

use async_graphql::{PathSegment, Response, ServerError, Value};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{RequestId, etag, negotiation::Media, session::set_cookies};
use crate::graphql::{
    Executed,
    delivery::SessionChange,
    error::{Code, MASKED, coded},
    limits::ExecutionAborted,
    only_queries::NotAQuery,
};

/// The response to a [`Call`](super::request::Call).
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    /// The JSON text.
    body: Vec<u8>,
    /// Whether it contains no errors.
    is_sound: bool,
    session: Option<SessionChange>,
}

/// Who may cache a response.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caching<'a> {
    /// No cache.
    Never,
    /// The client that sent these headers, but no shared cache (RFC 9111, section 5.2.2.7), and the client must
    /// revalidate it each time (section 5.2.2.4). A response with errors is not cached.
    ByTheAsker(&'a HeaderMap),
}

impl Answer {
    /// The responses to the requests of a call, as a list if it was a batch. If several requests changed the session,
    /// the last change is used.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(super) fn new(
        executed: Vec<Executed>,
        is_batch: bool,
        media: Media,
        request_id: &RequestId,
    ) -> Result<Self, serde_json::Error> {
        let mut session = None;
        let responses = executed.into_iter().map(|one| {
            session = one.session.or_else(|| session.take());
            one.response
        });
        let mut responses: Vec<_> = responses.collect();
        for response in &mut responses {
            response.errors.iter_mut().for_each(|error| finish(error, request_id));
        }
        let written: Vec<_> = responses.iter().map(Written::from).collect();
        let mut body = match written.as_slice() {
            [single] if !is_batch => serde_json::to_vec(single),
            batch => serde_json::to_vec(batch),
        }?;
        // Up to half of a large buffer is spare capacity, which would be kept until the client has read the response.
        body.shrink_to_fit();
        let is_sound = responses.iter().all(|response| response.errors.is_empty());
        Ok(Self { status: status_of_all(&responses, media), body, is_sound, session })
    }

    /// The HTTP response.
    pub(super) fn into_response(self, media: Media, caching: Caching<'_>) -> axum::response::Response {
        let Self { status, body, is_sound, session } = self;
        let kept = match caching {
            Caching::ByTheAsker(request) if is_sound => Some((etag::of(&body), request)),
            _ => None,
        };
        let mut response = axum::response::Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, media.content_type());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((tag, request)) = kept {
            keep_by_asker(&mut response, &tag, request);
        }
        let headers = response.headers_mut();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(change) = &session {
            set_cookies(headers, change);
        }
        response
    }
}

/// Allows the client to cache the response, and sends only 304 if the client already has it.
fn keep_by_asker(response: &mut axum::response::Response, tag: &str, request: &HeaderMap) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    if etag::is_known(request, tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
}

/// A response in its JSON form: without `data` if nothing was executed (GraphQL, section 7.1).
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Json<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a std::collections::BTreeMap<String, Value>>,
}

/// A value of the response. A value that is JSON text already is written unchanged; text that is not JSON, which the
/// server never stores, becomes null.
struct Json<'a>(&'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (key.as_str(), Json(value))))
            }
            Value::List(items) => serializer.collect_seq(items.iter().map(Json)),
            Value::Binary(text) => serde_json::from_slice::<&RawValue>(text).ok().serialize(serializer),
            value => value.serialize(serializer),
        }
    }
}

impl<'a> From<&'a Response> for Written<'a> {
    fn from(response: &'a Response) -> Self {
        Self {
            data: is_executed(response).then_some(Json(&response.data)),
            errors: &response.errors,
            extensions: (!response.extensions.is_empty()).then_some(&response.extensions),
        }
    }
}

/// Adds the request id to an error, and masks an error that has no code of ours: its text was not written for clients
/// and may contain anything.
fn finish(error: &mut ServerError, request_id: &RequestId) {
    if !Code::ALL.iter().any(|code| has_code(error, *code)) {
        // Without its text: the library repeats its input, which may be a password.
        tracing::error!(path = %path(error), "an error without a code was masked");
        MASKED.clone_into(&mut error.message);
        error.source = None;
        error.extensions = Some(coded(Code::InternalServerError));
    }
    // An error that occurred before a document was parsed has no position in it (line 0, column 0).
    error.locations.retain(|location| location.line > 0);
    error.extensions.get_or_insert_default().set("requestId", request_id.as_str());
}

/// The common status of all responses if they agree; otherwise 200, as each response contains its own errors.
fn status_of_all(responses: &[Response], media: Media) -> StatusCode {
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
fn is_executed(response: &Response) -> bool {
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

fn has_code(error: &ServerError, code: Code) -> bool {
    let value = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    matches!(value, Some(Value::String(text)) if text == code.as_str())
}

fn path(error: &ServerError) -> String {
    let segments = error.path.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_place_in_a_document_has_no_locations() {
        let finished = |pos: async_graphql::Pos| {
            let mut error = ServerError::new("x", Some(pos));
            error.extensions = Some(coded(Code::Unavailable));
            finish(&mut error, &RequestId::of(&axum::http::HeaderMap::new(), || [7; 16]));
            error.locations
        };
        assert_eq!(finished(async_graphql::Pos::default()), []);
        assert_eq!(finished(async_graphql::Pos { line: 2, column: 3 }).len(), 1);
    }

    #[test]
    fn json_is_written_as_it_is_stored() {
        let written = |text: &'static str| {
            serde_json::to_string(&Json(&Value::List(vec![Value::Binary(text.as_bytes().into())]))).unwrap()
        };
        let json = r#"{"a":12345678901234567890123,"b":[1.50]}"#;
        assert_eq!(written(json), format!("[{json}]"));
        for wrong in ["", "{", "{} {}", "x"] {
            assert_eq!(written(wrong), "[null]", "{wrong}");
        }
    }
}
