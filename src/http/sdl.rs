//! `/schema.graphql`: the schema for tools that make code from it.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Execute, etag, router::Shared};

/// The text of the schema and its tag.
pub(super) struct Sdl {
    text: Bytes,
    etag: String,
}

impl Sdl {
    pub(super) fn new(text: String) -> Self {
        Self { etag: etag::of(text.as_bytes()), text: text.into() }
    }
}

pub(super) async fn schema<A: Execute>(State(shared): State<Arc<Shared<A>>>, headers: HeaderMap) -> Response {
    let Sdl { text, etag } = &shared.sdl;
    let about = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, etag.as_str()),
    ];
    if etag::is_known(&headers, etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, text.clone()).into_response()
}
