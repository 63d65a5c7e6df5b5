//! The errors of the endpoint itself: requests that it refuses before execution, and responses that it cannot send.

use std::sync::Arc;

use async_graphql::ServerError;
use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::RequestId;
use super::media::Media;
use crate::graphql::error::Code;

/// Why a request was not executed, or has no response. The text is sent to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// It contains the address of the API.
    #[error("There is nothing at this address; the API is at {0}")]
    NotFound(String),
    #[error("{}", crate::graphql::limits::SCHEMA_HIDDEN)]
    SchemaHidden,
    #[error("The method is not allowed at this address; the response header `Allow` lists the allowed methods")]
    MethodNotAllowed,
    #[error(
        "`Accept` excludes both available media types; accept application/graphql-response+json or application/json"
    )]
    NotAcceptable,
    #[error("The body must be uncompressed JSON in UTF-8, with the header `Content-Type: application/json`")]
    UnsupportedMediaType,
    #[error("The body is larger than {0} bytes; send a smaller one")]
    BodyTooLarge(usize),
    /// The body exceeds a limit of the API.
    #[error("{}", .0.message)]
    LimitExceeded(Box<ServerError>),
    /// The requests of a batch together exceed a limit.
    #[error("{}", .0.message)]
    BatchLimitExceeded(Box<ServerError>),
    #[error("The body did not arrive in time; send the request again")]
    BodyTooSlow,
    #[error("The body ended early or is malformed; send the request again")]
    BodyBroken,
    /// The parameters violate the specification; the text says which, and what is accepted.
    #[error("{0}")]
    Malformed(String),
    #[error(
        "Cookie sessions are disabled on this server; omit the header `X-UserProfile-Session` and send the access \
         token in the header `Authorization`"
    )]
    CookiesDisabled,
    #[error("The header `X-UserProfile-Session` is invalid; its only value is `cookie`, and it may be omitted")]
    InvalidSessionHeader,
    #[error("{}", describe_origin(.0))]
    OriginNotAllowed(String),
    #[error("Batches are disabled on this server; send one request at a time")]
    BatchesDisabled,
    #[error("A batch may contain at most {allowed} requests; send several batches")]
    BatchTooLong { allowed: usize, asked: usize },
    #[error("This demo accepts requests from its own machine only; open it as http://localhost or http://127.0.0.1")]
    HostNotAllowed,
    #[error("This connection has too many unread responses; read them, then send the request again")]
    TooMuchUnread,
    #[error(
        "The operation was executed, but its response was dropped, because this connection has too many unread \
         responses; read them before you send more requests"
    )]
    ResponseDropped,
    #[error("The operation was executed, but its response is larger than {allowed} bytes; select fewer fields")]
    ResponseTooLarge { allowed: usize, asked: usize },
    #[error("The request timed out; the operation may still complete, so check its effect before you repeat it")]
    TimedOut,
    #[error("{}", crate::graphql::error::MASKED)]
    Internal,
}

/// Browsers send `null` as the origin of pages that have none; it cannot be listed, since every such page shares it.
fn describe_origin(origin: &str) -> String {
    match origin {
        "null" => {
            "Pages with `Origin: null`, such as local files and sandboxed frames, cannot use this API; serve the \
                   page from an address that USERPROFILE_CORS_ORIGINS can list"
                .to_owned()
        }
        origin => format!(
            "The origin {origin} is not allowed to use this API; the operator of the server can add it to \
             USERPROFILE_CORS_ORIGINS"
        ),
    }
}

impl RequestError {
    /// The status, and the value of `extensions.code`.
    fn status_and_code(&self) -> (StatusCode, Code) {
        match self {
            Self::BodyBroken
            | Self::Malformed(_)
            | Self::CookiesDisabled
            | Self::InvalidSessionHeader
            | Self::BatchesDisabled => (StatusCode::BAD_REQUEST, Code::BadUserInput),
            Self::NotFound(_) | Self::SchemaHidden => (StatusCode::NOT_FOUND, Code::BadUserInput),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, Code::BadUserInput),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, Code::BadUserInput),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadUserInput),
            Self::OriginNotAllowed(_) | Self::HostNotAllowed => (StatusCode::FORBIDDEN, Code::Forbidden),
            Self::BodyTooLarge(_) | Self::LimitExceeded(_) => (StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded),
            Self::BatchLimitExceeded(_) | Self::BatchTooLong { .. } => (StatusCode::BAD_REQUEST, Code::LimitExceeded),
            // The operation ran; whether its lost response contained errors is unknown.
            Self::ResponseTooLarge { .. } => (StatusCode::OK, Code::LimitExceeded),
            Self::TimedOut | Self::TooMuchUnread | Self::ResponseDropped => {
                (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable)
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, Code::InternalServerError),
        }
    }

    /// The entries of `extensions` that describe an exceeded limit.
    fn limit(&self) -> Option<Map<String, Value>> {
        let limit = match self {
            Self::LimitExceeded(error) | Self::BatchLimitExceeded(error) => {
                serde_json::to_value(&error.extensions).ok()?
            }
            Self::BodyTooLarge(allowed) => json!({ "limit": "bodyBytes", "allowed": allowed }),
            Self::BatchTooLong { allowed, asked } => {
                json!({ "limit": "batchSize", "allowed": allowed, "asked": asked })
            }
            Self::ResponseTooLarge { allowed, asked } => {
                json!({ "limit": "responseBytes", "allowed": allowed, "asked": asked })
            }
            _ => return None,
        };
        if let Value::Object(limit) = limit { Some(limit) } else { None }
    }

    /// The body, in the form `{"errors": [{"message", "extensions": {"code", "requestId"}}]}`.
    fn body(&self, request_id: &RequestId) -> String {
        let (status, code) = self.status_and_code();
        let mut extensions = self.limit().unwrap_or_default();
        extensions.insert("code".to_owned(), code.as_str().into());
        extensions.insert("requestId".to_owned(), request_id.as_str().into());
        let errors = json!([{ "message": self.to_string(), "extensions": extensions }]);
        match status {
            // The operation was executed (GraphQL, section 7.1).
            StatusCode::OK => json!({ "data": null, "errors": errors }).to_string(),
            _ => json!({ "errors": errors }).to_string(),
        }
    }

    /// The response with this media type, in which [`add_body`] fills in the body.
    pub(super) fn into_response_as(self, media: Media) -> Response {
        let headers = [
            (header::CONTENT_TYPE, media.content_type()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::VARY, HeaderValue::from_static("accept")),
        ];
        (self.status_and_code().0, headers, Extension(Arc::new(self))).into_response()
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        self.into_response_as(Media::Json)
    }
}

/// Fills in the body of a response that is a [`RequestError`]: it contains the id of the request, which the place where
/// the error occurs need not know.
pub(super) fn add_body(response: &mut Response, request_id: &RequestId) {
    if let Some(error) = response.extensions_mut().remove::<Arc<RequestError>>() {
        let body = error.body(request_id);
        // The router has added the length of the empty body.
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(body);
    }
}
