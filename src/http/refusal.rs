//! Requests that are refused before execution, and the errors of the endpoint itself.

use async_graphql::ServerError;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};

use serde_json::{Map, Value, json};

use super::{RequestId, negotiation::Media};
use crate::graphql::error::Code;

/// Why a request was not executed. The text is sent to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("There is nothing at this address; the API is at /graphql")]
    NotFound,
    #[error("{}", crate::graphql::limits::SCHEMA_HIDDEN)]
    SchemaHidden,
    #[error("This address does not take that method; the header `Allow` lists those that it takes")]
    MethodNotAllowed,
    #[error("Answers come as application/graphql-response+json or application/json; name one of them in `Accept`")]
    NotAcceptable,
    #[error("Send the request as JSON in UTF-8, not compressed, with `Content-Type: application/json`")]
    UnsupportedMediaType,
    #[error("The body is larger than {0} bytes; send less")]
    BodyTooLarge(usize),
    /// The body exceeds a limit of the API.
    #[error("{}", .0.message)]
    TooMuch(Box<Limited>),
    /// The requests of a batch together exceed a limit.
    #[error("{}", .0.message)]
    TooMuchTogether(Box<Limited>),
    #[error("The body did not arrive in time; send it again, faster")]
    BodyTooSlow,
    #[error("The body broke off; send it again")]
    BodyBroken,
    /// The parameters violate the specification; the text says which, and what is accepted.
    #[error("{0}")]
    Malformed(String),
    #[error("Cookie sessions are switched off here; leave `X-UserProfile-Session` out and keep the tokens yourself")]
    CookiesOff,
    #[error("`X-UserProfile-Session` has one value, `cookie`, and may be left out; send no other")]
    UnknownSession,
    #[error("Pages of {0} may not use this API; its operator can allow them in USERPROFILE_CORS_ORIGINS")]
    ForeignOrigin(String),
    #[error("Batches are switched off; send one request at a time")]
    BatchesOff,
    #[error("A batch holds at most {allowed} requests; send them in several")]
    BatchTooLong { allowed: usize, asked: usize },
    #[error("This is a demo, for its own machine only: open it as http://localhost or http://127.0.0.1")]
    NotThisMachine,
    #[error("This connection holds too many responses that were not read; read them, then send the request again")]
    TooMuchUnread,
    #[error(
        "The operation was executed, but its response was dropped: this connection holds too many responses that were \
         not read; read them before you send more requests"
    )]
    ResponseDropped,
    #[error("The operation was executed, but its response is larger than {allowed} bytes; select less")]
    ResponseTooLarge { allowed: usize, asked: usize },
    #[error("The answer took too long; the operation may still be carried out, so look before you repeat it")]
    TimedOut,
    #[error("{}", crate::graphql::error::MASKED)]
    Failed,
}

/// The API's error about an exceeded limit.
#[derive(Debug)]
pub(super) struct Limited {
    message: String,
    /// Which limit, its value, and the requested value.
    about: Map<String, Value>,
}

impl From<ServerError> for Limited {
    fn from(error: ServerError) -> Self {
        let about = match serde_json::to_value(&error.extensions) {
            Ok(Value::Object(about)) => about,
            _ => Map::new(),
        };
        Self { message: error.message, about }
    }
}

impl Refusal {
    pub(super) fn too_much(error: ServerError) -> Self {
        Self::TooMuch(Box::new(error.into()))
    }

    pub(super) fn too_much_together(error: ServerError) -> Self {
        Self::TooMuchTogether(Box::new(error.into()))
    }

    /// The entries of `extensions` besides the code: for a limit, its name, its value, and the requested value if it is
    /// known.
    fn about(&self) -> Map<String, Value> {
        let limit = |name: &str, allowed: usize| {
            Map::from_iter([("limit".to_owned(), name.into()), ("allowed".to_owned(), allowed.into())])
        };
        let asked_of = |mut about: Map<String, Value>, asked: usize| {
            about.insert("asked".to_owned(), asked.into());
            about
        };
        match self {
            Self::TooMuch(limited) | Self::TooMuchTogether(limited) => limited.about.clone(),
            Self::BodyTooLarge(allowed) => limit("bodyBytes", *allowed),
            Self::BatchTooLong { allowed, asked } => asked_of(limit("batchSize", *allowed), *asked),
            Self::ResponseTooLarge { allowed, asked } => asked_of(limit("responseBytes", *allowed), *asked),
            _ => Map::new(),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::SchemaHidden => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge(_) | Self::TooMuch(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ForeignOrigin(_) | Self::NotThisMachine => StatusCode::FORBIDDEN,
            // The operation ran; whether its lost response contained errors is unknown.
            Self::ResponseTooLarge { .. } => StatusCode::OK,
            Self::BodyBroken
            | Self::Malformed(_)
            | Self::CookiesOff
            | Self::UnknownSession
            | Self::BatchesOff
            | Self::TooMuchTogether(_)
            | Self::BatchTooLong { .. } => StatusCode::BAD_REQUEST,
            Self::TimedOut | Self::TooMuchUnread | Self::ResponseDropped => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The value of `extensions.code`.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::BodyTooLarge(_)
            | Self::TooMuch(_)
            | Self::TooMuchTogether(_)
            | Self::BatchTooLong { .. }
            | Self::ResponseTooLarge { .. } => Code::LimitExceeded,
            Self::ForeignOrigin(_) | Self::NotThisMachine => Code::Forbidden,
            Self::TimedOut | Self::TooMuchUnread | Self::ResponseDropped => Code::Unavailable,
            Self::Failed => Code::InternalServerError,
            _ => Code::BadUserInput,
        }
    }

    /// The response, in the form `{"errors": [{"message", "extensions": {"code", "requestId"}}]}`.
    pub(super) fn answer(&self, media: Media, request_id: &RequestId) -> Response<Body> {
        let mut extensions = self.about();
        extensions.insert("code".to_owned(), self.code().as_str().into());
        extensions.insert("requestId".to_owned(), request_id.as_str().into());
        let errors = json!([{ "message": self.to_string(), "extensions": extensions }]);
        let body = match self.status() {
            // The operation was executed (GraphQL, section 7.1).
            StatusCode::OK => json!({ "data": null, "errors": errors }),
            _ => json!({ "errors": errors }),
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media.content_type());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        response
    }
}
