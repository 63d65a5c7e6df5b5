//! What happens to every request around its route, whatever its path.
//!
//! These are function calls and not layers of the router: a router clones and boxes all of its layers for each request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::Instrument;

use super::access::Access;
use super::connection::Phase;
use super::endpoint::{self, Endpoint};
use super::error::RequestError;
use super::request_info::RequestInfo;
use super::state::{AppState, ServerOptions};
use super::{error, loopback, public_path, router, security, vary};
use crate::metrics::Format;

/// Responds to requests.
#[derive(Clone)]
pub struct App {
    state: Arc<AppState>,
    endpoint: Endpoint,
    router: Router,
}

impl App {
    /// An app on its own, whose operations no server waits for.
    pub fn new(options: ServerOptions) -> Self {
        Self::with(options, TaskTracker::new(), Phase::default())
    }

    /// An app whose operations run as `tasks`.
    pub(super) fn with(options: ServerOptions, tasks: TaskTracker, phase: Phase) -> Self {
        let ServerOptions { api, settings, schema, mailbox, random, metrics } = options;
        let state = Arc::new(AppState::new(api, settings, random, metrics, tasks, phase));
        let router = router::routes(&state, schema, mailbox);
        Self { endpoint: Endpoint::new(Arc::clone(&state)), router, state }
    }

    /// The response. If the request carries its peer's address as a `ConnectInfo<SocketAddr>`, that address is trusted.
    pub async fn respond(&self, mut request: Request) -> Response {
        let is_head = request.method() == Method::HEAD;
        public_path::remove(&self.state.public_path, &mut request);
        let info = RequestInfo::of(&request, &self.state);
        let span = info.span();
        let metrics = &self.state.metrics.http;
        let access = Access::begin(metrics, info.clone(), span.clone(), request.method(), request.uri().path());
        let mut response = self.route(&info, request).instrument(span).await;
        error::add_body(&mut response, &info.request_id);
        if is_head {
            let body = std::mem::take(response.body_mut());
            if let Some(length) = body.size_hint().exact() {
                response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            }
        }
        info.add_to(&mut response);
        vary::join(response.headers_mut());
        security::add_headers(response.headers_mut(), self.state.settings.public_url.as_deref());
        access.observe(&mut response);
        response
    }

    /// The response on the listener for operators: the metrics, and the health checks.
    pub(super) async fn respond_to_operator(&self, request: Request) -> Response {
        match (request.method(), request.uri().path()) {
            (_, "/healthz" | "/readyz") => self.respond(request).await,
            (&Method::GET, "/metrics") => {
                let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
                let format = Format::accepted(accept.unwrap_or_default());
                let text = self.state.api.encode_metrics(format).await;
                ([(header::CONTENT_TYPE, format.media_type())], text).into_response()
            }
            (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response(),
            _ => (StatusCode::NOT_FOUND, "Here are /metrics, /healthz, and /readyz.\n").into_response(),
        }
    }

    /// The response of the route; an error if its handler panics.
    async fn route(&self, info: &RequestInfo, mut request: Request) -> Response {
        if self.state.settings.loopback_only && !loopback::is_named_by(&request) {
            return loopback::refuse(request).await;
        }
        let response = async {
            if request.uri().path() == endpoint::PATH {
                return self.endpoint.respond(info, request).await;
            }
            request.extensions_mut().insert(info.clone());
            let Ok(response) = self.router.clone().call(request).await;
            response
        };
        // The panic hook has logged the cause; its text may contain anything and is not repeated.
        let Ok(response) = AssertUnwindSafe(response).catch_unwind().await else {
            tracing::error!("the handler of a request panicked; the client gets an internal error");
            return RequestError::Internal.into_response();
        };
        response
    }
}
