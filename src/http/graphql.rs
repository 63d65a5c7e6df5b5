//! `/graphql`: GraphQL over HTTP, as specified in <https://graphql.github.io/graphql-over-http/draft/>.

use std::sync::Arc;

use async_graphql::{BatchRequest, Request};
use axum::body::Body;
use axum::extract;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::timeout_at;
use tracing::Instrument;

use super::error::RequestError;
use super::media::Media;
use super::request_info::RequestInfo;
use super::response::{Caching, SerializedResponse};
use super::state::AppState;
use super::{ClientInfo, backpressure, body, negotiation, pages, request, session};
use crate::graphql::only_queries::ReadOnly;
use crate::low_priority::LongOperation;

/// The headers that a response to `GET` depends on.
const VARY: &str = "accept, authorization, cookie, x-userprofile-session";

/// `GET` and `HEAD`: a query, or GraphiQL for a browser.
pub(super) async fn get(state: &Arc<AppState>, info: &RequestInfo, request: extract::Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = match negotiation::negotiate(&parts.headers, negotiation::OF_GET) {
        Ok(Media::Html) => pages::graphiql(&parts.headers).await,
        Ok(media) => match (Call { state, info, parts: &parts, media }).query().await {
            Ok(response) => response.into_response(media, Caching::Private(&parts.headers)),
            Err(error) => error.into_response_as(media),
        },
        Err(error) => error.into_response(),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static(VARY));
    response
}

/// `POST`: any operation, or a batch of them.
pub(super) async fn post(state: &Arc<AppState>, info: &RequestInfo, request: extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let (media, checked) = match negotiation::negotiate(&parts.headers, negotiation::OF_POST) {
        Ok(media) => (media, negotiation::check_content_type(&parts.headers)),
        Err(error) => (Media::Json, Err(error)),
    };
    if let Err(error) = checked {
        body::discard(body, &parts.headers).await;
        return error.into_response_as(media);
    }
    match (Call { state, info, parts: &parts, media }).operation(body).await {
        Ok(response) => response.into_response(media, Caching::NoStore),
        Err(error) => error.into_response_as(media),
    }
}

/// A call of the endpoint, whose response has this media type.
struct Call<'a> {
    state: &'a Arc<AppState>,
    info: &'a RequestInfo,
    parts: &'a Parts,
    media: Media,
}

impl Call<'_> {
    async fn query(&self) -> Result<SerializedResponse, RequestError> {
        let request = request::from_query_string(self.parts.uri.query())?.data(ReadOnly);
        self.execute(vec![request], false).await
    }

    async fn operation(&self, body: Body) -> Result<SerializedResponse, RequestError> {
        let Self { state, info, parts, .. } = self;
        let bytes = body::read(body, &parts.headers, state.settings.body_limit, info.deadline).await?;
        state.api.check_body(&bytes).map_err(|error| RequestError::LimitExceeded(Box::new(error)))?;
        let batch = request::from_body(&bytes, state.settings.batch_size)?;
        drop(bytes);
        backpressure::reserve(parts, info.deadline).await?;
        match batch {
            BatchRequest::Single(request) => self.execute(vec![request], false).await,
            BatchRequest::Batch(requests) => self.execute(requests, true).await,
        }
    }

    /// Executes in a task of its own, which runs to its end even if the client disconnects or the request times out: an
    /// operation that is dropped half-way would leave a transaction behind.
    async fn execute(&self, requests: Vec<Request>, is_batch: bool) -> Result<SerializedResponse, RequestError> {
        let Self { state, info, parts, media } = *self;
        let prepared = state.api.prepare(requests);
        let mut prepared = prepared.map_err(|error| RequestError::BatchLimitExceeded(Box::new(error)))?;
        let long = LongOperation::default();
        for request in prepared.iter_mut().flatten() {
            request.data.insert(long.clone());
        }
        let credentials = session::credentials(&parts.headers, state.settings.takes_cookies)?;
        let client = ClientInfo::new(&parts.headers, credentials, info.client_address, info.request_id.clone());
        let operation = {
            let (state, request_id) = (Arc::clone(state), info.request_id.clone());
            async move {
                let mut executed = Vec::with_capacity(prepared.len());
                for request in prepared {
                    executed.push(state.api.execute(request, client.clone()).await);
                }
                SerializedResponse::new(executed, is_batch, media, &request_id)
            }
        };
        // On the heap, because it is large and moved several times.
        let operation = operation.in_current_span().boxed();
        let low_priority = state.low_priority.clone();
        let task = state.tasks.spawn(async move { low_priority.continue_if_long(&long, operation).await });
        match timeout_at(info.deadline, task).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(error))) => {
                tracing::error!(%error, "the response cannot be serialized as JSON; the client gets an internal error");
                Err(RequestError::Internal)
            }
            // The panic hook has logged the cause; its text may contain anything and is not repeated.
            Ok(Err(_)) => {
                tracing::error!("the operation panicked; the client gets an internal error");
                Err(RequestError::Internal)
            }
            Err(_) => {
                tracing::warn!(
                    "the operation takes longer than USERPROFILE_REQUEST_TIMEOUT; it continues without a client"
                );
                Err(RequestError::TimedOut)
            }
        }
    }
}
