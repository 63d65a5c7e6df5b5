//! `/schema.graphql`: the schema for code generators, and `/schema.graphql?federation`: the subgraph for tools that
//! compose a supergraph.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use url::form_urlencoded;

use super::error::RequestError;
use super::etag;

/// The schema in the schema definition language.
#[derive(Debug, Clone)]
pub struct SchemaText {
    /// The schema for clients.
    pub api: String,
    /// The schema as a subgraph of Apollo Federation.
    pub subgraph: String,
}

/// The texts of the schema and their entity tags.
struct Sdl {
    api: Tagged,
    subgraph: Tagged,
}

struct Tagged {
    text: Bytes,
    etag: String,
}

impl Tagged {
    fn new(text: String) -> Self {
        Self { etag: etag::of(text.as_bytes()), text: text.into() }
    }
}

/// The route to the schema; `None` if it is not public.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(schema: Option<SchemaText>) -> Router<S> {
    let sdl = schema.map(|text| Sdl { api: Tagged::new(text.api), subgraph: Tagged::new(text.subgraph) });
    Router::new().route("/schema.graphql", routing::get(show).with_state(Arc::new(sdl)))
}

async fn show(State(sdl): State<Arc<Option<Sdl>>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(sdl) = &*sdl else {
        return RequestError::SchemaHidden.into_response();
    };
    let mut parameters = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let is_subgraph = parameters.any(|(name, _)| name == "federation");
    let Tagged { text, etag } = if is_subgraph { &sdl.subgraph } else { &sdl.api };
    let about = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, etag.as_str()),
    ];
    if etag::is_cached(&headers, etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, text.clone()).into_response()
}
