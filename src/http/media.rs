//! The media types of responses.

use axum::http::HeaderValue;

/// The media types of responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`, in which the status shows whether the operation was executed.
    GraphqlResponse,
    /// `application/json`, in which every well-formed request gets status 200.
    Json,
    /// A page, for browsers.
    Html,
}

impl Media {
    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        })
    }

    /// The type, and type and subtype.
    pub(super) const fn essence(self) -> (&'static str, &'static str) {
        match self {
            Self::GraphqlResponse => ("application", "application/graphql-response+json"),
            Self::Json => ("application", "application/json"),
            Self::Html => ("text", "text/html"),
        }
    }

    /// Which of two equally named types is chosen: the more informative one. HTML has the lowest precedence, because a
    /// client that also accepts a form of JSON does not want the page.
    pub(super) const fn precedence(self) -> u8 {
        match self {
            Self::GraphqlResponse => 2,
            Self::Json => 1,
            Self::Html => 0,
        }
    }
}
