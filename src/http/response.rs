//! Converts the engine's responses into the documented form: error codes, masking, headers.

use async_graphql::{PathSegment, Response, ServerError};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::media::Media;
use super::session::set_cookies;
use super::status::{has_code, is_executed, status_of_all};
use super::{RequestId, etag};
use crate::graphql::Executed;
use crate::graphql::credentials::SessionChange;
use crate::graphql::error::{Code, MASKED, coded};
use crate::graphql::facts::OperationFacts;
use crate::graphql::json;

/// The number of unused bytes of a response that are not worth a copy.
const MAX_SPARE: usize = 64 * 1024;

/// The response to a request or a batch, in JSON.
#[derive(Debug)]
pub(super) struct SerializedResponse {
    status: StatusCode,
    body: Vec<u8>,
    has_errors: bool,
    session: Option<SessionChange>,
    facts: OperationFacts,
}

/// Who may cache a response.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caching<'a> {
    /// Nobody.
    NoStore,
    /// The client that sent these headers, but no shared cache (RFC 9111, section 5.2.2.7), and the client must
    /// revalidate it each time (section 5.2.2.4). A response with errors is not cached.
    Private(&'a HeaderMap),
}

impl SerializedResponse {
    /// The responses to the requests of a call, as a list if it was a batch. If several requests changed the session,
    /// the last change is used.
    pub(super) fn new(
        executed: Vec<Executed>,
        is_batch: bool,
        media: Media,
        request_id: &RequestId,
    ) -> Result<Self, serde_json::Error> {
        let (mut session, mut facts) = (None, OperationFacts::default());
        let mut responses = Vec::with_capacity(executed.len());
        for mut one in executed {
            one.response.errors.iter_mut().for_each(|error| complete_error(error, request_id));
            session = one.session.or(session);
            // Of a batch, the first request that names a caller: all of them have the same.
            if facts.caller.is_none() {
                facts = one.facts;
            }
            responses.push(one.response);
        }
        let mut body = Vec::new();
        if is_batch {
            body.push(b'[');
        }
        for (index, response) in responses.iter().enumerate() {
            json::separate(index, &mut body);
            write(response, &mut body)?;
        }
        if is_batch {
            body.push(b']');
        }
        // Up to half of a large buffer is spare capacity, which would be kept until the client has read the response. To
        // shrink it would be no use: the allocator keeps a block of which half is used.
        if body.capacity() - body.len() > MAX_SPARE {
            body = body.as_slice().to_vec();
        }
        let has_errors = responses.iter().any(|response| !response.errors.is_empty());
        Ok(Self { status: status_of_all(&responses, media), body, has_errors, session, facts })
    }

    /// The HTTP response.
    pub(super) fn into_response(self, media: Media, caching: Caching<'_>) -> axum::response::Response {
        let Self { status, body, has_errors, session, facts } = self;
        let cache = match caching {
            Caching::Private(request) if !has_errors => Some((etag::of(&body), request)),
            _ => None,
        };
        let mut response = axum::response::Response::new(Body::from(body));
        *response.status_mut() = status;
        response.extensions_mut().insert(facts);
        response.headers_mut().insert(header::CONTENT_TYPE, media.content_type());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((tag, request)) = cache {
            allow_private_cache(&mut response, &tag, request);
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
fn allow_private_cache(response: &mut axum::response::Response, tag: &str, request: &HeaderMap) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    if etag::is_cached(request, tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
}

/// Appends a response to `body`: without `data` if nothing was executed (GraphQL, section 7.1).
fn write(response: &Response, body: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    body.push(b'{');
    let start = body.len();
    let key = |name: &str, body: &mut Vec<u8>| {
        json::separate(body.len() - start, body);
        body.extend_from_slice(name.as_bytes());
    };
    if is_executed(response) {
        key("\"data\":", body);
        json::write(&response.data, body);
    }
    if !response.errors.is_empty() {
        key("\"errors\":", body);
        serde_json::to_writer(&mut *body, &response.errors)?;
    }
    if !response.extensions.is_empty() {
        key("\"extensions\":", body);
        serde_json::to_writer(&mut *body, &response.extensions)?;
    }
    body.push(b'}');
    Ok(())
}

/// Adds the request id to an error, and masks an error that has no code of ours: its text was not written for clients
/// and may contain anything.
fn complete_error(error: &mut ServerError, request_id: &RequestId) {
    if !Code::ALL.iter().any(|code| has_code(error, *code)) {
        // Without its text: the library repeats its input, which may be a password.
        tracing::error!(path = %path(error), "masked an error that has none of the documented codes");
        MASKED.clone_into(&mut error.message);
        error.source = None;
        error.extensions = Some(coded(Code::InternalServerError));
    }
    // An error that occurred before a document was parsed has no position in it (line 0, column 0).
    error.locations.retain(|location| location.line > 0);
    error.extensions.get_or_insert_default().set("requestId", request_id.as_str());
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
    fn an_error_without_a_position_has_no_locations() {
        let locations = |pos: async_graphql::Pos| {
            let mut error = ServerError::new("x", Some(pos));
            error.extensions = Some(coded(Code::Unavailable));
            complete_error(&mut error, &RequestId::of(&axum::http::HeaderMap::new(), || [7; 16]));
            error.locations
        };
        assert_eq!(locations(async_graphql::Pos::default()), []);
        assert_eq!(locations(async_graphql::Pos { line: 2, column: 3 }).len(), 1);
    }
}
