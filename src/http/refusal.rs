//! What is refused before anything is executed, and the errors of the endpoint itself.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};

use super::{RequestId, negotiation::Media};

/// Why a request was not executed. The text goes to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("There is nothing at this address; the API is at /graphql")]
    NotFound,
    #[error("The schema of this server is not shown; the setting USERPROFILE_INTROSPECTION is off")]
    SchemaHidden,
    #[error("This address does not take that method; the header `Allow` lists those that it takes")]
    MethodNotAllowed,
    #[error("Answers come as application/graphql-response+json or application/json; name one of them in `Accept`")]
    NotAcceptable,
    #[error("Send the request as JSON in UTF-8, with `Content-Type: application/json`")]
    UnsupportedMediaType,
    #[error("The body is larger than {0} bytes; send less")]
    BodyTooLarge(usize),
    /// The body holds more than the API takes; the text says of what.
    #[error("{0}")]
    TooMuch(String),
    #[error("The body did not arrive in time; send it again, faster")]
    BodyTooSlow,
    #[error("The body broke off; send it again")]
    BodyBroken,
    /// The parameters are not what the specification says they are; the text says which and what would be right.
    #[error("{0}")]
    Malformed(String),
    #[error("Cookie sessions are switched off here; leave `X-UserProfile-Session` out and keep the tokens yourself")]
    CookiesOff,
    #[error("`X-UserProfile-Session` has one value, `cookie`, and may be left out; send no other")]
    UnknownSession,
    #[error("Pages of {0} may not use this API; whoever runs it can list them in USERPROFILE_CORS_ORIGINS")]
    ForeignOrigin(String),
    #[error("Batches are switched off; send one request at a time")]
    BatchesOff,
    #[error("A batch holds at most {0} requests; send them in several")]
    BatchTooLong(usize),
    #[error("The answer took too long; the operation may still be carried out, so look before you repeat it")]
    TimedOut,
    #[error("{}", super::response::MASKED)]
    Failed,
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::SchemaHidden => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge(_) | Self::TooMuch(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ForeignOrigin(_) => StatusCode::FORBIDDEN,
            Self::BodyBroken
            | Self::Malformed(_)
            | Self::CookiesOff
            | Self::UnknownSession
            | Self::BatchesOff
            | Self::BatchTooLong(_) => StatusCode::BAD_REQUEST,
            Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The value of `extensions.code`.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge(_) | Self::TooMuch(_) | Self::BatchTooLong(_) => "LIMIT_EXCEEDED",
            Self::ForeignOrigin(_) => "FORBIDDEN",
            Self::TimedOut => "UNAVAILABLE",
            Self::Failed => "INTERNAL_SERVER_ERROR",
            _ => "BAD_USER_INPUT",
        }
    }

    /// The answer, in the form `{"errors": [{"message", "extensions": {"code", "requestId"}}]}`.
    pub(super) fn answer(&self, media: Media, request_id: &RequestId) -> Response<Body> {
        let body = serde_json::json!({ "errors": [{
            "message": self.to_string(),
            "extensions": { "code": self.code(), "requestId": request_id.as_str() },
        }] });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media.content_type());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
