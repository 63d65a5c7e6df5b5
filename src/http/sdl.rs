//! `/schema.graphql`: the schema for code generators, and `/schema.graphql?federation`: the subgraph for tools that
//! compose a supergraph.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use url::form_urlencoded;

use super::{Execute, etag, exchange::Exchange, negotiation::Media, refusal::Refusal, router::Shared};

/// The schema in the schema definition language.
#[derive(Debug, Clone)]
pub struct SchemaText {
    /// The schema for clients.
    pub api: String,
    /// The schema as a subgraph of Apollo Federation.
    pub subgraph: String,
}

/// The texts of the schema and their entity tags.
pub(super) struct Sdl {
    api: Tagged,
    subgraph: Tagged,
}

struct Tagged {
    text: Bytes,
    etag: String,
}

impl Sdl {
    pub(super) fn new(SchemaText { api, subgraph }: SchemaText) -> Self {
        Self { api: Tagged::new(api), subgraph: Tagged::new(subgraph) }
    }
}

impl Tagged {
    fn new(text: String) -> Self {
        Self { etag: etag::of(text.as_bytes()), text: text.into() }
    }
}

pub(super) async fn schema<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    Extension(exchange): Extension<Exchange>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(sdl) = &shared.sdl else {
        return Refusal::SchemaHidden.answer(Media::Json, &exchange.request_id);
    };
    let mut parameters = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let is_subgraph = parameters.any(|(name, _)| name == "federation");
    let Tagged { text, etag } = if is_subgraph { &sdl.subgraph } else { &sdl.api };
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
