//! `/schema.graphql`: the schema for code generators, and `/schema.graphql?federation`: the subgraph for tools that
//! compose a supergraph.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use url::form_urlencoded;

use super::error::RequestError;
use super::etag;

/// The schema in the schema definition language.
#[derive(Debug, Clone, Copy)]
pub struct SchemaText {
    /// The schema for clients.
    pub api: fn() -> &'static str,
    /// The schema as a subgraph of Apollo Federation.
    pub subgraph: fn() -> &'static str,
}

/// The route to the schema; `None` if it is not public.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(schema: Option<SchemaText>) -> Router<S> {
    Router::new().route("/schema.graphql", routing::get(show).with_state(schema))
}

async fn show(State(schema): State<Option<SchemaText>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(SchemaText { api, subgraph }) = schema else {
        return RequestError::SchemaHidden.into_response();
    };
    let mut parameters = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let is_subgraph = parameters.any(|(name, _)| name == "federation");
    let text = if is_subgraph { subgraph() } else { api() };
    let etag = etag::of(text.as_bytes());
    let about = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, etag.as_str()),
    ];
    if etag::is_cached(&headers, &etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, text).into_response()
}
